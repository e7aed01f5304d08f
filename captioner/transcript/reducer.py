"""Turns the hypotheses of each channel into segments.

What it promises (held by property tests):

* ids rise by one with each new segment and are never reused;
* at most one segment a channel is open;
* a final is given out once and never changes;
* only a final hypothesis, or :meth:`TranscriptReducer.promote`, closes a segment.

What a segment rests on is kept as the recogniser said it, and compared as such: replacements change
what is read, not what was heard.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from captioner.core.hypothesis import Hypothesis, Word
from captioner.core.segment import Segment
from captioner.core.spelling import bare
from captioner.transcript.replacements import Reading, Replacements

_MS_PER_WORD_GUESS: Final = 350
"""Average length of a spoken English word; places a partial whose words carry no times."""

_NONE: Final = Replacements()
_NOTHING: Final = Reading()

_SAME_UTTERANCE: Final = 0.6
"""Share of leading words that must agree for a hypothesis to continue a promoted one."""


@dataclass(slots=True)
class _Channel:
    open: Segment | None = None
    reading: Reading = _NOTHING
    committed_ms: int = 0
    promoted: tuple[str, ...] = ()


class TranscriptReducer:
    """The one place where segments are made."""

    def __init__(self) -> None:
        """Begin an empty transcript."""
        self._next_id = 0
        self._channels: dict[str, _Channel] = {}

    def open_segment(self, channel: str = "") -> Segment | None:
        """Return the segment of ``channel`` that may still change, if there is one."""
        state = self._channels.get(channel)
        return state.open if state else None

    def committed_ms(self, channel: str = "") -> int:
        """Return where the last final of ``channel`` ends, in milliseconds of the session."""
        state = self._channels.get(channel)
        return state.committed_ms if state else 0

    def reading(self, channel: str = "") -> Reading:
        """Return what the newest segment of ``channel`` rests on."""
        state = self._channels.get(channel)
        return state.reading if state else _NOTHING

    def apply(
        self,
        hypothesis: Hypothesis,
        channel: str = "",
        *,
        processing_ms: float = 0.0,
        replacements: Replacements = _NONE,
    ) -> Segment | None:
        """Take in what the recogniser says now.

        Args:
            hypothesis: Replaces the text of the open segment, or opens one.
            channel: Whose speech it is.
            processing_ms: From the newest audio behind the hypothesis to now.
            replacements: How it is to be written.

        Returns:
            The segment as it is now, or None when nothing changed for a reader.
        """
        state = self._channels.setdefault(channel, _Channel())
        heard, words = _beyond(state.promoted, hypothesis)
        reading, words = replacements.read(heard), replacements.words(words)
        text = reading.text
        if hypothesis.is_final:
            # Not at a partial that reads like another utterance: a later one may go on with it.
            state.promoted = ()
        old = state.open
        if not text and (old is None or not hypothesis.is_final):
            return None
        state.reading = reading
        if old is not None and not hypothesis.is_final and text == old.text:
            return None
        start_ms, end_ms = _extent(text, words, hypothesis, old, state.committed_ms)
        segment = Segment(
            id=self._take_id() if old is None else old.id,
            text=text,
            is_final=hypothesis.is_final,
            start_ms=start_ms,
            end_ms=end_ms,
            revision=0 if old is None else old.revision + 1,
            channel=channel,
            confidence=hypothesis.confidence,
            words=words,
            processing_ms=processing_ms,
        )
        self._settle(state, segment)
        return segment

    def promote(self, channel: str = "") -> Segment | None:
        """Close the open segment of ``channel`` with the text it has.

        For a final that never came: a long quiet, a stop, a lost server. Should the recogniser go
        on with the same utterance afterwards, only what is new becomes another segment.
        """
        state = self._channels.get(channel)
        if state is None or state.open is None:
            return None
        segment = replace(
            state.open, is_final=True, promoted=True, revision=state.open.revision + 1
        )
        state.promoted = (*state.promoted, *_normalized(state.reading.heard))
        self._settle(state, segment)
        return segment

    def new_stream(self, channel: str = "") -> None:
        """Note that the recogniser starts afresh: it will not repeat a promoted utterance."""
        state = self._channels.get(channel)
        if state is not None:
            state.promoted = ()

    def _take_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    @staticmethod
    def _settle(state: _Channel, segment: Segment) -> None:
        state.open = None if segment.is_final else segment
        if segment.is_final:
            state.committed_ms = max(state.committed_ms, segment.end_ms)


def _normalized(text: str) -> tuple[str, ...]:
    """Return the words as they are compared; a token of punctuation alone is none."""
    return tuple(word for token in text.split() if (word := bare(token)).isalnum())


def _beyond(promoted: tuple[str, ...], hypothesis: Hypothesis) -> tuple[str, tuple[Word, ...]]:
    """Return what ``hypothesis`` adds to the words already promoted from the same utterance."""
    if not promoted:
        return hypothesis.text, hypothesis.words
    tokens = hypothesis.text.split()
    # A token of punctuation alone is no word and has no counterpart among the promoted ones.
    spoken = [(index, word) for index, token in enumerate(tokens) for word in _normalized(token)]
    compared = min(len(promoted), len(spoken))
    same = sum(word == old for (_, word), old in zip(spoken, promoted, strict=False))
    if compared == 0 or same < _SAME_UTTERANCE * compared:
        return hypothesis.text, hypothesis.words
    if len(spoken) <= len(promoted):
        return "", ()
    first_new = spoken[len(promoted)][0]
    words = hypothesis.words[first_new:] if len(hypothesis.words) == len(tokens) else ()
    return " ".join(tokens[first_new:]), words


def _extent(
    text: str,
    words: tuple[Word, ...],
    hypothesis: Hypothesis,
    old: Segment | None,
    committed_ms: int,
) -> tuple[int, int]:
    """Return where the speech begins and ends, in milliseconds; estimated without word times."""
    if words:
        return words[0].start_ms, max(words[-1].end_ms, words[0].start_ms)
    heard_ms = round(hypothesis.audio_processed_s * 1000)
    if old is not None:
        return old.start_ms, max(old.end_ms, heard_ms, old.start_ms)
    spoken_ms = len(text.split()) * _MS_PER_WORD_GUESS
    start_ms = max(committed_ms, heard_ms - spoken_ms)
    return start_ms, max(heard_ms, start_ms)
