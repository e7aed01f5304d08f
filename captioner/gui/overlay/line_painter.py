"""Paints lines of captions, with the edges of their letters, in any direction of writing.

A line is painted once and kept as a picture until it changes, so that scrolling costs little.
"""

from __future__ import annotations

import unicodedata
from collections import OrderedDict
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QPainter,
    QPen,
    QPixmap,
    QTextCharFormat,
    QTextLayout,
    QTextLine,
    QTextOption,
)

from captioner.gui.overlay.look import Look
from captioner.transcript.shown_lines import RunKind, ShownLine

_KEPT: Final = 24


class LinePainter:
    """Paints lines of one look and one width."""

    def __init__(self, look: Look, width: float) -> None:
        """Prepare to paint lines that are at most ``width`` logical pixels wide."""
        self._look = look
        self._width = width
        self._pictures: OrderedDict[tuple[ShownLine, float], QPixmap] = OrderedDict()
        self._colours = {
            RunKind.LABEL: look.label,
            RunKind.PARTIAL: look.partial,
            RunKind.FINAL: look.text,
            RunKind.MARK: look.partial,
        }

    def paint(self, painter: QPainter, line: ShownLine, top: float) -> None:
        """Paint ``line`` with its upper border at ``top``."""
        if not line.text:
            return
        ratio = painter.device().devicePixelRatio()
        key = (line, ratio)
        picture = self._pictures.get(key)
        if picture is None:
            picture = self._pictures[key] = self._picture(line, ratio)
            if len(self._pictures) > _KEPT:
                self._pictures.popitem(last=False)
        else:
            self._pictures.move_to_end(key)
        painter.drawPixmap(QPointF(0, round(top * ratio) / ratio - self._look.margin), picture)

    def _picture(self, line: ShownLine, ratio: float) -> QPixmap:
        look = self._look
        margin = look.margin
        size = QSizeF(self._width + 2 * margin, look.line_height + 2 * margin) * ratio
        picture = QPixmap(size.toSize())
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        layout = self._lay_out(line, self._formats(line))
        text_line: QTextLine = layout.lineAt(0)
        at = QPointF(margin, margin + (look.line_height - text_line.height()) / 2)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if look.box.alpha():
            box = text_line.naturalTextRect()
            box = QRectF(box.left(), margin, box.width() + 2 * margin, look.line_height)
            painter.fillRect(box, look.box)
        for colour, offset, stroke in self._edges():
            copy = self._lay_out(line, [_whole(line, colour, stroke)])
            copy.draw(painter, at + offset)
        layout.draw(painter, at)
        painter.end()
        return picture

    def _edges(self) -> list[tuple[QColor, QPointF, float]]:
        """Return the copies of the letters that lie under them: colour, place, and stroke."""
        look = self._look
        width = look.edge_px
        near, far = QPointF(-width / 2, -width / 2), QPointF(width / 2, width / 2)
        light, dark = look.text.lighter(160), look.edge_colour
        match look.edge:
            case "outline":
                return [(look.edge_colour, QPointF(), 2 * width)]
            case "shadow":
                faint = QColor(dark)
                faint.setAlphaF(0.5)
                return [(faint, far * 3, 0.0), (dark, far * 2, 0.0)]
            case "raised":
                return [(light, near, 0.0), (dark, far * 1.5, 0.0)]
            case "depressed":
                return [(light, far, 0.0), (dark, near * 1.5, 0.0)]
            case _:
                return []

    def _formats(self, line: ShownLine) -> list[QTextLayout.FormatRange]:
        formats = []
        start = 0
        for run in line.runs:
            length = _utf16_length(run.text)
            formats.append(_range(start, length, self._colours[run.kind], 0.0))
            start += length
        return formats

    def _lay_out(self, line: ShownLine, formats: list[QTextLayout.FormatRange]) -> QTextLayout:
        layout = QTextLayout(line.text, self._look.font)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.NoWrap)
        direction = _direction(line)
        option.setTextDirection(direction)
        if direction is Qt.LayoutDirection.RightToLeft:
            option.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignAbsolute)
        layout.setTextOption(option)
        layout.setFormats(formats)
        layout.beginLayout()
        text_line = layout.createLine()
        text_line.setLineWidth(self._width - 2 * self._look.margin)
        layout.endLayout()
        return layout


def _direction(line: ShownLine) -> Qt.LayoutDirection:
    """Return in which direction the words are written, whatever the speaker's name is."""
    for run in line.runs:
        for letter in run.text if run.kind is not RunKind.LABEL else "":
            match unicodedata.bidirectional(letter):
                case "L":
                    return Qt.LayoutDirection.LeftToRight
                case "R" | "AL":
                    return Qt.LayoutDirection.RightToLeft
    return Qt.LayoutDirection.LeftToRight


def _whole(line: ShownLine, colour: QColor, stroke: float) -> QTextLayout.FormatRange:
    return _range(0, _utf16_length(line.text), colour, stroke)


def _range(start: int, length: int, colour: QColor, stroke: float) -> QTextLayout.FormatRange:
    form = QTextCharFormat()
    form.setForeground(colour)
    if stroke:
        pen = QPen(colour, stroke)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        form.setTextOutline(pen)
    made = QTextLayout.FormatRange()
    made.start, made.length, made.format = start, length, form
    return made


def _utf16_length(text: str) -> int:
    """Return how many units Qt counts in ``text``."""
    return len(text.encode("utf-16-le")) // 2
