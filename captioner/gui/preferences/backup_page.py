"""The page on settings in a file: out to it, and back from it as changes that can be looked at."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton

from captioner.core.errors import CaptionerError
from captioner.gui.desk import Desk
from captioner.gui.preferences.draft import Draft
from captioner.gui.preferences.file_choice import FileChoice
from captioner.gui.preferences.message_bar import announce
from captioner.gui.preferences.page import Page, small_print
from captioner.gui.text.sentences import said
from captioner.settings.exchange import export_settings, import_settings, values_of

_FILE: Final = "captioner-settings.json"


class BackupPage(Page):
    """Export and import."""

    key: ClassVar[str] = "backup"

    def __init__(self, draft: Draft, desk: Desk) -> None:
        """Build the page."""
        super().__init__(draft, desk)
        self.files = FileChoice(self)
        form = self.group(self.tr("Settings in a file"))
        self.export_button = QPushButton(self.tr("&Export settings…"))
        self.export_button.clicked.connect(self._choose_target)
        self.row(
            form,
            "",
            self.export_button,
            help_text=self.tr(
                "All settings that are applied, for another computer or as a copy. Keys and "
                "passwords are not in it."
            ),
            words=self.tr("backup copy save transfer"),
        )
        self.import_button = QPushButton(self.tr("&Import settings…"))
        self.import_button.clicked.connect(self._choose_source)
        self.row(
            form,
            "",
            self.import_button,
            help_text=self.tr(
                "What the file says is entered on all pages. Nothing holds before you apply it."
            ),
            words=self.tr("restore load transfer"),
        )
        self.outcome = QLabel()
        self.outcome.setWordWrap(True)
        self.outcome.setTextFormat(Qt.TextFormat.PlainText)
        self.outcome.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.outcome.hide()
        form.addRow(self.outcome)
        text = self.tr("Settings are kept in {file}.").format(file=desk.paths.settings_file)
        form.addRow(small_print(text))

    @property
    def title(self) -> str:
        """Its title."""
        return self.tr("Backup")

    def forget(self) -> None:
        """Close what is open beside the dialog, and say nothing of what was imported."""
        self.files.close()
        self.outcome.hide()

    def _choose_target(self) -> None:
        self.files.to_save(
            self.tr("Export settings"), self.tr("Settings (*.json)"), _FILE, self._export
        )

    def _choose_source(self) -> None:
        self.files.to_open(self.tr("Import settings"), self.tr("Settings (*.json)"), self._import)

    def _export(self, target: Path) -> None:
        self.desk.tasks.start(self._exported(target), name="export-settings")

    def _import(self, source: Path) -> None:
        self.desk.tasks.start(self._imported(source), name="import-settings")

    async def _exported(self, target: Path) -> None:
        try:
            await asyncio.to_thread(export_settings, self.desk.live.loaded.saved, target)
        except CaptionerError as error:
            self._tell_trouble(error)
        else:
            self._tell(self.tr("The settings are saved as {file}.").format(file=target))

    async def _imported(self, source: Path) -> None:
        try:
            settings, notices = await asyncio.to_thread(import_settings, source)
        except CaptionerError as error:
            self._tell_trouble(error)
            return
        before = {field: self.draft.value(field) for field in values_of(settings)}
        for field, value in values_of(settings).items():
            self.draft.set(field, value)
        self.draft.reloaded.emit()
        changed = [field for field in before if self.draft.value(field) != before[field]]
        self._tell(" ".join([*(said(notice) for notice in notices), self._summary(changed)]))

    def _summary(self, changed: list[str]) -> str:
        if not changed:
            return self.tr("The file says what is entered already.")
        names = sorted({self.draft.names.get(field, field) for field in changed})
        text = self.tr("Apply, and this becomes what the file says:\n{list}")
        return text.format(list="\n".join(f"\u2022 {name}" for name in names))

    def _tell_trouble(self, error: CaptionerError) -> None:
        trouble = " ".join(said(text) for text in (error.message, error.hint) if text)
        self._tell(f"\u26a0 {trouble}")

    def _tell(self, text: str) -> None:
        self.outcome.setText(text)
        self.outcome.show()
        announce(self, text)
