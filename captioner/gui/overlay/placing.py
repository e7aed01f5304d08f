"""Keeps the overlay where its user wants it, whatever becomes of the screens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, cast

from PySide6.QtCore import QObject, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QScreen, QWindow
from PySide6.QtWidgets import QWidget

from captioner.gui.desktop.abilities import Abilities
from captioner.gui.overlay.placement import (
    Measure,
    Monitor,
    chosen_monitor,
    docked_place,
    onto_screen,
    place_below,
    resized,
    restored_place,
    sharing_place,
)
from captioner.settings.overlay import OverlaySettings, WindowGeometry

_NO_SCREEN: Final = QRect(0, 0, 1024, 768)
"""Stands in where the program starts while all screens are switched off."""

_TELL_MS: Final = 500
_SETTLE_MS: Final = 250
"""A change of screens comes in many steps, and the window manager answers to each."""


class Placing(QObject):
    """Puts a window in its place, and tells where its user puts it.

    The place that the user chose is kept apart from where the window is: docked, or moved onto
    another screen because its own is gone, it goes back there when it can. While another window of
    the program is in use, it leaves that half of the screen.

    Signals:
        left_at: The user chose another place or size while it floats, a `WindowGeometry`; at most
            twice a second, and always for the last one.
    """

    left_at = Signal(object)

    def __init__(
        self,
        window: QWidget,
        settings: OverlaySettings,
        measure: Callable[[OverlaySettings], Measure],
    ) -> None:
        """Put ``window`` where ``settings`` say; ``measure`` tells what size they ask for."""
        super().__init__(window)
        self._window = window
        self._settings = settings
        self._measure = measure
        self._measured = measure(settings)
        self._chosen = settings.geometry
        self._chosen_for = self._measured
        self._put = QRect()
        self._known = [Monitor("", _NO_SCREEN, _NO_SCREEN)]
        self._room_above = 0
        self._is_taken = False
        self._can_place = Abilities.here().places_itself
        self._tell_timer = self._timer(_TELL_MS, self._tell)
        self._settle_timer = self._timer(_SETTLE_MS, self._settle)
        application = cast("QGuiApplication", QGuiApplication.instance())
        application.screenAdded.connect(self._on_screen_added)
        application.screenRemoved.connect(self._on_screens_changed)
        application.primaryScreenChanged.connect(self._on_screens_changed)
        application.focusWindowChanged.connect(self._on_focus_changed)
        for screen in QGuiApplication.screens():
            self._watch(screen)
        self._settle()

    @property
    def is_floating(self) -> bool:
        """True while the user may move and resize it."""
        return self._settings.dock == "floating" or not self._can_place

    @property
    def is_movable(self) -> bool:
        """True while it floats, and keys can put it elsewhere."""
        return self.is_floating and self._can_place

    @property
    def screen_area(self) -> QRect:
        """The free part of the screen that it is on."""
        return chosen_monitor("", self._place(), self._monitors()).free

    @property
    def place_beside_others(self) -> QRect:
        """Where it is while another window of the program is in use."""
        if self.is_floating:
            return sharing_place(self._place(), self.screen_area)
        return self._wanted_place(self._monitors(), is_other_used=True)

    def follow(self, settings: OverlaySettings) -> None:
        """Go where ``settings`` say, unless they say of places what those before said.

        What the user did before must have been told, see `flush`.
        """
        before = self._settings, self._measured
        self._settings, self._measured = settings, self._measure(settings)
        if settings.geometry not in (before[0].geometry, self._chosen):
            self._chosen, self._chosen_for = settings.geometry, self._measured
        if _of_places(*before) != _of_places(self._settings, self._measured):
            self._settle()

    def keep(self, settings: OverlaySettings) -> None:
        """Keep the size that ``settings``, which hold from now on, give the place chosen before."""
        measure = self._measure(settings)
        kept, self._chosen_for = self._fitted(measure), measure
        if kept != self._chosen:
            self._chosen = kept
            self.left_at.emit(kept)

    def take(self) -> None:
        """Note that the user moves or resizes the window from now on."""
        self._is_taken = True

    def on_screens(self, place: QRect) -> QRect:
        """Return ``place``, or the nearest one that can be seen."""
        return onto_screen(place, [monitor.free for monitor in self._monitors()])

    def put(self, place: QRect) -> None:
        """Put the window at ``place``, which the user chose, or as near as the screens allow."""
        self.take()
        self._window.setGeometry(self.on_screens(place))

    def moved(self) -> None:
        """Note that the window is somewhere else; what it means is looked at later."""
        if not self._tell_timer.isActive():
            self._tell_timer.start()

    def leave_room_above(self, height: int) -> None:
        """Leave so much of the screen free above a window that covers it whole, or nothing."""
        if height != self._room_above:
            self.flush()
            self._room_above = height
            self._settle()

    def flush(self) -> None:
        """Tell the last place now."""
        self._tell_now()

    def _settle(self) -> None:
        """Go to where the window should be on the screens that are there now."""
        self._tell_timer.stop()
        self._is_taken = False
        self._put = self._wanted_place(self._monitors(), is_other_used=_is_own_window_used())
        if self._put != self._window.geometry():
            self._window.setGeometry(self._put)

    def _wanted_place(self, monitors: list[Monitor], *, is_other_used: bool) -> QRect:
        floating = restored_place(
            self._fitted(self._measured),
            default=self._measured.size,
            least=self._window.minimumSize(),
            screens=[monitor.free for monitor in monitors],
        )
        if self.is_floating:
            place, monitor = floating, chosen_monitor("", floating, monitors)
        else:
            place, monitor = self._docked_place(monitors, is_other_used=is_other_used)
        if is_other_used:
            return sharing_place(place, monitor.free)
        return place_below(place, self._room_above, monitor.free)

    def _docked_place(
        self, monitors: list[Monitor], *, is_other_used: bool
    ) -> tuple[QRect, Monitor]:
        chosen, settings = self._fitted(self._measured), self._settings
        floating = None if chosen is None else _rect(chosen)
        monitor = chosen_monitor(settings.screen, floating, monitors)
        dock = "bottom" if is_other_used and settings.dock == "full" else settings.dock
        return docked_place(dock, monitor, height=self._measured.size.height()), monitor

    def _fitted(self, measure: Measure) -> WindowGeometry | None:
        """Return the place that the user chose, with the size that ``measure`` makes of it."""
        if self._chosen is None or measure == self._chosen_for:
            return self._chosen
        place = _rect(self._chosen)
        size = measure.fitted(place.size(), self._chosen_for)
        size = size.expandedTo(self._window.minimumSize())
        return _as_geometry(resized(place, size, chosen_monitor("", place, self._monitors()).free))

    def _place(self) -> QRect:
        # Of the window, not of the widget: position and size are told one after the other.
        handle = cast("QWindow | None", self._window.windowHandle())
        return self._window.geometry() if handle is None else handle.geometry()

    def _is_elsewhere(self) -> bool:
        """Return whether it is not where its user left it, because the screens are others."""
        chosen = self._fitted(self._measured)
        return chosen is not None and self._put.topLeft() != _rect(chosen).topLeft()

    def _tell_now(self) -> None:
        if self._tell_timer.isActive():
            self._tell_timer.stop()
            self._tell()

    def _tell(self) -> None:
        place = self._place()
        if not self.is_floating or not self._can_place or place == self._put:
            return
        if not self._is_taken and (self._settle_timer.isActive() or self._is_elsewhere()):
            return
        was_only_moved = place.size() == self._put.size()
        self._put = place
        self._is_taken = False
        if was_only_moved:  # it may be lower than it was left, for the sake of another window
            whole = self._wanted_place(self._monitors(), is_other_used=False)
            place = resized(place, whole.size(), self.screen_area)
        self._chosen, self._chosen_for = _as_geometry(place), self._measured
        self.left_at.emit(self._chosen)

    def _monitors(self) -> list[Monitor]:
        """Return all screens, the main one first; those of before while all are switched off."""
        main = QGuiApplication.primaryScreen()
        screens = sorted(QGuiApplication.screens(), key=lambda screen: screen is not main)
        found = [
            Monitor(screen.name(), screen.geometry(), screen.availableGeometry())
            for screen in screens
            if not screen.availableGeometry().isEmpty()
        ]
        self._known = found or self._known
        return self._known

    def _timer(self, interval_ms: int, action: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(interval_ms)
        timer.timeout.connect(action)
        return timer

    def _watch(self, screen: QScreen) -> None:
        screen.geometryChanged.connect(self._on_screens_changed)
        screen.availableGeometryChanged.connect(self._on_screens_changed)

    def _on_screen_added(self, screen: QScreen) -> None:
        self._watch(screen)
        self._on_screens_changed()

    def _on_focus_changed(self) -> None:
        monitors = self._monitors()
        alone = self._wanted_place(monitors, is_other_used=False)
        if alone != self._wanted_place(monitors, is_other_used=True):
            if self._is_taken:
                self._tell_now()
            # From one window to the next the focus may be nowhere for a moment.
            self._settle_timer.start(0 if _is_own_window_used() else _SETTLE_MS)

    def _on_screens_changed(self, *_: object) -> None:
        if self._is_taken:
            self._tell_now()
        self._tell_timer.stop()  # what moves from now on is not moved by the user
        self._settle_timer.start(_SETTLE_MS)


def _is_own_window_used() -> bool:
    """Return whether the user is at a window of the program that the captions could cover."""
    window = cast("QWindow | None", QGuiApplication.focusWindow())
    kinds = (Qt.WindowType.Window, Qt.WindowType.Dialog)
    return (
        window is not None
        and window.type() in kinds
        and not window.flags() & Qt.WindowType.WindowStaysOnTopHint
    )


def _of_places(settings: OverlaySettings, measure: Measure) -> tuple[object, ...]:
    return settings.dock, settings.screen, settings.geometry, measure


def _rect(geometry: WindowGeometry) -> QRect:
    return QRect(geometry.x, geometry.y, geometry.width, geometry.height)


def _as_geometry(place: QRect) -> WindowGeometry:
    return WindowGeometry(x=place.x(), y=place.y(), width=place.width(), height=place.height())
