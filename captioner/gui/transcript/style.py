"""What the lines of the transcript say, and how they look on whatever ground the theme has."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Final

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale
from PySide6.QtGui import QColor, QFont, QPalette, QTextCharFormat

from captioner.gui.overlay.contrast import Layer, Rgb, dimmed, luminance
from captioner.gui.text.sentences import said
from captioner.transcript.record import Entry, EntryKind

_QUIETER: Final = 0.3
_HALF: Final = 0.18
_ON_LIGHT: Final = ("#0b5394", "#8a3b00", "#1b5e20", "#6a1b9a")
_ON_DARK: Final = ("#8ec5ff", "#ffb77a", "#9be39f", "#e0b0ff")

_LINE_ENDS: Final = dict.fromkeys(map(ord, "\n\r\u2028\u2029\ufdd0\ufdd1"), " ")
"""All that Qt takes for the end of a line, or of a frame: an entry is one line."""


Piece = tuple[str, QTextCharFormat]
"""A part of a line, and how it looks."""


class LineStyle:
    """Makes lines of entries.

    Attributes:
        speakers: Who has a colour, in the order of their first lines.
    """

    def __init__(self, palette: QPalette, speakers: Iterable[str] = ()) -> None:
        """Choose colours that can be read on the ground of ``palette``."""
        self.speakers = list(speakers)
        ground = _rgb(palette.color(QPalette.ColorRole.Base))
        ink = _rgb(palette.color(QPalette.ColorRole.Text))
        quiet = QColor.fromRgbF(*dimmed(ink, ground, most=_QUIETER, readable_on=(Layer(ground),)))
        self._names = _ON_DARK if luminance(ground) < _HALF else _ON_LIGHT
        self._looks: dict[str, QTextCharFormat] = {}
        self._final = QTextCharFormat()
        self._quiet = QTextCharFormat()
        self._quiet.setForeground(quiet)
        self._partial = QTextCharFormat(self._quiet)
        self._partial.setFontItalic(True)

    def pieces(self, entry: Entry, *, has_time: bool) -> list[Piece]:
        """Return the parts of the line of ``entry``."""
        pieces = self._pieces(entry, has_time=has_time)
        return [(text.translate(_LINE_ENDS), look) for text, look in pieces]

    def _pieces(self, entry: Entry, *, has_time: bool) -> list[Piece]:
        if entry.kind is EntryKind.START:
            begun = QDateTime.fromSecsSinceEpoch(int(entry.at))
            text = QCoreApplication.translate(
                "TranscriptLine", "— Captions started on {date} at {time} —"
            )
            date = QLocale().toString(begun.date(), QLocale.FormatType.ShortFormat)
            return [(text.format(date=date, time=begun.toString("HH:mm")), self._quiet)]
        pieces: list[Piece] = []
        if has_time:
            clock = time.strftime("%H:%M:%S  ", time.localtime(entry.at))
            pieces.append((clock, self._quiet))
        if entry.kind is EntryKind.GAP:
            return [*pieces, (f"[{said(entry.text)}]", self._quiet)]
        if entry.channel:
            pieces += [(said(entry.channel), self._speaker(entry.channel)), (": ", self._final)]
        if entry.kind is EntryKind.PARTIAL:
            return [*pieces, (f"{entry.text} …", self._partial)]
        return [*pieces, (entry.text, self._final)]

    def _speaker(self, channel: str) -> QTextCharFormat:
        if channel in self._looks:
            return self._looks[channel]
        if channel not in self.speakers:
            self.speakers.append(channel)
        found = self._looks[channel] = QTextCharFormat()
        found.setFontWeight(QFont.Weight.Bold)
        number = self.speakers.index(channel)
        found.setForeground(QColor(self._names[number % len(self._names)]))
        return found


def _rgb(colour: QColor) -> Rgb:
    return colour.redF(), colour.greenF(), colour.blueF()
