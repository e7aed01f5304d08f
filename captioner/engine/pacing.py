"""When a partial is worth a decode. Pure, counted in frames.

The first one comes early. From then on a decode is due when the audio since the last one has
earned it: the longer the utterance, the dearer its decode, so the share of a processor that
partials take stays the same.
"""

from __future__ import annotations

from typing import Final

from captioner.engine.sanity import seconds

_FIRST: Final = 16
_SHORTEST: Final = 10
_SHARE: Final = 0.2
_COST_S: Final = 0.02
_COST_PER_S: Final = 0.045


class PartialPace:
    """Follows one stream's open utterance."""

    def __init__(self) -> None:
        """Begin with no utterance."""
        self._start = -1
        self._due = 0
        self._read = 0

    def is_due(self, start: int, position: int) -> bool:
        """Return whether the utterance that began at ``start`` wants a partial at ``position``."""
        self._follow(start)
        return position >= self._due

    def decoded(self, start: int, position: int, audio_s: float) -> None:
        """Note that ``audio_s`` seconds of audio, up to ``position``, are to be decoded."""
        self._follow(start)
        wait_s = (_COST_S + _COST_PER_S * audio_s) / _SHARE
        self._due = position + max(_SHORTEST, round(wait_s / seconds(1)))

    def is_newest(self, start: int, position: int) -> bool:
        """Return whether a reading up to ``position`` is news, and note it.

        A pause's reading can be overtaken by that of the words after it.
        """
        self._follow(start)
        if position <= self._read:
            return False
        self._read = position
        return True

    def _follow(self, start: int) -> None:
        if start != self._start:
            self._start = self._read = start
            self._due = start + _FIRST
