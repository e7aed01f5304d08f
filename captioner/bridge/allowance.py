"""How much a client may send: a little at once, and a steady rate in the long run."""

from __future__ import annotations

from captioner.core.clock import Clock


class Allowance:
    """A bucket that fills by itself."""

    def __init__(self, most: float, per_s: float, *, clock: Clock) -> None:
        """Begin full.

        Args:
            most: What may be taken at once.
            per_s: What comes back each second.
            clock: Time.
        """
        self._most, self._per_s, self._clock = most, per_s, clock
        self._left = most
        self._filled_at = clock.now()

    def takes(self, amount: float) -> bool:
        """Return whether ``amount`` is there, and take it."""
        now = self._clock.now()
        self._left = min(self._most, self._left + (now - self._filled_at) * self._per_s)
        self._filled_at = now
        if amount > self._left:
            return False
        self._left -= amount
        return True
