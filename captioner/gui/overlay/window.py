"""The overlay: a strip of captions that stays on top and never takes the keyboard.

With the mouse it is moved by its body and resized by its edges at any time. For the keyboard there
is arrange mode, which the user asks for: then a bar beside the overlay takes the keys.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QContextMenuEvent,
    QEnterEvent,
    QGuiApplication,
    QHideEvent,
    QMoveEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QSystemTrayIcon, QWidget

from captioner.core.events import CaptionChanged
from captioner.core.health import Health
from captioner.gui.overlay.arrange_mode import ArrangeMode
from captioner.gui.overlay.capture_exclusion import leave_out_of_captures
from captioner.gui.overlay.look import CORNER, MOCK, PADDING_BOTTOM, PADDING_TOP, PADDING_X, Look
from captioner.gui.overlay.mouse import Mouse
from captioner.gui.overlay.placement import Measure
from captioner.gui.overlay.placing import Placing
from captioner.gui.overlay.reports import Reports
from captioner.gui.overlay.system_contrast import SystemContrast
from captioner.gui.overlay.top_row import TopRow
from captioner.gui.overlay.view import CaptionView
from captioner.gui.overlay.window_kind import is_unmanaged, overlay_kind
from captioner.settings.overlay import OverlaySettings

TITLE: Final = "Captioner"

_MINIMUM_WIDTH: Final = 160


class Overlay(QWidget):
    """The window. All of its methods belong to the main thread.

    Attributes:
        reports: What it says besides the captions.

    Signals:
        appeared: It was painted for the first time.
        left_at: Its user moved or resized it, with its geometry; at most twice a second, and
            always for the last place.
        arranging_changed: Arrange mode began or ended.
        menu_wanted: A context menu is wanted at this place on the screen.
        close_wanted: The window manager wants it closed.
    """

    appeared = Signal()
    left_at = Signal(object)
    arranging_changed = Signal(bool)
    menu_wanted = Signal(QPoint)
    close_wanted = Signal()

    def __init__(self, settings: OverlaySettings) -> None:
        """Prepare the window; `show` makes it appear where it was left."""
        super().__init__(None, overlay_kind())
        self.setAttribute(Qt.WidgetAttribute.WA_X11NetWmWindowTypeUtility)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_MacAlwaysShowToolWindow)
        self.setWindowTitle(TITLE)
        self.setAccessibleName(self.tr("Live captions"))
        self._settings = settings
        self._contrast = SystemContrast(self)
        self._contrast.changed.connect(lambda: self.restyle(self._settings))
        self._look = self._look_of(settings)
        self._top = TopRow(self._look, self)
        self.dot, self.status = self._top.dot, self._top.status
        self.view = CaptionView(self._look, self)
        self.view.scrolled.connect(self._on_scrolled)
        self._top.live.clicked.connect(lambda: self.set_held(False))
        self._top.hover.pause_wanted.connect(lambda: self.set_held(True))
        self._top.hover.menu_wanted.connect(self.menu_wanted)
        self.reports = Reports(self)
        self.reports.changed.connect(self._refresh)
        self._has_appeared = False
        self.setMinimumSize(_MINIMUM_WIDTH, self._measure(settings).height_of(1))
        self._placing = Placing(self, settings, self._measure)
        self._placing.left_at.connect(self.left_at)
        mouse = Mouse(self, self._placing)
        mouse.turned.connect(self.view.scroll_lines)
        mouse.double_clicked.connect(lambda: self.set_arranging(not self.is_arranging))
        self._arranging = ArrangeMode(self, self._placing, self._look.small_font)
        self._arranging.changed.connect(self._on_arranging_changed)
        self._refresh()

    @property
    def is_arranging(self) -> bool:
        """True while keys move it."""
        return self._arranging.is_on

    @property
    def is_click_through(self) -> bool:
        """True while the mouse reaches what is behind it."""
        return self._settings.click_through and not self.is_arranging

    @property
    def place_beside_others(self) -> QRect:
        """Where it is while another window of the program is in use."""
        return self._placing.place_beside_others

    def restyle(self, settings: OverlaySettings) -> None:
        """Look and stand as ``settings`` say from now on."""
        before, self._settings = self._settings, settings
        look = self._look_of(settings)
        self._placing.flush()
        if look != self._look:
            self._take_look(look)
        self._placing.follow(settings)
        self._let_clicks_through()
        if settings.click_through and not before.click_through:
            self.show_notice(
                self.tr("Clicks go through now; the tray menu ends that")
                if QSystemTrayIcon.isSystemTrayAvailable()
                else self.tr("Clicks go through now; “captioner click-through” ends that")
            )
        if settings.hide_from_capture != before.hide_from_capture:
            self._leave_out_of_captures()

    def keep_size(self, settings: OverlaySettings) -> None:
        """Keep, and tell, the size that ``settings``, which hold from now on, give it."""
        self._placing.keep(settings)

    @property
    def is_held(self) -> bool:
        """True while the captions stand still."""
        return self.view.is_held

    def set_held(self, wanted: bool) -> None:  # noqa: FBT001  # a switch, as Qt's own
        """Let the captions stand still, or follow the newest words again."""
        self.view.set_held(wanted)

    def copy(self, *, everything: bool = False) -> None:
        """Copy the captions that can be read now, or everything of this run."""
        text = self.view.text(everything=everything)
        if text:
            QGuiApplication.clipboard().setText(text)
            self.show_notice(self.tr("Copied"))
        else:
            self.show_notice(self.tr("There are no captions to copy yet"))

    def show_caption(self, event: CaptionChanged) -> None:
        """Take in new words."""
        had_captions = self.view.has_captions
        self.view.show_caption(event)
        if self.view.has_captions != had_captions:
            self._refresh()

    def show_gap(self) -> None:
        """Mark that audio was lost."""
        self.view.show_gap()

    def show_health(self, health: Health) -> None:
        """Take over what the dot shows and what stands in the place of missing captions."""
        self.reports.take_health(health)

    def show_notice(self, text: str) -> None:
        """Say something for a moment."""
        self.reports.say_briefly(text)
        self._arranging.announce(text)

    def warn(self, text: str) -> None:
        """Say something that nobody shall miss."""
        self.reports.warn(text)
        self._arranging.announce(text)

    def set_arranging(self, wanted: bool) -> None:  # noqa: FBT001  # a switch, as Qt's own
        """Begin or end arrange mode: a bar beside the overlay takes the keys for it."""
        self._arranging.set_on(wanted)

    def flush(self) -> None:
        """Tell the last place now, because the program ends."""
        self._placing.flush()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  # Qt's name
        """Ask instead of closing: whether that means hide or quit is not for a window to say."""
        event.ignore()
        self.close_wanted.emit()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        """Ask the system for what it does to windows that are there."""
        super().showEvent(event)
        self._let_clicks_through()
        self._leave_out_of_captures()
        if is_unmanaged():
            self.raise_()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  # Qt's name
        """Leave arrange mode, which needs something to be seen."""
        super().hideEvent(event)
        self.set_arranging(False)

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: N802  # Qt's name
        """Offer what a mouse can click."""
        super().enterEvent(event)
        self._top.show_hovered(is_hovered=True)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802  # Qt's name
        """Take it away again."""
        super().leaveEvent(event)
        self._top.show_hovered(is_hovered=False)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802  # Qt's name
        """Ask for the menu."""
        self.menu_wanted.emit(event.globalPos())

    def moveEvent(self, event: QMoveEvent) -> None:  # noqa: N802  # Qt's name
        """Tell where it is now."""
        super().moveEvent(event)
        self._on_place_changed()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """Lay the parts out; none of them moves for any reason but size and look."""
        super().resizeEvent(event)
        self._lay_out()
        self._on_place_changed()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        """Paint the background, and in arrange mode a frame."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = 2 if self.is_arranging else 0
        painter.setPen(QPen(MOCK, frame) if frame else Qt.PenStyle.NoPen)
        painter.setBrush(self._look.background)
        painter.drawRoundedRect(self.rect().adjusted(frame, frame, -frame, -frame), CORNER, CORNER)
        painter.end()
        if not self._has_appeared:
            self._has_appeared = True
            QTimer.singleShot(0, self.appeared.emit)

    def _look_of(self, settings: OverlaySettings) -> Look:
        return Look.from_settings(settings, high_contrast=self._contrast.is_high)

    def _measure(self, settings: OverlaySettings) -> Measure:
        look = self._look if settings is self._settings else self._look_of(settings)
        return look.measure(settings)

    def _take_look(self, look: Look) -> None:
        self._look = look
        self._top.restyle(look)
        self.view.restyle(look)
        self._arranging.restyle(look.small_font)
        self.setMinimumSize(_MINIMUM_WIDTH, self._measure(self._settings).height_of(1))
        self._lay_out()
        self.update()

    def _lay_out(self) -> None:
        inner = self.width() - 2 * PADDING_X
        self._top.place(PADDING_X, PADDING_TOP, inner)
        top = PADDING_TOP + self._look.status_height
        self.view.setGeometry(PADDING_X, top, inner, self.height() - top - PADDING_BOTTOM)

    def _let_clicks_through(self) -> None:
        if self.isVisible():
            # Of the window, not of the widget, which would hide itself.
            transparent = Qt.WindowType.WindowTransparentForInput
            self.windowHandle().setFlag(transparent, self.is_click_through)

    def _leave_out_of_captures(self) -> None:
        wanted = self._settings.hide_from_capture
        if self.isVisible() and not leave_out_of_captures(self, wanted=wanted):
            self.show_notice(self.tr("The system does not leave the captions out of captures"))

    def _on_arranging_changed(self, is_on: bool) -> None:  # noqa: FBT001  # a slot
        self._let_clicks_through()
        self.update()
        self.arranging_changed.emit(is_on)

    def _on_place_changed(self) -> None:
        self._placing.moved()
        self._arranging.follow()

    def _on_scrolled(self) -> None:
        self._top.show_held(is_held=self.is_held, new_lines=self.view.new_lines)
        self._refresh()

    def _refresh(self) -> None:
        """Decide what stands where: captions, or why there are none."""
        reports = self.reports
        self.dot.show_health(reports.health)
        self.status.setToolTip(reports.tooltip)
        self.view.show_message(reports.message(has_captions=self.view.has_captions))
        text = reports.status(is_message_shown=self.view.message is not None)
        self.status.show_text(text, badge=reports.badge)
