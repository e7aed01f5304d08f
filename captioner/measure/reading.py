"""Reads measurements that were written down before."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from captioner.core.errors import ConfigurationError
from captioner.measure.result import SCHEMA, Measurement


def read_measurement(path: Path) -> Measurement:
    """Return what was written to ``path``.

    Raises:
        ConfigurationError: It cannot be read, or is no measurement.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or "it is not text"
        raise ConfigurationError(
            f'"{path}" cannot be read: {reason}.',
            hint="Name a JSON file that `captioner loadtest` or `captioner bench` wrote.",
        ) from error
    _require_schema(path, text)
    try:
        return Measurement.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigurationError(
            f'"{path}" is a damaged measurement: {place}: {first["msg"]}.',
            hint="Measure once more; such files are not meant to be edited.",
        ) from error


def _require_schema(path: Path, text: str) -> None:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(
            f'"{path}" is not JSON.',
            hint="Name a file that `captioner loadtest` or `captioner bench` wrote.",
        ) from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema == SCHEMA:
        return
    if isinstance(schema, str) and schema.startswith("captioner.measurement/"):
        raise ConfigurationError(
            f'"{path}" is of the kind {schema}, and this Captioner reads {SCHEMA}.',
            hint="Use the version of Captioner that wrote it.",
        )
    raise ConfigurationError(
        f'"{path}" is no measurement of Captioner.',
        hint="Name a file that `captioner loadtest` or `captioner bench` wrote.",
    )
