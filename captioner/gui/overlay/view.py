"""Shows the lines of captions, live or held: at most 30 paints a second, and only of changes."""

from __future__ import annotations

import math
import sys
from typing import Final

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from captioner.core.events import CaptionChanged
from captioner.gui.overlay.line_painter import LinePainter
from captioner.gui.overlay.look import Look
from captioner.gui.overlay.message import Message, MessageLayout
from captioner.gui.overlay.motion import Glide, SilenceFade, is_motion_wanted
from captioner.gui.overlay.paint_delay import PaintDelay
from captioner.gui.overlay.painted_record import PaintedRecord
from captioner.gui.overlay.scroll import ScrollPosition
from captioner.gui.overlay.seen import as_seen
from captioner.gui.text.sentences import said
from captioner.gui.throttle import Throttle
from captioner.transcript.lines import CaptionLines
from captioner.transcript.shown_lines import ShownLine, join_lines

FRAME_MS: Final = 34
"""Shortest time between two paints of changed captions, in milliseconds."""

KEPT_LINES: Final = 2000
"""So many lines can be scrolled back through: more than two hours of speech in most widths."""

_SPARE_LINES: Final = 60
"""So many lines above the first one in sight are broken at once for another width or font."""

_OLDER_AFTER_MS: Final = 300
_OLDER_EVERY_MS: Final = 20
_OLDER_WORDS: Final = 300
"""Older lines are broken so many words at a time, about 4 ms, once the window keeps its width."""


class CaptionView(QWidget):
    """The lines of the overlay, or a message while there are none.

    Attributes:
        paints: How often it has painted.
        painted: What the reader has seen.
        delay: How long words wait for it.

    Signals:
        first_caption_painted: The first word was painted.
        scrolled: It is live or held now, or there are more new lines below.
    """

    first_caption_painted = Signal()
    scrolled = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        """Begin without captions and without a message."""
        super().__init__(parent)
        self._look = look
        self._metrics = QFontMetricsF(look.font)
        self._lines = CaptionLines(
            self._text_width, measure=self._metrics.horizontalAdvance, max_lines=KEPT_LINES
        )
        self._painter = LinePainter(look, self.width())
        self._position = ScrollPosition()
        self._shown: tuple[ShownLine, ...] = ()
        self._message: Message | None = None
        self._message_layout: MessageLayout | None = None
        self._throttle = Throttle(self._paint_changes, FRAME_MS, self)
        self._steps = Throttle(self.update, FRAME_MS, self)
        self._older_timer = QTimer(self)
        self._older_timer.setSingleShot(True)
        self._older_timer.timeout.connect(lambda: self._break_older(_OLDER_WORDS))
        self._glide = Glide(self)
        self._glide.moved.connect(self._steps.request)
        self._fade = SilenceFade(self)
        self._fade.moved.connect(self._steps.request)
        self._fade.fade_after(look.fade_after_s)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName(self.tr("Captions"))
        self.paints = 0
        self.painted = PaintedRecord(KEPT_LINES)
        self.delay = PaintDelay(self)

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

    @property
    def is_held(self) -> bool:
        """True while it stands still, whatever is said; `set_held` lets it go on."""
        return self._position.is_held

    @property
    def new_lines(self) -> int:
        """Lines that have come while it is held."""
        return self._position.new_lines

    @property
    def opacity(self) -> float:
        """Of the captions; less than 1.0 when they fade, because nobody speaks."""
        return self._fade.opacity

    def show_caption(self, event: CaptionChanged) -> None:
        """Take in new words."""
        segment, before = event.segment, self._shown
        # Hidden words are left out here, not only when painting: they shall take up no room.
        is_hidden = not segment.is_final and not self._look.shows_partials
        shown = "" if is_hidden else event.shown
        speaker = said(segment.channel)
        self._lines.update(segment.id, shown, is_final=segment.is_final, channel=speaker)
        self._fade.wake()
        self._follow()
        if self._shown is not before:
            self.delay.begin(event, is_seen=self.isVisible() and self._message is None)

    def show_gap(self) -> None:
        """Mark that audio was lost here, unless nothing was said yet."""
        if self._lines.serials:
            self._lines.mark(self.tr("[audio lost]"))
            self._follow()

    def show_message(self, message: Message | None) -> None:
        """Put ``message`` in the place of the captions, or show them again with None."""
        if message != self._message:
            self._message = message
            self._message_layout = None
            self._keep_from_fading()
            self._throttle.request()

    def set_held(self, wanted: bool) -> None:  # noqa: FBT001  # a switch, as Qt's own
        """Stand still, or follow the newest words again."""
        if wanted == self.is_held:
            return
        if wanted:
            self._position.hold()
            self._glide.stop()
        else:
            self._position.go_live()
            self._look_again()
        self._keep_from_fading()
        self.scrolled.emit()
        self._throttle.request()

    def scroll_lines(self, lines: int) -> None:
        """Hold, and go so many lines down, or back up if it is negative."""
        if not self._lines.serials or (not self.is_held and lines > 0):
            return
        self._glide.stop()
        if self._position.top + lines < self._lines.serials.start:
            self._break_older()
        self._position.scroll(lines)
        self._look_again()
        self._keep_from_fading()
        self.scrolled.emit()

    def scroll_page(self, pages: int) -> None:
        """Hold, and go so many views down, or back up; one line stays in sight."""
        self.scroll_lines(pages * max(1, self._position.rows - 1))

    def scroll_to_start(self) -> None:
        """Hold at the oldest line that is kept."""
        self._break_older()
        self.scroll_lines(-len(self._lines.serials))

    def text(self, *, everything: bool = False) -> str:
        """Return what can be read now, or everything of this run that is kept."""
        if everything:
            self._break_older()
        return join_lines(self._all() if everything else self._shown)

    def restyle(self, look: Look) -> None:
        """Paint with ``look`` from now on; another font breaks the lines anew."""
        has_other_font = look.font != self._look.font
        self._look = look
        self._metrics = QFontMetricsF(look.font)
        self._fade.fade_after(look.fade_after_s)
        self._painter = LinePainter(look, self.width())
        self._message_layout = None
        if has_other_font:
            self._break_anew()
        self._fit_rows()
        self._throttle.request()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """Break the lines anew for another width; show more or fewer for another height."""
        if event.size().width() != event.oldSize().width():
            self._break_anew()
        self._message_layout = None
        self._fit_rows()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        """Paint what is shown now."""
        self.paints += 1
        painter = QPainter(self)
        if self._message is not None:
            self._paint_message(painter, self._message)
        else:
            self._paint_lines(painter)
        painter.end()

    @property
    def _text_width(self) -> float:
        return self.width() - 2 * self._look.margin

    def _paint_changes(self) -> None:
        """Paint soon, and put the next step of a movement off: no word waits for one."""
        self.update()
        self._steps.put_off()

    def _follow(self) -> None:
        """Take in that lines have changed: a live view follows, a held one counts."""
        new_lines, position = self._position.new_lines, self._position
        moved = position.keep(self._lines.serials)
        if position.is_held:
            if position.new_lines != new_lines:
                self.scrolled.emit()
            return
        # Nobody sees a hidden view move; it shall not be behind when it appears.
        if moved and self._look.glides and self.isVisible() and is_motion_wanted():
            self._glide.add(moved, at_most=position.rows)
        self._look_again()

    def _look_again(self) -> None:
        """Take over the lines as they are now."""
        position = self._position
        shown = self._visible(position.top, min(position.rows, position.end - position.top))
        if shown != self._shown:
            self._shown = shown
            self._throttle.request()

    def _fit_rows(self) -> None:
        self._position.show_rows(self.height() // self._look.line_height)
        if len(self._lines.serials) < self._position.rows:
            self._break_older()
        self._look_again()

    def _break_anew(self) -> None:
        """Break the lines for another width or font; the older ones later."""
        at_once = self._lines.serials.stop - self._position.top + _SPARE_LINES
        measure = self._metrics.horizontalAdvance
        before = self._as_seen(self._lines.set_width(self._text_width, measure, at_once=at_once))
        after = self._all()
        self._position.broken_anew(before, after)
        self.painted.broken_anew(before, after)
        self._painter = LinePainter(self._look, self.width())
        self._glide.stop()
        self._look_again()
        if self._lines.has_older:
            self._older_timer.start(_OLDER_AFTER_MS)

    def _break_older(self, words: int = sys.maxsize) -> None:
        """Break older lines that still have another width, as many as ``words`` is about."""
        start = self._lines.serials.start
        before = self._as_seen(self._lines.break_older(words))
        if before:
            kept = self._lines.serials
            self._position.keep(kept)
            self.painted.broken_anew(before, self._visible(kept.start, start - kept.start))
            self._look_again()
        elif self._lines.has_older:
            self._older_timer.start(_OLDER_EVERY_MS)

    def _keep_from_fading(self) -> None:
        self._fade.keep(wanted=self.is_held or self._message is not None)

    def _all(self) -> tuple[ShownLine, ...]:
        kept = self._lines.serials
        return self._visible(kept.start, len(kept))

    def _visible(self, serial: int, count: int) -> tuple[ShownLine, ...]:
        return self._as_seen(self._lines.between(serial, count))

    def _as_seen(self, lines: tuple[ShownLine, ...]) -> tuple[ShownLine, ...]:
        return tuple(as_seen(line, self._look) for line in lines)

    def _paint_message(self, painter: QPainter, message: Message) -> None:
        if self._message_layout is None:
            self._message_layout = MessageLayout(message, self._look, QRectF(self.rect()))
        self._message_layout.paint(painter)

    def _paint_lines(self, painter: QPainter) -> None:
        painter.setOpacity(self._fade.opacity)
        behind = math.ceil(self._glide.offset)
        gone = self._visible(self._position.top - behind, behind) if behind else ()
        first = self._position.top - self._glide.offset
        for line in (*gone, *self._shown):
            self._painter.paint(painter, line, (line.serial - first) * self._look.line_height)
        is_first = bool(self._shown) and self.painted.is_empty
        self.painted.add(self._shown)
        self.delay.end()
        if is_first:
            self.first_caption_painted.emit()
