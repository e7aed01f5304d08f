"""What is told of a call: its client reads a status, and the log has its lines under its id.

A client names its call as it likes. The name joins the lines of this log with those of the client;
Captioner's own has session, channel and stream in it.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import AsyncIterator
from typing import Any, Final, NoReturn, TypeAlias

import grpc

from captioner.core.errors import (
    CaptionerError,
    OverloadedError,
    RequestError,
    UnavailableError,
)
from captioner.engine.backend import Update
from captioner.telemetry.log_lines import tag, with_fields

logger = logging.getLogger(__name__)

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"

_STATUS: Final[dict[type[CaptionerError], grpc.StatusCode]] = {
    RequestError: grpc.StatusCode.INVALID_ARGUMENT,
    OverloadedError: grpc.StatusCode.RESOURCE_EXHAUSTED,
    UnavailableError: grpc.StatusCode.UNAVAILABLE,
}

_ID: Final = re.compile(r"[\w./:-]{1,64}")
"""A client's name for its call that is written; anything else might be words, or a page of them."""


def name_lines(request_id: str) -> None:
    """Put the client's name for its call into each line of this task, and of those it begins."""
    if _ID.fullmatch(request_id):
        tag(request=request_id)


def log_heard(end_ms: int) -> None:
    """Write that audio came in, which ends there in the stream; a line for debugging."""
    if logger.isEnabledFor(logging.DEBUG):
        logger.debug("Received", extra=with_fields(file_only=True, stream_ms=end_ms))


def log_answer(update: Update) -> None:
    """Write that something was said, and how far the stream was with it; for debugging."""
    if logger.isEnabledFor(logging.DEBUG):
        logger.debug(
            "Answered",
            extra=with_fields(
                file_only=True,
                stream_ms=round(1000 * update.position_s),
                is_final=any(one.is_final for one in update.hypotheses),
            ),
        )


@contextlib.asynccontextmanager
async def told(context: Context) -> AsyncIterator[None]:
    """Turn errors into statuses: the client reads the sentence, the log gets the rest."""
    try:
        yield
    except CaptionerError as error:
        status = _STATUS.get(type(error), grpc.StatusCode.INTERNAL)
        logger.info("Call refused or ended with %s: %s", status.name, error)
        await _abort(context, status, error.message)


async def _abort(context: Context, status: grpc.StatusCode, details: str) -> NoReturn:
    await context.abort(status, details)
    raise AssertionError("abort does not return")
