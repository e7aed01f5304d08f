"""A line for the path of a file, with a button that finds it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from captioner.gui.preferences.file_choice import FileChoice


class FileField(QWidget):
    """A path, typed or chosen.

    Signals:
        entered: Another path; empty for none.
    """

    entered = Signal(str)

    def __init__(self, title: str, kinds: str) -> None:
        """Show no path.

        Args:
            title: Of the dialog that finds a file.
            kinds: A filter such as ``Zip files (*.zip)``.
        """
        super().__init__()
        self._title, self._kinds = title, kinds
        self.files = FileChoice(self)
        self.line = QLineEdit()
        self.line.textEdited.connect(lambda text: self.entered.emit(text.strip()))
        self.browse = QPushButton(self.tr("Browse\u2026"))
        self.browse.setAutoDefault(False)
        self.browse.setAccessibleName(title)
        self.browse.clicked.connect(self._browse)
        self.setFocusProxy(self.line)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.line, 1)
        row.addWidget(self.browse)

    def show_path(self, path: str) -> None:
        """Show ``path`` without telling anybody."""
        if self.line.text().strip() != path:
            self.line.setText(path)

    def hideEvent(self, event: object) -> None:  # noqa: ARG002, N802  # Qt's name
        """Nobody chooses any more."""
        self.files.close()

    def _browse(self) -> None:
        self.files.to_open(self._title, self._kinds, self._choose)

    def _choose(self, path: Path) -> None:
        self.line.setText(str(path))
        self.entered.emit(str(path))
