"""The overlay: a strip of captions that stays on top and never takes the keyboard.

With the mouse it is moved by its body and resized by its edges at any time. For the keyboard there
is arrange mode, which the user asks for: then a bar beside the overlay takes the keys, arrows move
the overlay, Shift with arrows resizes it, Escape leaves.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QContextMenuEvent,
    QGuiApplication,
    QHideEvent,
    QMouseEvent,
    QMoveEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QWidget

from captioner.core.events import CaptionChanged, EngineChanged, SourceChanged
from captioner.core.health import Health, HealthState
from captioner.gui.health.mark import STATE_NAMES, HealthDot, health_text
from captioner.gui.overlay.arrange_bar import ArrangeBar
from captioner.gui.overlay.arranging import KeySteps, changed_by_key, cursor_at, edges_at
from captioner.gui.overlay.live_button import LiveButton
from captioner.gui.overlay.look import CORNER, MOCK, PADDING_BOTTOM, PADDING_TOP, PADDING_X, Look
from captioner.gui.overlay.message import Message
from captioner.gui.overlay.placement import onto_screen, restored_place
from captioner.gui.overlay.reading_keys import read_by_key
from captioner.gui.overlay.status_line import StatusLine
from captioner.gui.overlay.system_contrast import SystemContrast
from captioner.gui.overlay.view import CaptionView
from captioner.gui.overlay.window_kind import on_top_kind
from captioner.gui.throttle import Throttle
from captioner.settings.overlay import OverlaySettings, WindowGeometry

TITLE: Final = "Captioner"
MOCK_BADGE: Final = "MOCK ENGINE: the words are scripted"
SOURCE_KINDS: Final = {
    "system": "System audio",
    "microphone": "Microphone",
    "file": "File",
    "stdin": "Standard input",
}

_BRIEFLY_MS: Final = 6000
_TELL_PLACE_MS: Final = 500
_MINIMUM_WIDTH: Final = 160
_WHEEL_NOTCH: Final = 120
_WHEEL_LINES: Final = 2
"""Lines that one notch of a mouse wheel scrolls."""


class Overlay(QWidget):
    """The window. All of its methods belong to the main thread.

    Signals:
        appeared: It was painted for the first time.
        left_at: It was moved or resized, with its geometry; at most twice a second, and always
            for the last place.
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
        super().__init__(
            None,
            on_top_kind()
            | Qt.WindowType.FramelessWindowHint
            | Qt.WindowType.WindowDoesNotAcceptFocus,
        )
        self.setAttribute(Qt.WidgetAttribute.WA_X11NetWmWindowTypeUtility)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_MacAlwaysShowToolWindow)
        self.setWindowTitle(TITLE)
        self.setAccessibleName("Live captions")
        self.setMouseTracking(True)
        self._settings = settings
        self._contrast = SystemContrast(self)
        self._contrast.changed.connect(lambda: self.restyle(self._settings))
        self._look = Look.from_settings(settings, high_contrast=self._contrast.is_high)
        self.dot = HealthDot(self._look.status_height - 3, self)
        self.dot.restyle(self._look.status_height - 3, self._look.status_ground)
        self.status = StatusLine(self._look, self)
        self.view = CaptionView(self._look, self)
        self._health = Health(HealthState.STARTING, "Captions are starting.")
        self._badge = ""
        self._brief = ""
        self._brief_timer = QTimer(self)
        self._brief_timer.setSingleShot(True)
        self._brief_timer.setInterval(_BRIEFLY_MS)
        self._brief_timer.timeout.connect(lambda: self._say_briefly(""))
        self._steps: KeySteps | None = None
        self._bar = ArrangeBar(self._look.small_font)
        self._bar.key_pressed.connect(self._on_key)
        self._bar.left.connect(lambda: self.set_arranging(False))
        self._live = LiveButton(self._look.small_font, self)
        self._live.clicked.connect(lambda: self.set_held(False))
        self.view.scrolled.connect(self._on_scrolled)
        self._has_appeared = False
        self._wheel = 0
        self._pressed_at: QPoint | None = None
        self._place_throttle = Throttle(self._tell_place, _TELL_PLACE_MS, self)
        self.setMinimumSize(_MINIMUM_WIDTH, self._height_of(lines=1))
        self._told = self._restore(settings)
        self._refresh()

    @property
    def is_arranging(self) -> bool:
        """True while keys move it."""
        return self._steps is not None

    def restyle(self, settings: OverlaySettings) -> None:
        """Look as ``settings`` say from now on; the window stays where it is."""
        self._settings = settings
        look = Look.from_settings(settings, high_contrast=self._contrast.is_high)
        if look == self._look:
            return
        self._look = look
        self.dot.restyle(self._look.status_height - 3, self._look.status_ground)
        self.status.restyle(self._look)
        self.view.restyle(self._look)
        self._live.restyle(self._look.small_font)
        self._bar.restyle(self._look.small_font)
        self.setMinimumSize(_MINIMUM_WIDTH, self._height_of(lines=1))
        self._lay_out()
        self.update()

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
        self._health = health
        self._refresh()

    def show_source(self, event: SourceChanged) -> None:
        """Name what is heard, for a moment."""
        self._say_briefly(f"{SOURCE_KINDS.get(event.kind, event.kind)}: {event.name}")

    def show_engine(self, event: EngineChanged) -> None:
        """Say, for as long as it is true, that words are scripted instead of recognised."""
        self._badge = MOCK_BADGE if event.is_mock else ""
        self._refresh()

    def show_notice(self, text: str) -> None:
        """Say something for a moment."""
        self._say_briefly(text)

    def set_arranging(self, wanted: bool) -> None:  # noqa: FBT001  # a switch, as Qt's own
        """Begin or end arrange mode: a bar beside the overlay takes the keys for it."""
        if wanted == self.is_arranging or (wanted and not self.isVisible()):
            return
        self._steps = KeySteps(self.geometry()) if wanted else None
        if wanted:
            self._bar.open_beside(self.geometry(), self._screen_area())
        else:
            self._bar.hide()
            self._place_throttle.flush()
        self.update()
        self.arranging_changed.emit(wanted)

    def flush(self) -> None:
        """Tell the last place now, because the program ends."""
        self._place_throttle.flush()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  # Qt's name
        """Ask instead of closing: whether that means hide or quit is not for a window to say."""
        event.ignore()
        self.close_wanted.emit()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  # Qt's name
        """Leave arrange mode, which needs something to be seen."""
        super().hideEvent(event)
        self.set_arranging(False)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802  # Qt's name
        """Scroll back through the captions; they are held until they are wanted live."""
        self._wheel += event.angleDelta().y() * _WHEEL_LINES
        lines = int(self._wheel / _WHEEL_NOTCH)
        self._wheel -= lines * _WHEEL_NOTCH
        if lines:
            self.view.scroll_lines(-lines)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802  # Qt's name
        """Remember where a drag may begin."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802  # Qt's name
        """Hand a drag to the window manager, which moves or resizes the window."""
        here = event.position().toPoint()
        start = self._pressed_at
        if start is None or not event.buttons() & Qt.MouseButton.LeftButton:
            self.setCursor(cursor_at(edges_at(here, self.size())))
            return
        if (here - start).manhattanLength() < QApplication.startDragDistance():
            return
        self._pressed_at = None
        handle = self.windowHandle()
        edges = edges_at(start, self.size())
        if edges:
            handle.startSystemResize(edges)
        else:
            handle.startSystemMove()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:  # noqa: N802  # Qt's name
        """Forget the press: it was no drag."""
        self._pressed_at = None

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:  # noqa: N802  # Qt's name
        """Switch arrange mode."""
        self._pressed_at = None
        self.set_arranging(not self.is_arranging)

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

    def _lay_out(self) -> None:
        inner = self.width() - 2 * PADDING_X
        status_height = self._look.status_height
        self.dot.move(PADDING_X, PADDING_TOP + (status_height - self.dot.height()) // 2)
        beside = self.dot.width() + 8
        self.status.setGeometry(PADDING_X + beside, PADDING_TOP, inner - beside, status_height)
        top = PADDING_TOP + status_height
        self.view.setGeometry(PADDING_X, top, inner, self.height() - top - PADDING_BOTTOM)
        self._live.place(PADDING_X + inner, PADDING_TOP, status_height, inner - beside)

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

    def _height_of(self, *, lines: int) -> int:
        text = self._look.line_height * lines
        return PADDING_TOP + self._look.status_height + text + PADDING_BOTTOM

    def _restore(self, settings: OverlaySettings) -> WindowGeometry:
        default = QSize(
            self._look.width_of_columns(settings.columns) + 2 * PADDING_X,
            self._height_of(lines=settings.lines),
        )
        place = restored_place(
            settings.geometry, default=default, least=self.minimumSize(), screens=_screens()
        )
        self.setGeometry(place)
        return _as_geometry(place)

    def _on_place_changed(self) -> None:
        self._place_throttle.request()
        if self._steps is not None:
            # Of the window, not of the widget: position and size are told one after the other.
            self._steps.told(self.windowHandle().geometry())
            self._bar.follow(self.geometry(), self._screen_area())

    def _on_key(self, key: int, modifiers: Qt.KeyboardModifier) -> None:
        if self._steps is None or read_by_key(self, key, modifiers):
            return
        place = changed_by_key(self._steps.last, key, modifiers, least=self.minimumSize())
        if place is not None:
            place = onto_screen(place, _screens())
            self._steps.ask(place)
            self.setGeometry(place)

    def _screen_area(self) -> QRect:
        return self.screen().availableGeometry()

    def _tell_place(self) -> None:
        geometry = _as_geometry(self.geometry())
        if self._has_appeared and geometry != self._told:
            self._told = geometry
            self.left_at.emit(geometry)

    def _on_scrolled(self) -> None:
        if self.is_held:
            self._live.show_new_lines(self.view.new_lines)
            self._lay_out()
        else:
            self._live.hide()
        self._refresh()

    def _say_briefly(self, text: str) -> None:
        self._brief = text
        if text:
            self._brief_timer.start()
        self._refresh()

    def _refresh(self) -> None:
        """Decide what stands where: captions, or why there are none."""
        health = self._health
        is_failed = health.state is HealthState.FAILED
        self.dot.show_health(health)
        self.status.setToolTip(health_text(health))
        if is_failed or not self.view.has_captions:
            self.view.show_message(Message(health.sentence, health.hint, is_urgent=is_failed))
        else:
            self.view.show_message(None)
        self.status.show_text(self._status_text(), badge=self._badge)

    def _status_text(self) -> str:
        if self._brief:
            return self._brief
        if self.view.message is not None:
            return STATE_NAMES[self._health.state]
        if self._health.state is HealthState.LISTENING and not self._health.hint:
            return ""
        return health_text(self._health).replace("\n", " ")


def _screens() -> list[QRect]:
    """Return the free areas of all screens, the main one first."""
    main = QGuiApplication.primaryScreen()
    others = [screen for screen in QGuiApplication.screens() if screen is not main]
    return [screen.availableGeometry() for screen in (main, *others)]


def _as_geometry(place: QRect) -> WindowGeometry:
    return WindowGeometry(x=place.x(), y=place.y(), width=place.width(), height=place.height())
