"""Where utterances begin and end, from one flag a frame. Pure, counted in frames of 32 ms.

How long a pause must be to end an utterance depends on how long the utterance already is: a short
one waits for more, because the model hears short pieces badly; a long one ends at the first real
pause, because a reader waits and every decode grows. Speech without any pause is cut where it is
quietest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

ONSET_FRAMES: Final = 3
"""Frames of voice in a row that begin an utterance."""

PAUSE_FRAMES: Final = 5
"""Frames without voice after which the utterance may well be over: worth a decode ahead of time."""

_HANGOVER: Final = ((94, 14), (281, 9))
_LATE_HANGOVER: Final = 5
_LONGEST: Final = 375
_CUT_SEARCH: Final = 156
_CUT_MARGIN: Final = 12
_CUT_SMOOTHING: Final = 2


@dataclass(frozen=True, slots=True)
class Utterance:
    """A stretch of speech, in frames of the stream.

    Attributes:
        start: Its first frame.
        end: After its last frame with voice.
        voiced: One flag a frame between the two.
        cut_before: True when it begins in the middle of speech.
        cut_after: True when it ends in the middle of speech.
    """

    start: int
    end: int
    voiced: tuple[bool, ...] = field(repr=False)
    cut_before: bool = False
    cut_after: bool = False

    @property
    def voiced_frames(self) -> int:
        """How many frames hold voice."""
        return sum(self.voiced)


@dataclass(frozen=True, slots=True)
class Paused:
    """The speaker paused: ``utterance`` is over, unless speech goes on before its end is due."""

    utterance: Utterance


@dataclass(frozen=True, slots=True)
class Ended:
    """``utterance`` is over."""

    utterance: Utterance


Boundary: TypeAlias = Paused | Ended


def hangover(length: int) -> int:
    """Return how many frames without voice end an utterance of ``length`` frames."""
    for limit, frames in _HANGOVER:
        if length < limit:
            return frames
    return _LATE_HANGOVER


class Endpointer:
    """Follows one stream. Holds the flags and levels of the open utterance only.

    Attributes:
        position: Frames seen so far.
        start: First frame of the open utterance; None between utterances.
    """

    def __init__(self) -> None:
        """Begin before the first frame."""
        self.position = 0
        self.start: int | None = None
        self._run = 0
        self._last_voiced = 0
        self._cut_before = False
        self._flags: list[bool] = []
        self._levels: list[float] = []

    @property
    def silence(self) -> int:
        """Frames since the last voice of the open utterance."""
        return self.position - self._last_voiced

    def push(self, *, is_voice: bool, level: float) -> Boundary | None:
        """Take in one frame.

        Args:
            is_voice: What the detector says.
            level: How loud it is, on any scale; decides where endless speech is cut.
        """
        self.position += 1
        self._run = self._run + 1 if is_voice else 0
        if is_voice:
            self._last_voiced = self.position
        self._flags.append(is_voice)
        self._levels.append(level)
        if self.start is None:
            self._begin_on_onset()
            return None
        length = self.position - self.start
        if length >= _LONGEST:
            return Ended(self._cut())
        silence = self.silence
        if silence >= hangover(self._last_voiced - self.start):
            return Ended(self._close())
        return Paused(self._utterance(self._last_voiced)) if silence == PAUSE_FRAMES else None

    def end_now(self) -> Ended | None:
        """End the open utterance, if there is one, without waiting for a pause."""
        return None if self.start is None else Ended(self._close())

    def voiced_frames(self) -> int:
        """Return how many frames of the open utterance hold voice."""
        return sum(self._flags) if self.start is not None else 0

    def _begin_on_onset(self) -> None:
        if self._run >= ONSET_FRAMES:
            self.start = self.position - self._run
            self._cut_before = False
        kept = self._run
        del self._flags[: len(self._flags) - kept], self._levels[: len(self._levels) - kept]

    def _utterance(self, end: int, *, cut_after: bool = False) -> Utterance:
        if self.start is None:
            raise AssertionError("there is no open utterance")
        flags = tuple(self._flags[: end - self.start])
        return Utterance(self.start, end, flags, self._cut_before, cut_after)

    def _close(self) -> Utterance:
        utterance = self._utterance(self._last_voiced)
        self.start = None
        self._run = 0
        self._flags.clear()
        self._levels.clear()
        return utterance

    def _cut(self) -> Utterance:
        """End the utterance at its quietest late spot, and begin the next one there."""
        first = len(self._levels) - _CUT_SEARCH
        last = len(self._levels) - _CUT_MARGIN
        spot = min(range(first, last), key=self._level_around)
        if self.start is None:
            raise AssertionError("there is no open utterance")
        utterance = self._utterance(self.start + spot, cut_after=True)
        self.start += spot
        self._cut_before = True
        del self._flags[:spot], self._levels[:spot]
        return utterance

    def _level_around(self, index: int) -> float:
        return _mean(self._levels[index - _CUT_SMOOTHING : index + _CUT_SMOOTHING + 1])


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return sum(values) / len(values)
