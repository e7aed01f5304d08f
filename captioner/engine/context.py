"""The utterances right before the open one: audio that helps the model to hear it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from captioner.core.audio import SAMPLE_RATE, ms_to_samples
from captioner.engine.decoding import Passage
from captioner.engine.endpointing import PAUSE_FRAMES, Utterance
from captioner.engine.hearing import Hearing
from captioner.engine.native import FRAME
from captioner.engine.reading import key
from captioner.engine.sanity import seconds

_PRE_ROLL: Final = ms_to_samples(300)
_TAIL: Final = PAUSE_FRAMES * FRAME
_CUT_OVERLAP: Final = ms_to_samples(60)
_REACH: Final = 8 * SAMPLE_RATE + _TAIL
_FIRST_REACH: Final = ms_to_samples(3500)
_LONGEST_GAP: Final = ms_to_samples(1400)


@dataclass(frozen=True, slots=True)
class _Said:
    """An utterance whose final is out.

    Attributes:
        start: Where it begins, in samples, without pre-roll.
        end: Where its voice ends.
        keys: Its words.
    """

    start: int
    end: int
    keys: tuple[str, ...]


class Context:
    """Remembers what one stream said lately, as far as it can still help."""

    def __init__(self, hearing: Hearing) -> None:
        """Begin with nothing said."""
        self._hearing = hearing
        self._said: deque[_Said] = deque()

    def add(self, utterance: Utterance, tokens: list[str]) -> None:
        """Remember a final that has words."""
        keys = tuple(key(token) for token in tokens)
        self._said.append(_Said(utterance.start * FRAME, utterance.end * FRAME, keys))

    def whole(self, utterance: Utterance) -> Passage:
        """Return what there is to read a finished utterance from."""
        until = utterance.end * FRAME + (_CUT_OVERLAP if utterance.cut_after else _TAIL)
        return self._passage(utterance.start, until, utterance.voiced_frames, reach=_REACH)

    def part(self, start: int, position: int, voiced_frames: int, *, is_first: bool) -> Passage:
        """Return what there is to read an utterance from that has come to ``position``.

        Partials that are read with as much context as their final seldom have to be taken back.

        Args:
            start: Its first frame.
            position: The frame after the newest.
            voiced_frames: How many frames between the two hold voice.
            is_first: The utterance's first reading is in a hurry and gets less context: with 6
                seconds instead of 3.5 the first words came 0.1 s later (two clips, two cores) and
                as many were taken back; with noise fewer were, 0.15 of them instead of 0.26.
        """
        reach = _FIRST_REACH if is_first else _REACH
        return self._passage(start, position * FRAME, voiced_frames, reach=reach)

    def _passage(self, first: int, until: int, voiced_frames: int, *, reach: int) -> Passage:
        start = first * FRAME
        said: list[str] = []
        begin = start
        for earlier in reversed(self._said):
            if begin - earlier.end > _LONGEST_GAP or until - earlier.start > reach:
                break
            said[:0] = earlier.keys
            begin = earlier.start
        before = self._said[-1].end if self._said else 0
        is_cut = start == before
        alone = start - _CUT_OVERLAP if is_cut else max(start - _PRE_ROLL, before)
        return Passage(
            alone=self._hearing.audio(alone, until),
            with_context=self._hearing.audio(begin - _PRE_ROLL, until) if said else None,
            said=tuple(said),
            voiced_s=seconds(voiced_frames),
        )

    def forget(self, oldest: int) -> None:
        """Drop what cannot help an utterance that ends after ``oldest``, audio included.

        Args:
            oldest: Position in samples before which nothing waits to be read.
        """
        while self._said and oldest - self._said[0].start > _REACH:
            self._said.popleft()
        first = self._said[0].start if self._said else oldest
        self._hearing.forget_before(min(first, oldest) - _PRE_ROLL)
