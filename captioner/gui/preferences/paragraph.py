"""Text on a page that is no row: how it stands, and how an error is told in it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from captioner.core.errors import CaptionerError
from captioner.gui.text.sentences import said


def paragraph() -> QLabel:
    """Return an empty paragraph."""
    label = QLabel()
    label.setWordWrap(True)
    label.setContentsMargins(4, 3, 4, 3)  # in line with the rows
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def trouble(error: CaptionerError) -> str:
    """Return what went wrong, and what helps."""
    return f"\u26a0 {' '.join(said(text) for text in (error.message, error.hint) if text)}"
