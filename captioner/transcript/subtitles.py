"""Finished segments as subtitles: SRT and WebVTT.

Cues follow the usual practice for subtitles: at most two lines of 42 characters, one to seven
seconds, never two at once, and none before its words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from captioner.core.hypothesis import Word
from captioner.core.segment import Segment
from captioner.transcript.line_parts import characters
from captioner.transcript.plain import plain
from captioner.transcript.turns import turns

LINE_CHARS: Final = 42
CUE_LINES: Final = 2
MIN_CUE_MS: Final = 1_000
MAX_CUE_MS: Final = 7_000
_READING_MS: Final = 40
"""What a reader needs for a character."""

_SENTENCE_ENDS: Final = (".", "!", "?", "…", "。", "？", "！")  # noqa: RUF001 - CJK full stops
_SHORTEST_LINE: Final = 20
_VTT_HEAD: Final = "WEBVTT\n\n"
_VTT_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


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
    return "".join(_srt(number, cue) for number, cue in enumerate(cues(segments), start=1))


def as_vtt(segments: Iterable[Segment]) -> str:
    """Return finished segments as a WebVTT file, the speaker in a voice tag."""
    found = enumerate(cues(segments), start=1)
    return _VTT_HEAD + "".join(_vtt(number, cue) for number, cue in found)


class GrowingSubtitles:
    """Subtitles that are written while the talk goes on: each piece is for good.

    Since nobody knows yet what comes next, a cue may begin a little later than its words, when the
    one before it had to stay long enough to be read.
    """

    def __init__(self, form: Literal["srt", "vtt"]) -> None:
        """Begin before the first word."""
        self._write = _srt if form == "srt" else _vtt
        self._written = 0
        self._free_from_ms = 0
        self.head = "" if form == "srt" else _VTT_HEAD
        """What a file of them begins with."""

    def add(self, segment: Segment) -> str:
        """Return the cues of ``segment``, which follow those so far."""
        timed = _timed(_cut_all([segment]), self._free_from_ms)
        if timed:
            self._free_from_ms = timed[-1].end_ms
        first = self._written + 1
        self._written += len(timed)
        return "".join(self._write(number, cue) for number, cue in enumerate(timed, start=first))


def cues(segments: Iterable[Segment]) -> list[Cue]:
    """Return the segments cut into cues, in order of time."""
    return _timed(_cut_all(segments))


class _Draft:
    """Words of one speaker that go into one cue, and the lines that they take.

    A speaker's name takes its place on the first line, also where it is not written there.
    """

    __slots__ = ("_room", "channel", "lines", "words")

    def __init__(self, word: Word, channel: str) -> None:
        self.channel = channel
        self.words = [word]
        self.lines = [word.text]
        self._room = _room(channel) - len(word.text)

    @property
    def start_ms(self) -> int:
        return self.words[0].start_ms

    @property
    def chars(self) -> int:
        return sum(map(len, self.lines))

    def take(self, word: Word) -> bool:
        """Take ``word``, unless lines or time are full, or a sentence has filled a line."""
        is_new_line = len(word.text) >= self._room
        if is_new_line and len(self.lines) == CUE_LINES:
            return False
        if word.end_ms - self.start_ms > MAX_CUE_MS:
            return False
        # A new sentence begins a new cue once the old one has a line's worth of text.
        if self.words[-1].text.endswith(_SENTENCE_ENDS) and self.chars >= LINE_CHARS:
            return False
        self.words.append(word)
        if is_new_line:
            self.lines.append(word.text)
            self._room = LINE_CHARS - len(word.text)
        else:
            self.lines[-1] += f" {word.text}"
            self._room -= len(word.text) + 1
        return True

    def join(self, other: _Draft) -> bool:
        """Take all of what the same speaker says next, where this would go too soon to be read."""
        if other.channel != self.channel or other.start_ms - self.start_ms >= MIN_CUE_MS:
            return False
        whole = _Draft(self.words[0], self.channel)
        if not all(whole.take(word) for word in [*self.words[1:], *other.words]):
            return False
        self.words, self.lines, self._room = whole.words, whole.lines, whole._room
        return True

    def as_cue(self) -> Cue:
        return Cue(self.start_ms, self.words[-1].end_ms, tuple(self.lines), self.channel)


def _cut_all(segments: Iterable[Segment]) -> list[Cue]:
    """Cut segments where lines are full, where it lasts too long, and after sentences."""
    drafts: list[_Draft] = []
    for segment in segments:
        for turn in turns(segment):
            is_open = False
            for word in _timed_words(turn):
                if not (is_open and drafts[-1].take(word)):
                    drafts.append(_Draft(word, turn.channel))
                    is_open = True
    drafts.sort(key=lambda draft: draft.start_ms)
    joined: list[_Draft] = []
    for draft in drafts:
        if not (joined and joined[-1].join(draft)):
            joined.append(draft)
    return [draft.as_cue() for draft in joined]


def _timed(raw: Sequence[Cue], free_from_ms: int = 0) -> list[Cue]:
    """Give each cue time to be read: the next one waits for it, and longer if another speaks."""
    timed: list[Cue] = []
    for index, cue in enumerate(raw):
        start = max(cue.start_ms, free_from_ms)
        reading_ms = _READING_MS * sum(map(len, cue.lines))
        wanted = start + (reading_ms if start > cue.start_ms else 0)
        end = min(max(cue.end_ms, wanted, start + MIN_CUE_MS), start + MAX_CUE_MS)
        if index + 1 < len(raw):
            following = raw[index + 1]
            least = MIN_CUE_MS
            if following.channel != cue.channel:
                least = min(max(least, reading_ms), MAX_CUE_MS)
            end = min(end, max(following.start_ms, start + least))
        timed.append(replace(cue, start_ms=start, end_ms=end))
        free_from_ms = end
    return timed


def _timed_words(turn: Segment) -> list[Word]:
    """Return its words with times; spread evenly by length where none were given."""
    text = turn.text if turn.text.isprintable() else plain(turn.text)
    tokens = text.split()
    if len(turn.words) == len(tokens):
        timed = [
            word if word.text == token else replace(word, text=token)
            for token, word in zip(tokens, turn.words, strict=True)
        ]
    else:
        timed = _spread(tokens, turn.start_ms, turn.end_ms)
    width = _room(turn.channel)
    if all(len(word.text) <= width for word in timed):
        return timed
    return [piece for word in timed for piece in _pieces(word, width)]


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


def _pieces(word: Word, width: int) -> list[Word]:
    """Cut what is longer than a line: a language without spaces, an address."""
    if len(word.text) <= width:
        return [word]
    parts = [""]
    for character in characters(word.text):
        if parts[-1] and len(parts[-1]) + len(character) > width:
            parts.append("")
        parts[-1] += character
    return _spread(parts, word.start_ms, word.end_ms)


def _room(channel: str) -> int:
    """Return how much fits on the line that has the speaker's name."""
    return LINE_CHARS if not channel else max(_SHORTEST_LINE, LINE_CHARS - len(channel) - 2)


def _srt(number: int, cue: Cue) -> str:
    label = f"{plain(cue.channel)}: " if cue.channel else ""
    times = f"{_stamp(cue.start_ms, ',')} --> {_stamp(cue.end_ms, ',')}"
    text = "\n".join(cue.lines)
    return f"{number}\n{times}\n{label}{text}\n\n"


def _vtt(number: int, cue: Cue) -> str:
    voice = f"<v {plain(cue.channel).translate(_VTT_ESCAPES)}>" if cue.channel else ""
    times = f"{_stamp(cue.start_ms, '.')} --> {_stamp(cue.end_ms, '.')}"
    text = "\n".join(cue.lines).translate(_VTT_ESCAPES)
    return f"{number}\n{times}\n{voice}{text}\n\n"


def _stamp(ms: int, point: str) -> str:
    seconds = ms // 1000
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{ms % 1000:03}"
