"""Judges kills of the engine: whether each was recovered, and whether it cost words.

The same text is said round after round. What the engine leaves out although nothing happens are
its own errors, so the rounds around a kill are compared with all the others, word by word.
"""

from __future__ import annotations

import time
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import jiwer

from captioner.core.segment import Segment
from captioner.measure.accuracy import normalised

REACH_MS: Final = 30_000
"""How far from a kill its loss may lie in the session: so much is kept for replay."""

KILLED_PART: Final = 1 / 3
"""The part of a leg, from its begin, in which the engine is killed."""

DEFINITION: Final = (
    "A kill is recovered once another engine has captioned something that was said after it. The "
    "same text is said in every round: a word is lost by a kill if it is missing from the captions "
    f"of a round within {REACH_MS // 1000} s of a kill, and from those of no other round, nor of "
    "one that was said before in peace. Words that are there, but understood wrongly, count in the "
    "word error rate only. After the first third of a leg nothing is killed: of every length of "
    "audio that it reads for the first time the runtime keeps a plan, 38 KB, so that memory has an "
    "end only in an engine that has read them all."
)


@dataclass(slots=True)
class Kill:
    """One kill.

    Attributes:
        at_ms: How far the session was.
        starts: Engines that had been started by then.
        moment: When it was, monotonic seconds.
        recovered_s: Seconds until it was recovered; None while it is not.
    """

    at_ms: int
    starts: int
    moment: float = field(default_factory=time.monotonic)
    recovered_s: float | None = None

    def note(self, segment: Segment, starts: int) -> None:
        """Take in a final caption, and how many engines were started by now."""
        if self.recovered_s is None and starts > self.starts and segment.start_ms >= self.at_ms:
            self.recovered_s = time.monotonic() - self.moment


def in_rounds(captions: Sequence[Segment], begins_ms: Sequence[int]) -> list[str]:
    """Return what is captioned of each round: a caption is of the round in which it begins.

    Args:
        captions: Final ones, in any order.
        begins_ms: Where each round begins in the session.
    """
    texts: list[list[str]] = [[] for _ in begins_ms]
    for caption in sorted(captions, key=lambda each: each.start_ms):
        texts[max(0, bisect(begins_ms, caption.start_ms) - 1)].append(caption.text)
    return [" ".join(each) for each in texts]


def left_out(text: str, captioned: str) -> frozenset[int]:
    """Return the places of those words of a text that are missing from what is captioned of it."""
    aligned = jiwer.process_words(normalised(text), normalised(captioned)).alignments[0]
    return frozenset(
        place
        for part in aligned
        if part.type == "delete"
        for place in range(part.ref_start_idx, part.ref_end_idx)
    )


def lost(
    left: Sequence[frozenset[int]],
    begins_ms: Sequence[int],
    kills: Sequence[Kill],
    peace: frozenset[int],
) -> int:
    """Return how many words the kills lost, by `DEFINITION`.

    Args:
        left: What is left out in each round.
        begins_ms: Where each begins in the session.
        kills: Those of these rounds.
        peace: What is left out in a round of a session without a fault.
    """
    near: set[int] = set()
    for kill in kills:
        first = bisect(begins_ms, kill.at_ms - REACH_MS) - 1
        last = bisect(begins_ms, kill.at_ms + REACH_MS) - 1
        near.update(range(max(0, first), last + 1))
    usual = peace.union(*(each for number, each in enumerate(left) if number not in near))
    return sum(len(left[number] - usual) for number in near)
