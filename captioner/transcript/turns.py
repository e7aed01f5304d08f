"""Who said which words of a segment, where the recogniser tells voices of one source apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from captioner.core.hypothesis import Word
from captioner.core.segment import Segment


def turns(segment: Segment) -> Iterator[Segment]:
    """Go through what each voice said, one after the other, with its name as the channel.

    A segment without numbered voices is one turn. Where words and text do not go together, only a
    voice that said all of it has its name.
    """
    tokens = segment.text.split()
    if not any(word.speaker for word in segment.words):
        yield segment
    elif len(tokens) != len(segment.words):
        speakers = {word.speaker for word in segment.words}
        yield _named(segment, speakers.pop() if len(speakers) == 1 else 0)
    else:
        words = (
            replace(word, text=token) for token, word in zip(tokens, segment.words, strict=True)
        )
        for speaker, group in groupby(words, key=lambda word: word.speaker):
            yield _named(_part(segment, tuple(group)), speaker)


def without_speakers(segment: Segment) -> Segment:
    """Return it as if nobody knew who said it."""
    words = tuple(replace(word, speaker=0) for word in segment.words)
    return replace(segment, channel="", words=words)


def _part(segment: Segment, words: tuple[Word, ...]) -> Segment:
    text = " ".join(word.text for word in words)
    return replace(
        segment, text=text, words=words, start_ms=words[0].start_ms, end_ms=words[-1].end_ms
    )


def _named(segment: Segment, speaker: int) -> Segment:
    return replace(segment, channel=f"Speaker {speaker}") if speaker else segment
