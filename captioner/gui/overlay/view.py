"""Paints the newest lines of captions: at most 30 times a second, and only changed ones."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from captioner.core.events import CaptionChanged
from captioner.gui.overlay.look import QUIET_TEXT, TEXT, Look
from captioner.gui.overlay.message import Message, MessageLayout
from captioner.gui.throttle import Throttle
from captioner.transcript.lines import CaptionLines, RunKind, ShownLine, join_lines

FRAME_MS: Final = 34
"""Shortest time between two paints of changed captions, in milliseconds."""

_KEPT_LINES: Final = 40
"""More would make resizing by mouse sluggish, because all kept lines are broken anew."""

GAP_MARK: Final = "[audio lost]"

_COLOURS: Final[dict[RunKind, QColor]] = {
    RunKind.LABEL: QUIET_TEXT,
    RunKind.PARTIAL: QUIET_TEXT,
    RunKind.FINAL: TEXT,
    RunKind.MARK: QUIET_TEXT,
}


class PaintedRecord:
    """What was really painted: each line as the reader saw it last, in order, bounded."""

    def __init__(self, max_lines: int = 5000) -> None:
        """Begin with nothing painted."""
        self._lines: OrderedDict[int, ShownLine] = OrderedDict()
        self._max_lines = max_lines

    def add(self, lines: Sequence[ShownLine]) -> None:
        """Note that ``lines`` are on the screen now."""
        for line in lines:
            self._lines[line.serial] = line
        while len(self._lines) > self._max_lines:
            self._lines.popitem(last=False)

    @property
    def is_empty(self) -> bool:
        """True before the first word was painted."""
        return not self._lines

    @property
    def text(self) -> str:
        """The text that has gone by, with words that were split between lines whole again."""
        return join_lines([line for line in self._lines.values() if line.text])


class CaptionView(QWidget):
    """The lines of the overlay, or a message while there are none.

    Attributes:
        paints: How often it has painted.
        painted: What the reader has seen.
    """

    first_caption_painted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        """Begin without captions and without a message."""
        super().__init__(parent)
        self._look = look
        self._metrics = QFontMetricsF(look.font)
        self._lines = CaptionLines(
            self.width(), measure=self._metrics.horizontalAdvance, max_lines=_KEPT_LINES
        )
        self._shown: tuple[ShownLine, ...] = ()
        self._message: Message | None = None
        self._message_layout: MessageLayout | None = None
        self._throttle = Throttle(self.update, FRAME_MS, self)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName("Captions")
        self.paints = 0
        self.painted = PaintedRecord()

    @property
    def has_captions(self) -> bool:
        """True once there was a word to show."""
        return bool(self._shown)

    @property
    def shown(self) -> tuple[ShownLine, ...]:
        """The lines to be seen now, top first; hidden while there is a message."""
        return self._shown

    @property
    def message(self) -> Message | None:
        """What stands in the place of captions, if anything does."""
        return self._message

    def show_caption(self, event: CaptionChanged) -> None:
        """Take in new words."""
        segment = event.segment
        self._lines.update(
            segment.id, event.shown, is_final=segment.is_final, channel=segment.channel
        )
        self._refresh()

    def show_gap(self) -> None:
        """Mark that audio was lost here, unless nothing was said yet."""
        if self.has_captions:
            self._lines.mark(GAP_MARK)
            self._refresh()

    def show_message(self, message: Message | None) -> None:
        """Put ``message`` in the place of the captions, or show them again with None."""
        if message != self._message:
            self._message = message
            self._message_layout = None
            self._throttle.request()

    def restyle(self, look: Look) -> None:
        """Paint with ``look`` from now on; another font breaks the lines anew."""
        has_other_font = look.font != self._look.font
        self._look = look
        if has_other_font:
            self._metrics = QFontMetricsF(look.font)
            self._lines.set_width(self.width(), self._metrics.horizontalAdvance)
        self._message_layout = None
        self._refresh()
        self._throttle.request()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """Break the lines anew for another width; show more or fewer for another height."""
        if event.size().width() != event.oldSize().width():
            self._lines.set_width(self.width(), self._metrics.horizontalAdvance)
        self._message_layout = None
        self._refresh()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        """Paint what is shown now."""
        self.paints += 1
        painter = QPainter(self)
        if self._message is not None:
            self._paint_message(painter, self._message)
        else:
            self._paint_lines(painter)
        painter.end()

    def _refresh(self) -> None:
        rows = max(1, self.height() // self._look.line_height)
        shown = self._lines.tail(rows)
        if shown != self._shown:
            self._shown = shown
            self._throttle.request()

    def _paint_message(self, painter: QPainter, message: Message) -> None:
        if self._message_layout is None:
            self._message_layout = MessageLayout(message, self._look.font, QRectF(self.rect()))
        self._message_layout.paint(painter)

    def _paint_lines(self, painter: QPainter) -> None:
        painter.setFont(self._look.font)
        line_height = self._look.line_height
        baseline = (line_height - self._metrics.height()) / 2 + self._metrics.ascent()
        for row, line in enumerate(self._shown):
            place = QPointF(0, row * line_height + baseline)
            for run in line.runs:
                painter.setPen(_COLOURS[run.kind])
                painter.drawText(place, run.text)
                place += QPointF(self._metrics.horizontalAdvance(run.text), 0)
        is_first = bool(self._shown) and self.painted.is_empty
        self.painted.add(self._shown)
        if is_first:
            self.first_caption_painted.emit()
