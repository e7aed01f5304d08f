"""Keys that reach the program whatever window is in use: on Windows."""

from __future__ import annotations

import ctypes
import logging
import sys
from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import (
    QAbstractNativeEventFilter,
    QByteArray,
    QCoreApplication,
    QKeyCombination,
    QObject,
    Qt,
    Signal,
)

from captioner.gui.commands import Command
from captioner.gui.desktop.taking import Refusal

logger = logging.getLogger(__name__)

_MODIFIERS: Final = {
    Qt.KeyboardModifier.AltModifier: 0x1,
    Qt.KeyboardModifier.ControlModifier: 0x2,
    Qt.KeyboardModifier.ShiftModifier: 0x4,
    Qt.KeyboardModifier.MetaModifier: 0x8,
}
_NO_REPEAT: Final = 0x4000
_HOTKEY_MESSAGE: Final = 0x312
_F1: Final = 0x70
_LAST_F: Final = Qt.Key.Key_F24
_NAMED: Final = {
    Qt.Key.Key_Backspace: 0x08,
    Qt.Key.Key_Tab: 0x09,
    Qt.Key.Key_Return: 0x0D,
    Qt.Key.Key_Pause: 0x13,
    Qt.Key.Key_Escape: 0x1B,
    Qt.Key.Key_Space: 0x20,
    Qt.Key.Key_PageUp: 0x21,
    Qt.Key.Key_PageDown: 0x22,
    Qt.Key.Key_End: 0x23,
    Qt.Key.Key_Home: 0x24,
    Qt.Key.Key_Left: 0x25,
    Qt.Key.Key_Up: 0x26,
    Qt.Key.Key_Right: 0x27,
    Qt.Key.Key_Down: 0x28,
    Qt.Key.Key_Print: 0x2C,
    Qt.Key.Key_Insert: 0x2D,
    Qt.Key.Key_Delete: 0x2E,
    Qt.Key.Key_Menu: 0x5D,
    Qt.Key.Key_ScrollLock: 0x91,
    Qt.Key.Key_MediaNext: 0xB0,
    Qt.Key.Key_MediaPrevious: 0xB1,
    Qt.Key.Key_MediaStop: 0xB2,
    Qt.Key.Key_MediaPlay: 0xB3,
    Qt.Key.Key_MediaTogglePlayPause: 0xB3,
}


def virtual_key(key: Qt.Key) -> int | None:
    """Return the number that Windows has for ``key``; None for one that it may have elsewhere."""
    if key in _NAMED:
        return _NAMED[key]
    if Qt.Key.Key_F1 <= key <= _LAST_F:
        return _F1 + (key - Qt.Key.Key_F1)
    if Qt.Key.Key_A <= key <= Qt.Key.Key_Z or Qt.Key.Key_0 <= key <= Qt.Key.Key_9:
        return int(key)
    return None


def modifier_bits(combination: QKeyCombination) -> int:
    """Return Windows' bits for what is held."""
    held = combination.keyboardModifiers()
    return sum(bit for modifier, bit in _MODIFIERS.items() if held & modifier)


if sys.platform == "win32":
    from ctypes import wintypes

    _USER: Final = ctypes.WinDLL("user32", use_last_error=True)

    class _Filter(QAbstractNativeEventFilter):
        """Picks our keys out of the messages of this thread."""

        def __init__(self, keys: WindowsKeys) -> None:
            super().__init__()
            self._keys = keys

        def nativeEventFilter(  # noqa: N802  # Qt's name
            self, kind: QByteArray | bytes | bytearray | memoryview[int], message: int
        ) -> tuple[bool, int]:
            if kind == b"windows_generic_MSG":
                found = wintypes.MSG.from_address(int(message))
                if found.message == _HOTKEY_MESSAGE and self._keys.press(found.wParam):
                    return True, 0
            return False, 0

    class WindowsKeys(QObject):
        """Takes keys from the system; see `captioner.gui.desktop.taking.KeyTaker`.

        Signals:
            pressed: The key of this `Command` was pressed.
            refused: What could not be taken: `Refusal` by `Command`.
        """

        pressed = Signal(object)
        refused = Signal(object)

        def __init__(self) -> None:
            """Take nothing yet."""
            super().__init__()
            self._taken: dict[int, Command] = {}
            self._filter = _Filter(self)
            if (application := QCoreApplication.instance()) is not None:
                application.installNativeEventFilter(self._filter)

        def press(self, number: int) -> bool:
            """Tell of the key with this number; return whether it is one of ours."""
            if number not in self._taken:
                return False
            self.pressed.emit(self._taken[number])
            return True

        def take(self, wanted: Mapping[Command, QKeyCombination]) -> None:
            """Take these keys and no others."""
            self._give_back()
            refusals: dict[Command, Refusal] = {}
            for number, (command, combination) in enumerate(wanted.items(), start=1):
                key = virtual_key(combination.key())
                if key is None:
                    refusals[command] = Refusal.NOT_ON_KEYBOARD
                    continue
                modifiers = modifier_bits(combination) | _NO_REPEAT
                if _USER.RegisterHotKey(None, number, modifiers, key):
                    self._taken[number] = command
                else:
                    logger.info("no key for %s: error %d", command, ctypes.get_last_error())
                    refusals[command] = Refusal.TAKEN
            self.refused.emit(refusals)

        def close(self) -> None:
            """Give all of them back."""
            self._give_back()
            if (application := QCoreApplication.instance()) is not None:
                application.removeNativeEventFilter(self._filter)

        def _give_back(self) -> None:
            for number in self._taken:
                _USER.UnregisterHotKey(None, number)
            self._taken.clear()
