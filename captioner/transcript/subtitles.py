"""Finished segments as subtitles: SRT and WebVTT.

Cues follow the usual practice for subtitles: at most two lines of 42 characters, one to seven
seconds, never two of one speaker at once. pysubs2 writes the formats.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import pysubs2

from captioner.core.hypothesis import Word
from captioner.core.segment import Segment

LINE_CHARS: Final = 42
CUE_LINES: Final = 2
MIN_CUE_MS: Final = 1_000
MAX_CUE_MS: Final = 7_000
_SHORTEST_CUE_MS: Final = 300
_DISGUISE: Final = {ord("\\"): 0xE000, ord("{"): 0xE001, ord("}"): 0xE002}
_UNMASK: Final = {disguised: plain for plain, disguised in _DISGUISE.items()}
_SENTENCE_ENDS: Final = (".", "!", "?", "…", "。", "？", "！")  # noqa: RUF001 - CJK full stops


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle.

    Attributes:
        start_ms: When it appears.
        end_ms: When it goes.
        lines: One or two lines of text.
        channel: Who speaks; empty with one source.
    """

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    channel: str = ""


def as_srt(segments: Iterable[Segment]) -> str:
    """Return finished segments as a SubRip file, the speaker in front of each cue."""
    return _document(((cue, _srt_text(cue)) for cue in cues(segments)), "srt")


def as_vtt(segments: Iterable[Segment]) -> str:
    """Return finished segments as a WebVTT file, the speaker in a voice tag."""
    return _document(((cue, _vtt_text(cue)) for cue in cues(segments)), "vtt")


class GrowingSubtitles:
    """Subtitles that are written while the talk goes on: each piece is for good.

    Since nobody knows yet what comes next, a cue may begin a little later than its words, when the
    one before it had to stay long enough to be read.
    """

    def __init__(self, form: Literal["srt", "vtt"]) -> None:
        """Begin before the first word."""
        self._form = form
        self._written = 0
        self._free_from_ms: dict[str, int] = {}

    @property
    def head(self) -> str:
        """What a file of them begins with."""
        return _document([], self._form)

    def add(self, segment: Segment) -> str:
        """Return the cues of ``segment``, which follow those so far."""
        timed = _timed(_cut(segment), self._free_from_ms.get(segment.channel, 0))
        if timed:
            self._free_from_ms[segment.channel] = timed[-1].end_ms
        text = _srt_text if self._form == "srt" else _vtt_text
        return "".join(self._numbered(cue, text(cue)) for cue in timed)

    def _numbered(self, cue: Cue, text: str) -> str:
        self._written += 1
        alone = _document([(cue, text)], self._form).removeprefix(self.head)
        _, _, rest = alone.partition("\n")  # its own number is always 1
        return f"{self._written}\n{rest.rstrip()}\n\n"


def cues(segments: Iterable[Segment]) -> list[Cue]:
    """Return the segments cut into cues, in order of time; those of one speaker do not overlap."""
    spoken: dict[str, list[Cue]] = {}
    for segment in segments:
        spoken.setdefault(segment.channel, []).extend(_cut(segment))
    timed = [cue for raw in spoken.values() for cue in _timed(raw)]
    return sorted(timed, key=lambda cue: cue.start_ms)


def _timed(raw: list[Cue], free_from_ms: int = 0) -> list[Cue]:
    """Give each cue of one speaker time to be read, as far as the next one leaves it any."""
    raw.sort(key=lambda cue: cue.start_ms)
    timed: list[Cue] = []
    for index, cue in enumerate(raw):
        start = max(cue.start_ms, free_from_ms)
        end = min(max(cue.end_ms, start + MIN_CUE_MS), start + MAX_CUE_MS)
        if index + 1 < len(raw):
            # The next one waits for it where there would be no time to read this one at all.
            end = min(end, max(raw[index + 1].start_ms, start + _SHORTEST_CUE_MS))
        timed.append(replace(cue, start_ms=start, end_ms=end))
        free_from_ms = end
    return timed


def wrap(text: str) -> list[str]:
    """Return ``text`` in lines of at most 42 characters; only a longer word exceeds that."""
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= LINE_CHARS:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _cut(segment: Segment) -> list[Cue]:
    """Cut one segment where its lines are full, where it lasts too long, and after sentences."""
    found: list[Cue] = []
    held: list[Word] = []
    for word in _timed_words(segment):
        if held and not _fits([*held, word], segment.channel):
            found.append(_cue(held, segment.channel))
            held = []
        held.append(word)
    if held:
        found.append(_cue(held, segment.channel))
    return found


def _fits(words: Sequence[Word], channel: str) -> bool:
    text = " ".join(word.text for word in words)
    if (
        len(wrap(_labelled(text, channel))) > CUE_LINES
        or words[-1].end_ms - words[0].start_ms > MAX_CUE_MS
    ):
        return False
    # A new sentence begins a new cue once the old one has a line's worth of text.
    ended = words[-2].text.endswith(_SENTENCE_ENDS)
    return not (ended and len(text) - len(words[-1].text) > LINE_CHARS)


def _cue(words: Sequence[Word], channel: str) -> Cue:
    lines = wrap(" ".join(word.text for word in words))
    return Cue(words[0].start_ms, words[-1].end_ms, tuple(lines), channel)


def _labelled(text: str, channel: str) -> str:
    return f"{channel}: {text}" if channel else text


def _timed_words(segment: Segment) -> list[Word]:
    """Return the segment's words with times; spread evenly by length where none were given."""
    tokens = segment.text.split()
    if len(segment.words) == len(tokens):
        timed = [
            replace(word, text=token) for token, word in zip(tokens, segment.words, strict=True)
        ]
    else:
        timed = _spread(tokens, segment.start_ms, segment.end_ms)
    return [piece for word in timed for piece in _pieces(word)]


def _spread(tokens: Sequence[str], start_ms: int, end_ms: int) -> list[Word]:
    total = sum(len(token) for token in tokens)
    length_ms = max(end_ms - start_ms, 1)
    words: list[Word] = []
    seen = 0
    for token in tokens:
        start = start_ms + length_ms * seen // total
        seen += len(token)
        words.append(Word(token, start, start_ms + length_ms * seen // total))
    return words


def _pieces(word: Word) -> list[Word]:
    """Cut what is longer than a line: a language without spaces, an address."""
    text = word.text
    if len(text) <= LINE_CHARS:
        return [word]
    parts = [text[begin : begin + LINE_CHARS] for begin in range(0, len(text), LINE_CHARS)]
    return _spread(parts, word.start_ms, word.end_ms)


def _srt_text(cue: Cue) -> str:
    return "\n".join(wrap(_labelled(" ".join(cue.lines), cue.channel)))


def _vtt_text(cue: Cue) -> str:
    text = "\n".join(cue.lines)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<v {cue.channel}>{text}" if cue.channel else text


def _document(found: Iterable[tuple[Cue, str]], form: str) -> str:
    document = pysubs2.SSAFile()
    for cue, text in found:
        event = pysubs2.SSAEvent(start=cue.start_ms, end=cue.end_ms)
        # Braces and backslashes are commands in the library's own format. They go through it in
        # disguise, so that they stay what the speaker is heard to say.
        event.plaintext = text.translate(_DISGUISE)
        document.append(event)
    return document.to_string(form).translate(_UNMASK)
