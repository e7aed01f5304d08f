"""When a stream that works is left for another one."""

from __future__ import annotations

from typing import Final

from captioner.core.clock import Clock

_PATIENCE_S: Final = 15.0
"""A stream that is to be left is left in the middle of an utterance after so long."""


class Renewal:
    """What is known about the wish for another stream.

    Attributes:
        rotate_after_s: Age at which a stream is to be left; 0 for never.
    """

    def __init__(self, clock: Clock, *, rotate_after_s: float) -> None:
        """Wish for nothing.

        Args:
            clock: Time.
            rotate_after_s: Age at which a stream is to be left; 0 for never.
        """
        self._clock = clock
        self.rotate_after_s = rotate_after_s
        self._begun_at = clock.now()
        self._since: float | None = None
        self._is_urgent = False

    @property
    def age_s(self) -> float:
        """Seconds since the present stream began."""
        return self._clock.now() - self._begun_at

    def begin(self) -> None:
        """Note that a stream begins, as wished for."""
        self._begun_at = self._clock.now()
        self._since, self._is_urgent = None, False

    def ask(self, *, at_once: bool) -> None:
        """Wish for another stream, in the next pause between utterances or at once."""
        if self._since is None:
            self._since = self._clock.now()
        self._is_urgent = self._is_urgent or at_once

    def is_due(self, *, is_utterance_open: bool, replays_all: bool) -> bool:
        """Tell whether the stream is to be left now.

        Args:
            is_utterance_open: Whether words were said that no final has settled.
            replays_all: Whether the next stream would hear the whole of an open utterance.
        """
        if self.rotate_after_s and self.age_s > self.rotate_after_s:
            self.ask(at_once=False)
        if self._since is None:
            return False
        if self._is_urgent or not is_utterance_open:
            return True
        return replays_all and self._clock.now() - self._since > _PATIENCE_S
