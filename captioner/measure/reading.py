"""Reads measurements that were written down before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from captioner.core.errors import ConfigurationError
from captioner.measure import captioned, result
from captioner.measure.captioned import Captioned
from captioner.measure.result import Measurement

_READ: Final = (result.SCHEMA, captioned.SCHEMA)
_FIX: Final = "Name a JSON file that `captioner loadtest` or `captioner bench` wrote."
_Model = TypeVar("_Model", bound=BaseModel)


def read_result(path: Path) -> Measurement | Captioned:
    """Return what was written to ``path``, by whatever measured.

    Raises:
        ConfigurationError: It cannot be read, or is no measurement.
    """
    text = _text(path)
    if _schema(path, text) == captioned.SCHEMA:
        return _validated(path, text, Captioned)
    return _validated(path, text, Measurement)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or "it is not text"
        raise ConfigurationError(f'"{path}" cannot be read: {reason}.', hint=_FIX) from error


def _validated(path: Path, text: str, model: type[_Model]) -> _Model:
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigurationError(
            f'"{path}" is a damaged measurement: {place}: {first["msg"]}.',
            hint="Measure once more; such files are not meant to be edited.",
        ) from error


def _schema(path: Path, text: str) -> str:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(f'"{path}" is not JSON.', hint=_FIX) from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema in _READ:
        return str(schema)
    for read in _READ:
        if isinstance(schema, str) and schema.startswith(read.rpartition("/")[0] + "/"):
            raise ConfigurationError(
                f'"{path}" is of the kind {schema}, and this Captioner reads {read}.',
                hint="Use the version of Captioner that wrote it.",
            )
    raise ConfigurationError(f'"{path}" is no measurement of Captioner.', hint=_FIX)
