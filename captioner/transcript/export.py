"""Finished speech as a file: text, Markdown, a table, JSON, SRT, WebVTT."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

from captioner.core.segment import Gap, Segment
from captioner.transcript.contract import Event, event_from_gap, event_from_segment, timestamp
from captioner.transcript.plain import plain
from captioner.transcript.subtitles import as_srt, as_vtt
from captioner.transcript.turns import turns, without_speakers

_COLUMNS: Final = ("start", "end", "speaker", "text", "kind")
_BYTE_ORDER_MARK: Final = "\ufeff"
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|~&])")
_LIKE_A_LIST: Final = re.compile(r"\A(\d*)([-+=]|(?<=\d)[.)])")

# Spreadsheets work out what begins so, with the rights of the reader.
_FORMULA: Final = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")

Spoken: TypeAlias = Segment | Gap
"""What a transcript is made of: speech that is final, and audio that was lost."""


class TranscriptFormat(StrEnum):
    """A file format; the value is also the file name's ending."""

    TXT = "txt"
    MD = "md"
    CSV = "csv"
    JSON = "json"
    SRT = "srt"
    VTT = "vtt"


def export(
    spoken: Sequence[Spoken],
    form: TranscriptFormat,
    *,
    times: bool | None = None,
    speakers: bool = True,
    begun: datetime | None = None,
) -> str:
    """Return a transcript in the given format, in the order in which it was said.

    Args:
        spoken: Each with the speaker, where it has one.
        form: The format. Subtitles have no place for lost audio.
        times: Whether text and Markdown tell when something was said; None has them in Markdown
            alone. The other formats always do.
        speakers: Whether it says who spoke.
        begun: When the first audio was heard; then times are those of the clock, else they count
            from there.
    """
    spoken = sorted(spoken, key=lambda each: (each.start_ms, getattr(each, "id", 0)))
    if not speakers:
        spoken = [each if isinstance(each, Gap) else without_speakers(each) for each in spoken]
    match form:
        case TranscriptFormat.TXT:
            return "".join(f"{_line(each, begun, times=bool(times))}\n" for each in _turns(spoken))
        case TranscriptFormat.MD:
            has_times = times is not False
            paragraphs = (_paragraph(each, begun, times=has_times) for each in _turns(spoken))
            return "\n".join(f"{paragraph}\n" for paragraph in paragraphs)
        case TranscriptFormat.CSV:
            return _table(_turns(spoken), begun)
        case TranscriptFormat.JSON:
            return _events(spoken, begun)
        case TranscriptFormat.SRT:
            return as_srt(each for each in spoken if isinstance(each, Segment))
        case TranscriptFormat.VTT:
            return as_vtt(each for each in spoken if isinstance(each, Segment))


def plain_line(spoken: Spoken) -> str:
    """Return it as a line of text: with its speaker, or as the reason why audio was lost."""
    return plain(f"[{spoken.reason}]" if isinstance(spoken, Gap) else spoken.labelled_text)


def _turns(spoken: Sequence[Spoken]) -> list[Spoken]:
    found: list[Spoken] = []
    for each in spoken:
        found.extend([each] if isinstance(each, Gap) else turns(each))
    return found


def _line(spoken: Spoken, begun: datetime | None, *, times: bool) -> str:
    time = f"{_time(spoken.start_ms, begun)}  " if times else ""
    return f"{time}{plain_line(spoken)}"


def _paragraph(spoken: Spoken, begun: datetime | None, *, times: bool) -> str:
    time = f"{_time(spoken.start_ms, begun)} " if times else ""
    if isinstance(spoken, Gap):
        return f"{time}*{_escaped(plain_line(spoken))}*"
    if spoken.channel:
        return f"{time}**{_escaped(spoken.channel)}:** {_escaped(spoken.text)}"
    text = _escaped(spoken.text)
    return time + text if times else _LIKE_A_LIST.sub(r"\1\\\2", text)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(plain(text).split()))


def _table(spoken: Sequence[Spoken], begun: datetime | None) -> str:
    """Return a table that spreadsheets open, with letters of all languages.

    An apostrophe stands before what they would take for a formula; they do not show it.
    """
    file = io.StringIO(newline="")
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(_COLUMNS)
    for each in spoken:
        is_gap = isinstance(each, Gap)
        rows.writerow(
            (
                _moment(each.start_ms, begun),
                _moment(each.end_ms, begun),
                _cell(each.channel),
                _cell(each.reason if isinstance(each, Gap) else each.text),
                "lost audio" if is_gap else "speech",
            )
        )
    return _BYTE_ORDER_MARK + file.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


def _events(spoken: Sequence[Spoken], begun: datetime | None) -> str:
    lines, number = [], 0
    for each in spoken:
        event: Event
        if isinstance(each, Segment):
            number = each.id
            event = event_from_segment(each)
        else:
            event = event_from_gap(each, number)
        if begun is not None:
            moment = timestamp(begun + timedelta(milliseconds=each.end_ms))
            event = event.model_copy(update={"timestamp": moment})
        # Added to the text: to take all words out of it and in again would take the most time.
        place = {} if isinstance(each, Gap) else {"start": each.start_ms, "end": each.end_ms}
        more = "".join(f',"{name}":{ms}' for name, ms in place.items())
        lines.append(f"{event.to_json().removesuffix('}')}{more}}}")
    return "[\n" + ",\n".join(lines) + "\n]\n" if lines else "[]\n"


def _time(ms: int, begun: datetime | None) -> str:
    if begun is not None:
        return f"{begun + timedelta(milliseconds=ms):%H:%M:%S}"
    seconds = ms // 1000
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _moment(ms: int, begun: datetime | None) -> str:
    """Return a time for a table, to the millisecond; with its date where that is known."""
    if begun is not None:
        moment = begun + timedelta(milliseconds=ms)
        return moment.replace(tzinfo=None).isoformat(sep=" ", timespec="milliseconds")
    return f"{_time(ms, None)}.{ms % 1000:03}"
