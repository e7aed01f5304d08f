"""Dialogs that ask for a file, without holding anything up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QWidget


class FileChoice:
    """At most one dialog for files, beside the window that asks."""

    def __init__(self, owner: QWidget) -> None:
        """Open nothing yet."""
        self._owner = owner
        self.dialog: QFileDialog | None = None

    def to_save(self, title: str, kinds: str, name: str, then: Callable[[Path], object]) -> None:
        """Ask where to save.

        Args:
            title: Of the dialog.
            kinds: A filter such as ``Zip files (*.zip)``.
            name: What is offered as the name; its ending is added where the user leaves it out.
            then: Called with the file, if one is chosen.
        """
        dialog = self._begin(title, kinds, then)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(Path(name).suffix.removeprefix("."))
        dialog.selectFile(name)
        dialog.open()

    def to_open(self, title: str, kinds: str, then: Callable[[Path], object]) -> None:
        """Ask which file to read; the arguments are those of `to_save`."""
        dialog = self._begin(title, kinds, then)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.open()

    def folder(self, title: str, then: Callable[[Path], object]) -> None:
        """Ask for a folder; ``then`` is called with it."""
        dialog = self._begin(title, "", then)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.open()

    def close(self) -> None:
        """Close the dialog, if it is open; nothing is chosen."""
        if self.dialog is not None:
            self.dialog.reject()

    def _begin(self, title: str, kinds: str, then: Callable[[Path], object]) -> QFileDialog:
        self.close()
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        dialog = self.dialog = QFileDialog(self._owner, title, folder)
        if kinds:
            dialog.setNameFilter(kinds)
        dialog.fileSelected.connect(lambda path: then(Path(path)))
        dialog.finished.connect(self._forget)
        return dialog

    def _forget(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None
