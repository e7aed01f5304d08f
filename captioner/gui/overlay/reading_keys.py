"""Keys of arrange mode that have to do with reading: scroll back, hold, go live, copy."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import Qt

from captioner.gui.overlay.view import CaptionView


class Readable(Protocol):
    """The part of the overlay that these keys need."""

    view: CaptionView

    @property
    def is_held(self) -> bool:
        """True while the captions stand still."""
        ...

    def set_held(self, wanted: bool) -> None:  # noqa: FBT001  # a switch, as Qt's own
        """Let the captions stand still, or go on."""
        ...

    def copy(self, *, everything: bool = False) -> None:
        """Copy captions to the clipboard."""
        ...


def read_by_key(overlay: Readable, key: int, modifiers: Qt.KeyboardModifier) -> bool:
    """Do what a key asks for; return False if it has nothing to do with reading."""
    if key == Qt.Key.Key_C and modifiers & Qt.KeyboardModifier.ControlModifier:
        overlay.copy(everything=bool(modifiers & Qt.KeyboardModifier.ShiftModifier))
        return True
    match key:
        case Qt.Key.Key_PageUp:
            overlay.view.scroll_page(-1)
        case Qt.Key.Key_PageDown:
            overlay.view.scroll_page(1)
        case Qt.Key.Key_Home:
            overlay.view.scroll_to_start()
        case Qt.Key.Key_End:
            overlay.set_held(False)  # a switch, as Qt's own
        case Qt.Key.Key_Space:
            overlay.set_held(not overlay.is_held)
        case _:
            return False
    return True
