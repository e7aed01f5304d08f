"""Where one stream ends and the next goes on: what the finals cover, and what repeats them.

A stream that follows another one hears again all that no final covers. Where the server tells the
times of words, the end of a final's last word is known, and a word that ends before it is a
repetition. Where it does not, the end is only known to lie between the partial that first had all
the words and the final. If something was loud in between, that is heard again, because a lost word
is worse, and words that repeat the end of the last final are left out by their text.

Nothing is left out of what a stream says after its first final.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from captioner.asr.loudness import LoudAudio
from captioner.core.audio import SAMPLE_RATE, ms_to_samples, samples_to_ms
from captioner.core.hypothesis import Hypothesis, Word
from captioner.core.spelling import bare

_TAIL_WORDS: Final = 24
_SHORTEST_WORD_MS: Final = 120
"""No more words than this allows are looked for in audio that is heard twice."""

_DOUBT: Final = SAMPLE_RATE
"""Longer than most words."""

_READ_LATE: Final = SAMPLE_RATE // 2
"""A word may first be read so long after it was said."""

_TORN_WORDS: Final = 1
"""A stream that begins inside a word may make another word of the rest of it."""


class Seam:
    """Finals of one channel over all its streams. Positions are samples of the session.

    Attributes:
        covered: Just after the audio that needs no stream any more.
    """

    def __init__(self, loud: LoudAudio) -> None:
        """Begin with nothing covered; ``loud`` tells where words may be."""
        self._loud = loud
        self.covered = 0
        self._heard_until = 0
        self._tail: list[str] = []
        self._is_after_seam = False
        self._partial: tuple[str, ...] = ()
        self._partial_text = ""
        self._grown_at: int | None = None
        self._repeatable: int | None = None
        self._said_before: list[str] = []
        self._replayed_from = 0
        self._heard_before = 0

    @property
    def said_until(self) -> int:
        """Just after the newest audio of which something was said, final or not."""
        return max(self.covered, self._grown_at or 0)

    def new_stream(self) -> None:
        """Say that what follows comes from another stream than what came before."""
        self._is_after_seam = True
        # What is settled later, in the new stream itself, is no repetition of what came before.
        self._said_before = self._tail
        self._replayed_from, self._heard_before = self.covered, self._heard_until
        self._partial, self._partial_text = (), ""
        self._grown_at = self._repeatable = None

    def cover(self, position: int) -> None:
        """Note that all up to ``position`` is settled, by a final or otherwise."""
        self.covered = max(self.covered, position)
        self._heard_until = max(self._heard_until, self.covered)

    def settle(self, text: str, until: int) -> None:
        """Note that ``text`` stands, whatever the recogniser may still say of it.

        Args:
            text: What was shown of an utterance that got no final.
            until: How far the recogniser was with it. A word that it was in the middle of is to be
                heard again, so the last moments before are not covered.
        """
        self._add_to_tail(text)
        self._cover_doubtfully(until - _DOUBT, until)
        self._partial, self._partial_text = (), ""
        self._grown_at = None

    def _cover_doubtfully(self, certain: int, until: int) -> None:
        """Cover up to ``until``, but for what was loud after ``certain``: it may hold words."""
        last_sound = self._loud.end_within(max(certain, self.covered), until)
        if last_sound is None:
            self.cover(until)
        else:
            self.cover(certain)
            self._heard_until = max(self.covered, last_sound)

    def take(self, hypothesis: Hypothesis) -> Hypothesis | None:
        """Return what is new in ``hypothesis``; None where all of it was said before.

        A final moves `covered`.
        """
        new = self._without_repetition(hypothesis)
        if hypothesis.is_final:
            self._close(hypothesis, "" if new is None else new.text)
        else:
            self._grow(hypothesis)
        return new

    def _without_repetition(self, hypothesis: Hypothesis) -> Hypothesis | None:
        if not self._is_after_seam or not hypothesis.text:
            return hypothesis
        if _has_times(hypothesis):
            return _without(hypothesis, self._repeated_by_time(hypothesis.words))
        return self._without_repeated_text(hypothesis)

    def _repeated_by_time(self, words: Sequence[Word]) -> int:
        """Return how many of the first words are settled.

        Those that end in what is covered are. After a caption that we made final ourselves some
        may lie in what was left in doubt: they are, where they read as its end does.
        """
        covered_ms = samples_to_ms(self._replayed_from)
        doubtful_ms = samples_to_ms(self._heard_before)
        covered = sum(word.end_ms <= covered_ms for word in words)
        doubtful = [bare(word.text) for word in words[covered:] if word.start_ms < doubtful_ms]
        return covered + _repetition(doubtful, self._said_before, len(doubtful))

    def _without_repeated_text(self, hypothesis: Hypothesis) -> Hypothesis | None:
        tokens = hypothesis.text.split()
        words = [bare(token) for token in tokens]
        tail = self._said_before
        doubtful_ms = samples_to_ms(self._heard_before - self._replayed_from)
        most = min(len(tail), doubtful_ms // _SHORTEST_WORD_MS)
        if most <= 0:
            return hypothesis
        repeatable = min(most, self._repeatable_of(len(words), _processed(hypothesis)))
        if (count := _repetition(words, tail, repeatable)) > 0:
            return _without(hypothesis, count)
        # The beginning of a repetition is held back: the rest of it is still to come.
        for begin in range(len(tail) - most, len(tail)):
            if words == tail[begin : begin + len(words)]:
                return None
        return hypothesis

    def _repeatable_of(self, count: int, processed: int) -> int:
        """Return how many of ``count`` words, read by ``processed``, may be a repetition.

        A reading that comes well after the doubtful stretch has all of its words: what is first
        read later was said later.
        """
        if self._repeatable is None:
            if processed >= self._heard_before + _READ_LATE:
                self._repeatable = count
            return count
        return min(count, self._repeatable)

    def _add_to_tail(self, text: str) -> None:
        words = [bare(token) for token in text.split()]
        self._tail = [*self._tail, *words][-_TAIL_WORDS:]

    def _grow(self, partial: Hypothesis) -> None:
        if partial.text == self._partial_text:
            return
        self._partial_text = partial.text
        words = tuple(bare(token) for token in partial.text.split())
        if words and words != self._partial:
            self._partial = words
            self._grown_at = _processed(partial)

    def _close(self, final: Hypothesis, new_text: str) -> None:
        self._is_after_seam = self._is_after_seam and not new_text
        self._add_to_tail(new_text)
        processed = _processed(final)
        if _has_times(final):
            self.cover(ms_to_samples(final.words[-1].end_ms))
            self._heard_until = self.covered
        else:
            certain = processed if self._grown_at is None else min(self._grown_at, processed)
            self._cover_doubtfully(certain, processed)
        self._partial, self._partial_text = (), ""
        self._grown_at = None


def _repetition(words: Sequence[str], tail: Sequence[str], most: int) -> int:
    """Return how many of the first words say the end of ``tail`` again, at most ``most`` of them.

    The first may be what is left of a torn word.
    """
    for torn in range(_TORN_WORDS + 1):
        spoken = words[torn:]
        for count in range(min(most, len(spoken)), 0, -1):
            if spoken[:count] == tail[len(tail) - count :]:
                return torn + count
    return 0


def _processed(hypothesis: Hypothesis) -> int:
    return ms_to_samples(hypothesis.audio_processed_s * 1000)


def _has_times(hypothesis: Hypothesis) -> bool:
    """Tell whether words carry times that can be meant: some servers send zeros."""
    return bool(hypothesis.words) and hypothesis.words[-1].end_ms > hypothesis.words[0].start_ms


def _without(hypothesis: Hypothesis, count: int) -> Hypothesis | None:
    """Return ``hypothesis`` without its first ``count`` words; None when nothing is left."""
    if count == 0:
        return hypothesis
    tokens = hypothesis.text.split()
    rest = " ".join(tokens[count:])
    if not rest:
        return None
    words: tuple[Word, ...] = hypothesis.words[count:] if hypothesis.words else ()
    left_out = len(hypothesis.text) - len(rest)
    return replace(
        hypothesis,
        text=rest,
        words=words,
        stable_chars=max(0, hypothesis.stable_chars - left_out),
    )
