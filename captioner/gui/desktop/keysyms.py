"""Keys as Qt writes them, turned into keys as X11 names them."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QKeyCombination, Qt

from captioner.gui.desktop.xcb import ALT, CONTROL, SHIFT, SUPER

_MODIFIERS: Final = {
    Qt.KeyboardModifier.ShiftModifier: SHIFT,
    Qt.KeyboardModifier.ControlModifier: CONTROL,
    Qt.KeyboardModifier.AltModifier: ALT,
    Qt.KeyboardModifier.MetaModifier: SUPER,
}
_FUNCTION: Final = 0xFFBE
_UNICODE: Final = 0x01000000
_LAST_LATIN_1: Final = 0xFF
_NAMED: Final = {
    Qt.Key.Key_Escape: 0xFF1B,
    Qt.Key.Key_Tab: 0xFF09,
    Qt.Key.Key_Backspace: 0xFF08,
    Qt.Key.Key_Return: 0xFF0D,
    Qt.Key.Key_Enter: 0xFF8D,
    Qt.Key.Key_Insert: 0xFF63,
    Qt.Key.Key_Delete: 0xFFFF,
    Qt.Key.Key_Pause: 0xFF13,
    Qt.Key.Key_Print: 0xFF61,
    Qt.Key.Key_Home: 0xFF50,
    Qt.Key.Key_End: 0xFF57,
    Qt.Key.Key_Left: 0xFF51,
    Qt.Key.Key_Up: 0xFF52,
    Qt.Key.Key_Right: 0xFF53,
    Qt.Key.Key_Down: 0xFF54,
    Qt.Key.Key_PageUp: 0xFF55,
    Qt.Key.Key_PageDown: 0xFF56,
    Qt.Key.Key_Menu: 0xFF67,
    Qt.Key.Key_ScrollLock: 0xFF14,
    Qt.Key.Key_MediaPlay: 0x1008FF14,
    Qt.Key.Key_MediaStop: 0x1008FF15,
    Qt.Key.Key_MediaPrevious: 0x1008FF16,
    Qt.Key.Key_MediaNext: 0x1008FF17,
    Qt.Key.Key_MediaPause: 0x1008FF31,
}


def keysym_of(key: Qt.Key) -> int | None:
    """Return X11's name of ``key``; None for one that has none here."""
    if key in _NAMED:
        return _NAMED[key]
    if Qt.Key.Key_F1 <= key <= Qt.Key.Key_F35:
        return _FUNCTION + (key - Qt.Key.Key_F1)
    if key >= _UNICODE:  # Qt's other special keys
        return None
    character = chr(key).lower()
    code = ord(character) if len(character) == 1 else key
    return code if code <= _LAST_LATIN_1 else _UNICODE + code


def modifiers_of(combination: QKeyCombination) -> int | None:
    """Return X11's bits for what is held; None where something else than these four is."""
    bits = 0
    rest = combination.keyboardModifiers()
    for modifier, bit in _MODIFIERS.items():
        if rest & modifier:
            bits |= bit
            rest &= ~modifier
    return bits if rest == Qt.KeyboardModifier.NoModifier else None
