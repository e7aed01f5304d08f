"""Where the next stream goes."""

from __future__ import annotations

from typing import Protocol

from captioner.asr.endpoint import Endpoint
from captioner.core.errors import CaptionerError


class Route(Protocol):
    """Chooses the endpoint of each stream, and learns how it went there."""

    async def next(self) -> Endpoint:
        """Return where the next stream goes; asked before each one.

        Raises:
            CaptionerError: No endpoint can be had now; its ``retryable`` says whether later.
        """
        ...

    def failed(self, endpoint: Endpoint | None, error: CaptionerError) -> bool:
        """Take in that a stream broke, or that `next` raised (then without an endpoint).

        Returns:
            True when another endpoint takes over, which is to be tried at once.
        """
        ...

    def succeeded(self, endpoint: Endpoint) -> None:
        """Take in that ``endpoint`` answered a stream."""
        ...


class OnlyRoute:
    """Always the same endpoint."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Lead to ``endpoint``."""
        self._endpoint = endpoint

    async def next(self) -> Endpoint:
        """Return the endpoint."""
        return self._endpoint

    def failed(self, endpoint: Endpoint | None, error: CaptionerError) -> bool:  # noqa: ARG002  # see Route
        """There is no other endpoint."""
        return False

    def succeeded(self, endpoint: Endpoint) -> None:
        """Nothing follows from it."""
