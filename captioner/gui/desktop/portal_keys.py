"""Keys that the desktop hands out, as the rest of the program meets them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Final

from PySide6.QtCore import QKeyCombination, QObject, Qt, Signal
from PySide6.QtGui import QKeySequence

from captioner.gui.commands import Command
from captioner.gui.desktop.portal import PortalError, Shortcut, serve
from captioner.gui.tasks import Tasks

logger = logging.getLogger(__name__)

_MODIFIERS: Final = {
    Qt.KeyboardModifier.ControlModifier: "CTRL",
    Qt.KeyboardModifier.AltModifier: "ALT",
    Qt.KeyboardModifier.ShiftModifier: "SHIFT",
    Qt.KeyboardModifier.MetaModifier: "LOGO",
}


class PortalKeys(QObject):
    """Asks the desktop for keys, and tells which is pressed.

    Signals:
        pressed: The key of this `Command` was pressed.
        changed: `keys`, `is_asking` or `has_failed` are others.
    """

    pressed = Signal(object)
    changed = Signal()

    def __init__(self, tasks: Tasks) -> None:
        """Ask for nothing yet."""
        super().__init__()
        self._tasks = tasks
        self._task: asyncio.Task[None] | None = None
        self.keys: dict[Command, str] = {}
        self.is_asking = False
        self.has_failed = False

    def ask(self, shortcuts: Sequence[Shortcut]) -> None:
        """Have the desktop give keys; what was asked before counts no more."""
        self.close()
        self.keys, self.is_asking, self.has_failed = {}, True, False
        self.changed.emit()
        self._task = self._tasks.start(self._serve(shortcuts), name="portal-keys")

    def close(self) -> None:
        """Give the keys back."""
        if self._task is not None:
            self._task.cancel()

    async def _serve(self, shortcuts: Sequence[Shortcut]) -> None:
        try:
            await serve(
                shortcuts,
                on_bound=self._on_bound,
                on_pressed=lambda name: self.pressed.emit(Command(name)),
            )
        except PortalError as error:
            logger.warning("the desktop gives no keys: %s", error)
            self.keys, self.is_asking, self.has_failed = {}, False, True
            self.changed.emit()

    def _on_bound(self, keys: Mapping[str, str]) -> None:
        self.keys = {Command(name): key for name, key in keys.items()}
        self.is_asking = False
        self.changed.emit()


def trigger_of(combination: QKeyCombination | None) -> str:
    """Return ``combination`` as the portal writes keys; empty where it has no plain name."""
    if combination is None:
        return ""
    held = combination.keyboardModifiers()
    names = [name for modifier, name in _MODIFIERS.items() if held & modifier]
    key = QKeySequence(combination.key()).toString(QKeySequence.SequenceFormat.PortableText)
    is_function = Qt.Key.Key_F1 <= combination.key() <= Qt.Key.Key_F35
    if not key.isascii() or not (is_function or (len(key) == 1 and key.isalnum())):
        return ""
    return "+".join([*names, key if is_function else key.lower()])
