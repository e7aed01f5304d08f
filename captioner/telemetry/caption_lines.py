"""Lines of the log on the way of a caption to its readers: its ids and times, never its words."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from captioner.core.segment import Segment
from captioner.telemetry.log_lines import current_tags, with_fields

logger = logging.getLogger(__name__)


def caption_fields(segment: Segment) -> dict[str, object]:
    """Return what a line says of a caption, also where another task writes the line later."""
    return {
        **current_tags(),
        "segment": segment.id,
        "revision": segment.revision,
        "is_final": segment.is_final,
        "end_ms": segment.end_ms,
    }


def is_logged() -> bool:
    """Return whether there are such lines: they are for debugging."""
    return logger.isEnabledFor(logging.DEBUG)


def log_written(segment: Segment, output: str) -> None:
    """Write that a caption is where its readers are, in ``output``."""
    if is_logged():
        log_fields(caption_fields(segment), output)


def log_fields(fields: Mapping[str, object], output: str) -> None:
    """Write the same of a caption that left its ``fields`` for this moment."""
    logger.debug("Written", extra=with_fields(fields, file_only=True, output=output))
