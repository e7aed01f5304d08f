"""A field for a folder, typed or chosen."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from captioner.gui.preferences.file_choice import FileChoice


class FolderField(QWidget):
    """The field with its button.

    Attributes:
        line: The field itself.
        browse: The button beside it.

    Signals:
        edited: The user names another folder; empty for the usual one.
    """

    edited = Signal(str)

    def __init__(self, files: FileChoice, usual: Path, title: str, button: str) -> None:
        """Build it.

        Args:
            files: Shows the dialog that chooses.
            usual: The folder where none is named.
            title: What the dialog is called.
            button: What the button says.
        """
        super().__init__()
        self.line = QLineEdit()
        self.line.setPlaceholderText(str(usual))
        self.line.textEdited.connect(self.edited)
        self.browse = QPushButton(button)
        self.browse.clicked.connect(lambda: files.folder(title, self.choose))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.line, stretch=1)
        row.addWidget(self.browse)
        self.setFocusProxy(self.line)

    def choose(self, folder: Path) -> None:
        """Take ``folder`` as the user's choice."""
        self.line.setText(str(folder))
        self.edited.emit(str(folder))
