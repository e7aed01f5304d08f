"""Finished speech as a file: text, Markdown, a table, JSON, SRT, WebVTT."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

from captioner.core.segment import Gap, Segment
from captioner.transcript.contract import event_from_gap, event_from_segment, timestamp
from captioner.transcript.subtitles import as_srt, as_vtt

_COLUMNS: Final = ("start", "end", "speaker", "text", "kind")
_BYTE_ORDER_MARK: Final = "\ufeff"
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|~&])")

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
    times: bool = False,
    begun: datetime | None = None,
) -> str:
    """Return a transcript in the given format, in the order in which it was said.

    Args:
        spoken: Each with the speaker, where it has one.
        form: The format. Subtitles have no place for lost audio.
        times: Whether text tells when something was said; the other formats always do.
        begun: When the first audio was heard; then times are those of the clock, else they count
            from there.
    """
    spoken = sorted(spoken, key=lambda each: (each.start_ms, getattr(each, "id", 0)))
    segments = [each for each in spoken if isinstance(each, Segment)]
    match form:
        case TranscriptFormat.TXT:
            return "".join(
                f"{_time(each.start_ms, begun)}  {plain_line(each)}\n"
                if times
                else f"{plain_line(each)}\n"
                for each in spoken
            )
        case TranscriptFormat.MD:
            return "\n".join(f"{_paragraph(each, begun)}\n" for each in spoken)
        case TranscriptFormat.CSV:
            return _table(spoken, begun)
        case TranscriptFormat.JSON:
            return _events(spoken, begun)
        case TranscriptFormat.SRT:
            return as_srt(segments)
        case TranscriptFormat.VTT:
            return as_vtt(segments)


def plain_line(spoken: Spoken) -> str:
    """Return it as a line of text: with its speaker, or as the reason why audio was lost."""
    return f"[{spoken.reason}]" if isinstance(spoken, Gap) else spoken.labelled_text


def _paragraph(spoken: Spoken, begun: datetime | None) -> str:
    time = _time(spoken.start_ms, begun)
    if isinstance(spoken, Gap):
        return f"{time} *{_escaped(plain_line(spoken))}*"
    speaker = f"**{_escaped(spoken.channel)}:** " if spoken.channel else ""
    return f"{time} {speaker}{_escaped(spoken.text)}"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _table(spoken: Sequence[Spoken], begun: datetime | None) -> str:
    """Return a table that spreadsheets open, with letters of all languages."""
    file = io.StringIO(newline="")
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(_COLUMNS)
    for each in spoken:
        is_gap = isinstance(each, Gap)
        rows.writerow(
            (
                _moment(each.start_ms, begun),
                _moment(each.end_ms, begun),
                each.channel,
                each.reason if isinstance(each, Gap) else each.text,
                "lost audio" if is_gap else "speech",
            )
        )
    return _BYTE_ORDER_MARK + file.getvalue()


def _events(spoken: Sequence[Spoken], begun: datetime | None) -> str:
    events, number = [], 0
    for each in spoken:
        if isinstance(each, Segment):
            number = each.id
            event = event_from_segment(each).model_dump(exclude_none=True)
        else:
            event = event_from_gap(each, number).model_dump(exclude_none=True)
        if begun is not None:
            event["timestamp"] = timestamp(begun + timedelta(milliseconds=each.end_ms))
        events.append(event | {"start": each.start_ms, "end": each.end_ms})
    return json.dumps(events, ensure_ascii=False, indent=1) + "\n"


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
