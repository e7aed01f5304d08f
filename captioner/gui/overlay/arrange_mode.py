"""Arrange mode: keys move, resize and read the overlay, which itself never takes the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QFont

from captioner.gui.overlay.arrange_bar import ArrangeBar
from captioner.gui.overlay.arranging import KeySteps, changed_by_key
from captioner.gui.overlay.placing import Placing
from captioner.gui.overlay.reading_keys import read_by_key

if TYPE_CHECKING:
    from captioner.gui.overlay.window import Overlay

_ANNOUNCE_MS: Final = 400
"""After so long without a key, a screen reader says where the overlay is."""


class ArrangeMode(QObject):
    """Begins, carries out and ends it.

    Signals:
        changed: It began or ended.
    """

    changed = Signal(bool)

    def __init__(self, overlay: Overlay, placing: Placing, font: QFont) -> None:
        """Arrange ``overlay`` within what ``placing`` allows; ``font`` is for the help."""
        super().__init__(overlay)
        self._overlay = overlay
        self._placing = placing
        self._steps: KeySteps | None = None
        self._bar = ArrangeBar(font)
        self._bar.key_pressed.connect(self._on_key)
        self._bar.left.connect(lambda: self.set_on(False))
        self._announce_timer = QTimer(self)
        self._announce_timer.setSingleShot(True)
        self._announce_timer.setInterval(_ANNOUNCE_MS)
        self._announce_timer.timeout.connect(self._announce_place)

    @property
    def is_on(self) -> bool:
        """True while keys arrange the overlay."""
        return self._steps is not None

    def set_on(self, wanted: bool) -> None:  # noqa: FBT001  # a switch, as Qt's own
        """Begin or end; a hidden overlay cannot be arranged."""
        if wanted == self.is_on or (wanted and not self._overlay.isVisible()):
            return
        if wanted:
            self._begin()
        else:
            self._steps = None
            self._bar.hide()
            self._placing.leave_room_above(0)
            self._placing.flush()
        self.changed.emit(wanted)

    def announce(self, text: str) -> None:
        """Let a screen reader say ``text``, if it listens: the keys are here."""
        if self.is_on:
            self._bar.announce(text)

    def restyle(self, font: QFont) -> None:
        """Take another font."""
        self._bar.setFont(font)
        self.follow()

    def follow(self) -> None:
        """Keep beside the overlay, which is somewhere else or has another size now."""
        if self._steps is not None:
            # Of the window, not of the widget: position and size are told one after the other.
            self._steps.told(self._overlay.windowHandle().geometry())
            self._bar.follow(self._overlay.geometry(), self._placing.screen_area)

    def _begin(self) -> None:
        placing = self._placing
        self._bar.explain(*self._keys())
        placing.leave_room_above(self._bar.room_on(placing.screen_area))
        place = self._overlay.geometry()
        self._steps = KeySteps(place)
        self._bar.open_beside(place, placing.screen_area)

    def _keys(self) -> list[str]:
        """Return what the keys do here."""
        keys = []
        if self._placing.is_movable:
            keys.append(
                self.tr("Arrow keys move · Shift + arrow keys resize · with Ctrl in small steps")
            )
        elif self._placing.is_floating:
            keys.append(self.tr("Shift + arrow keys resize · with Ctrl in small steps"))
        reading = self.tr(
            "Page Up, Page Down, Home scroll · Space pauses · End goes live · Ctrl + C copies · "
            "Esc leaves"
        )
        return [*keys, reading]

    def _on_key(self, key: int, modifiers: Qt.KeyboardModifier) -> None:
        if self._steps is None:
            return
        was_held = self._overlay.is_held
        if read_by_key(self._overlay, key, modifiers):
            if self._overlay.is_held != was_held:
                self.announce(self.tr("Live") if was_held else self.tr("Paused"))
            return
        before, least = self._steps.last, self._overlay.minimumSize()
        place = changed_by_key(before, key, modifiers, least=least)
        if place is None or not self._placing.is_floating:
            return
        if self._placing.is_movable or place.size() != before.size():
            self._steps.ask(place := self._placing.on_screens(place))
            self._placing.put(place)
            self._announce_timer.start()

    def _announce_place(self) -> None:
        if self._steps is None:
            return
        place, screen = self._steps.last, self._placing.screen_area
        self._bar.announce(
            self.tr("{left} from the left, {top} from the top, {width} wide, {height} high").format(
                left=place.left() - screen.left(),
                top=place.top() - screen.top(),
                width=place.width(),
                height=place.height(),
            )
        )
