"""What a line of the log file is: a JSON object, with when, where, what, and of which caption.

``tagged`` and ``tag`` name what the lines of a task are about: session, channel, and stream. Tasks
that begin meanwhile inherit it, so that all lines on the way from a chunk of audio to a caption
have the same fields, whoever writes them.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

from captioner.core.errors import CaptionerError, error_record

_PACKAGE: Final = str(Path(__file__).parent.parent)
_MOST_PLACES: Final = 12

_tags: ContextVar[Mapping[str, object]] = ContextVar("log_tags", default=MappingProxyType({}))


@contextmanager
def tagged(**fields: object) -> Iterator[None]:
    """Put ``fields`` into each line of this task, and of tasks that begin, while this lasts."""
    token = _tags.set({**_tags.get(), **fields})
    try:
        yield
    finally:
        _tags.reset(token)


def tag(**fields: object) -> None:
    """Put ``fields`` into each line of this task, and of tasks that it begins, from now on."""
    _tags.set({**_tags.get(), **fields})


def current_tags() -> Mapping[str, object]:
    """Return what lines of this task are about, for a line that another task writes later."""
    return _tags.get()


def correlation_id() -> str:
    """Return what lines of this task are about as one word, such as ``1f0c9a2b/You/2``.

    It is session, channel where it has a name, and stream; empty outside of a session. A server
    that is told it can write it into a log of its own.
    """
    tags = _tags.get()
    if "session" not in tags:
        return ""
    return "/".join(str(tags[name]) for name in ("session", "channel", "stream") if name in tags)


def with_fields(
    known: Mapping[str, object] | None = None, /, *, file_only: bool = False, **fields: object
) -> dict[str, object]:
    """Return the ``extra`` of a line that has fields of its own, but for those of None.

    Args:
        known: Fields that are together already.
        file_only: Whether the line is not for the terminal.
        fields: More of them.
    """
    all_fields = {**(known or {}), **fields}
    there = {name: value for name, value in all_fields.items() if value is not None}
    return {"fields": there, "file_only": file_only}


class JsonLines(logging.Formatter):
    """Makes one JSON object of a record, in one line.

    ``time`` is in UTC. An exception becomes ``error``, the record that errors have everywhere; of a
    fault of ours ``at`` has the places in our code. ``traceback`` is written for debugging alone.
    """

    def __init__(self, redact: Callable[[str], str], *, verbose: bool) -> None:
        """Pass every text through ``redact``; ``verbose`` writes tracebacks."""
        super().__init__()
        self._redact = redact
        self._verbose = verbose

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {
            "time": when.replace("+00:00", "Z"),
            "level": record.levelname,
            "process": record.process,
            "logger": record.name,
            "message": record.getMessage(),
            **_tags.get(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _error(record.exc_info[1])
            if self._verbose:
                line["traceback"] = "".join(traceback.format_exception(record.exc_info[1]))
        return json.dumps(self._clean(line), ensure_ascii=False)

    def _clean(self, value: object) -> object:
        """Return ``value`` as JSON can have it, without secrets.

        Texts are cleaned before they are written as JSON, which would hide a secret with a
        quotation mark in it from the filter.
        """
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {self._redact(str(name)): self._clean(each) for name, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._clean(each) for each in value]
        return self._redact(str(value))


def _error(error: BaseException) -> dict[str, object]:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    record: dict[str, object] = dict(error_record(error))
    causes, cause = [], error.__cause__
    while cause is not None:
        causes.append(f"{type(cause).__name__}: {cause}")
        cause = cause.__cause__
    if causes:
        record["causes"] = causes
    if not isinstance(error, CaptionerError):
        frames = traceback.extract_tb(error.__traceback__)
        ours = [each for each in frames if each.filename.startswith(_PACKAGE)] or list(frames)
        record["at"] = [
            f"{each.filename.removeprefix(_PACKAGE).lstrip('/')}:{each.lineno} {each.name}"
            for each in ours[-_MOST_PLACES:]
        ]
    return record
