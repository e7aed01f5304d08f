"""What follows when a stream breaks: another try, after how long, or none."""

from __future__ import annotations

import logging
from typing import Final

from captioner.asr.diagnosis import explain
from captioner.asr.endpoint import Endpoint
from captioner.asr.route import Route, Takeover
from captioner.core.backoff import Backoff
from captioner.core.errors import CaptionerError, OverloadedError
from captioner.riva.options import RecognitionOptions

_SLOW_RETRY_S: Final = 2.0
_TOLD_TRIES: Final = 5


class Retries:
    """Counts the failed tries in a row of one recogniser.

    Attributes:
        has_connected: Whether a server has ever answered.
    """

    def __init__(
        self, route: Route, backoff: Backoff, *, max_retries: int, first_retries: int
    ) -> None:
        """Begin without a failure.

        Args:
            route: Told of failures and successes; it may know another server.
            backoff: Delays between tries.
            max_retries: Failed tries in a row before giving up; 0 tries for ever.
            first_retries: The same as long as nothing has ever worked.
        """
        self._route = route
        self._backoff = backoff
        self._max_retries = max_retries
        self._first_retries = first_retries
        self.has_connected = False

    def endure(self, backoff: Backoff, *, max_retries: int, first_retries: int) -> None:
        """Keep to other limits, as in the constructor; what failed so far still counts."""
        backoff.attempts = self._backoff.attempts
        self._backoff = backoff
        self._max_retries, self._first_retries = max_retries, first_retries

    @property
    def level(self) -> int:
        """How loudly a failed try is logged: an outage of hours does not fill the log."""
        return logging.INFO if self._backoff.attempts <= _TOLD_TRIES else logging.DEBUG

    def succeeded(self, endpoint: Endpoint) -> None:
        """Begin to count anew."""
        self._backoff.reset()
        self._route.succeeded(endpoint)

    async def explained(
        self, endpoint: Endpoint | None, error: CaptionerError, options: RecognitionOptions
    ) -> CaptionerError:
        """Return what is behind ``error``, where it is worth a look of a few seconds.

        That is where trying again does not help, or may not: nothing has ever worked.
        """
        # Its frames would keep the broken call alive, and with it the connection.
        error.__traceback__ = error.__cause__ = error.__context__ = None
        if endpoint is None or endpoint.is_embedded:
            return error
        if error.retryable and (self.has_connected or self._backoff.attempts):
            return error
        return await explain(endpoint, error, options=options.with_model(endpoint.model))

    def delay_after(self, endpoint: Endpoint | None, error: CaptionerError) -> float:
        """Return how many seconds to wait before the next try.

        Raises:
            CaptionerError: ``error``, when there is to be none.
        """
        takeover = self._route.failed(endpoint, error)
        if takeover is Takeover.AT_ONCE:
            return 0.0
        if takeover is Takeover.NONE and not error.retryable:
            raise error
        most = self._max_retries if self.has_connected else self._first_retries
        if most and self._backoff.attempts >= most:
            raise error
        delay = self._backoff.next_delay()
        return delay + _SLOW_RETRY_S if isinstance(error, OverloadedError) else delay
