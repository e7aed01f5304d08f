"""The page on the history: whether, where and for how long, and what there is of it."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import ClassVar, Final

from PySide6.QtCore import QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QMenu,
    QMessageBox,
    QProgressBar,
    QPushButton,
)

from captioner.core.errors import CaptionerError
from captioner.gui.desk import Desk
from captioner.gui.preferences.draft import Draft
from captioner.gui.preferences.file_choice import FileChoice
from captioner.gui.preferences.folder_field import FolderField
from captioner.gui.preferences.message_bar import announce
from captioner.gui.preferences.page import Page
from captioner.gui.preferences.paragraph import paragraph, trouble
from captioner.gui.transcript.saving import format_names
from captioner.settings.history import history_file
from captioner.settings.history_key import history_key
from captioner.sinks.history_work import amount, delete_all, export_all
from captioner.transcript.export import TranscriptFormat
from captioner.transcript.history.converting import share_done
from captioner.transcript.history.sqlite import cipher

_EVER: Final = float("inf")
_COUNT_EVERY_MS: Final = 2000


class HistoryPage(Page):
    """Keeping, and what is kept.

    Attributes:
        question: Asks before everything is deleted; None while nothing is asked.
    """

    key: ClassVar[str] = "history"

    def __init__(self, draft: Draft, desk: Desk) -> None:
        """Build the page."""
        super().__init__(draft, desk)
        self.files = FileChoice(self)
        self.question: QMessageBox | None = None
        self._add_keeping()
        self._add_kept()
        self._again = QTimer(self, interval=_COUNT_EVERY_MS)
        self._again.timeout.connect(self._count)

    @property
    def title(self) -> str:
        """Its title."""
        return self.tr("History")

    def opened(self) -> None:
        """Say nothing of what was done before."""
        self.outcome.hide()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        """Tell how much there is, as long as it is seen."""
        super().showEvent(event)
        self._count()
        self._again.start()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  # Qt's name
        """Look no longer."""
        super().hideEvent(event)
        self._again.stop()

    def forget(self) -> None:
        """Close what is open beside the dialog."""
        self.files.close()
        if self.question is not None:
            self.question.reject()

    @property
    def _file(self) -> Path:
        return history_file(self.desk.live.now.history, self.desk.paths.data_dir)

    def _add_keeping(self) -> None:
        form = self.group(self.tr("Transcripts on this computer"))
        self.row(
            form,
            "",
            self.check("history.is_kept", self.tr("&Keep what was said")),
            field="history.is_kept",
            help_text=self.tr(
                "Only you can read it. While this is off, nothing that is said is written down."
            ),
            words=self.tr("private mode record log"),
        )
        self.folder = self._folder_control()
        days = self.number("history.keep_days", 0, 3650, suffix=self.tr(" days"))
        days.setSpecialValueText(self.tr("Until you delete it"))
        self.row(
            form,
            self.tr("&For:"),
            days,
            field="history.keep_days",
            help_text=self.tr("What is older is deleted for good."),
            words=self.tr("retention expire"),
        )
        self.row(
            form,
            self.tr("F&older:"),
            self.folder,
            field="history.folder",
            help_text=self.tr("Transcripts move along when you choose another one."),
            words=self.tr("directory place path"),
        )
        self.row(
            form,
            "",
            self.check("history.encrypted", self.tr("E&ncrypt them")),
            field="history.encrypted",
            help_text=self.tr(
                "With a key in your keyring. Without that keyring nobody can read them, not even "
                "you. Exported files and copies are not encrypted."
            ),
            words=self.tr("password secret privacy protect"),
        )

    async def commit(self) -> None:
        """Get the key before anything is encrypted: without one, nothing is applied.

        Raises:
            UnsupportedError: There is none to be had.
        """
        if self.draft.value("history.encrypted") and not self.desk.live.now.history.encrypted:
            cipher()
            await history_key.begin()

    def _folder_control(self) -> FolderField:
        control = FolderField(
            self.files,
            self.desk.paths.data_dir,
            self.tr("Folder of the transcripts"),
            self.tr("C&hoose…"),
        )
        control.browse.setAccessibleName(self.tr("Choose the folder of the transcripts"))
        control.edited.connect(lambda text: self.draft.set("history.folder", text or None))
        line = control.line
        self.follow(line, lambda: line.setText(str(self.draft.value("history.folder") or "")))
        return control

    def _add_kept(self) -> None:
        form = self.group(self.tr("What is kept now"))
        self.amount = paragraph()
        form.addRow(self.amount)
        self.open_button = QPushButton(self.tr("Open the fol&der"))
        self.open_button.clicked.connect(self._open_folder)
        self.row(form, "", self.open_button, words=self.tr("show files"))
        self.export_button = QPushButton(self.tr("&Export all"))
        menu = QMenu(self.export_button)
        for kind, name in format_names().items():
            title = self.tr("{format} (.{ending})…").format(format=name, ending=kind.value)
            menu.addAction(title, partial(self._choose_target, kind))
        self.export_button.setMenu(menu)
        self.row(
            form,
            "",
            self.export_button,
            help_text=self.tr("A file for each transcript, into a folder that you choose."),
            words=self.tr("save copy subtitles"),
        )
        self.delete_button = QPushButton(self.tr("De&lete all…"))
        self.delete_button.clicked.connect(self._ask_to_delete)
        self.row(form, "", self.delete_button, words=self.tr("erase remove"))
        self.progress = QProgressBar()
        self.progress.setAccessibleName(self.tr("Progress of the export"))
        self.progress.hide()
        form.addRow(self.progress)
        self.outcome = paragraph()
        self.outcome.hide()
        form.addRow(self.outcome)

    def _count(self) -> None:
        self.desk.tasks.start(self._counted(), name="count-transcripts")

    async def _counted(self) -> None:
        try:
            share = await asyncio.to_thread(share_done, self._file)
            runs, captions, size = await asyncio.to_thread(amount, self._file)
        except CaptionerError as error:
            self.amount.setText(trouble(error))
            runs = 0
        else:
            text = self._amount_said(runs, captions, size)
            self.amount.setText(text if share is None else self._share_said(share))
        self.export_button.setEnabled(runs > 0)
        self.delete_button.setEnabled(runs > 0)

    def _amount_said(self, runs: int, captions: int, size: int) -> str:
        if not runs:
            return self.tr("Nothing is kept yet.")
        locale = self.locale()
        return self.tr("Transcripts: {runs}. Captions in them: {captions}. Size: {size}.").format(
            runs=locale.toString(runs),
            captions=locale.toString(captions),
            size=locale.formattedDataSize(size, 1),
        )

    def _share_said(self, share: float) -> str:
        return (
            self.tr("The transcripts are being encrypted: {percent} % are done.")
            if self.desk.live.now.history.encrypted
            else self.tr(
                "The encryption of the transcripts is being removed: {percent} % are done."
            )
        ).format(percent=self.locale().toString(round(100 * share)))

    def _open_folder(self) -> None:
        folder = self._file.parent
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            text = self.tr("No program opens folders here. This one is {folder}.")
            self._tell(text.format(folder=folder))

    def _choose_target(self, form: TranscriptFormat) -> None:
        self.files.folder(
            self.tr("Export all transcripts"),
            lambda folder: self.desk.tasks.start(
                self._exported(form, folder), name="export-transcripts"
            ),
        )

    async def _exported(self, form: TranscriptFormat, folder: Path) -> None:
        loop = asyncio.get_running_loop()

        def progress(done: int, whole: int) -> None:
            loop.call_soon_threadsafe(self._show_progress, done, whole)

        self.export_button.setEnabled(False)
        try:
            count = await asyncio.to_thread(export_all, self._file, form, folder, progress)
        except CaptionerError as error:
            self._tell(trouble(error))
        else:
            text = self.tr("Transcripts in {folder}: {count}.")
            self._tell(text.format(folder=folder, count=self.locale().toString(count)))
        finally:
            self.progress.hide()
            self.export_button.setEnabled(True)

    def _show_progress(self, done: int, whole: int) -> None:
        self.progress.setVisible(done < whole)
        self.progress.setRange(0, whole)
        self.progress.setValue(done)

    def _ask_to_delete(self) -> None:
        question = self.question = QMessageBox(
            QMessageBox.Icon.Warning,
            self.tr("Delete all transcripts"),
            self.tr("Delete all transcripts for good?"),
            QMessageBox.StandardButton.Cancel,
            self,
        )
        question.setInformativeText(
            self.tr("{amount} Nothing of them can be brought back.").format(
                amount=self.amount.text()
            )
        )
        delete = question.addButton(self.tr("&Delete"), QMessageBox.ButtonRole.DestructiveRole)
        question.setDefaultButton(QMessageBox.StandardButton.Cancel)
        delete.clicked.connect(
            lambda: self.desk.tasks.start(self._deleted(), name="delete-transcripts")
        )
        question.finished.connect(self._forget_question)
        question.open()

    def _forget_question(self) -> None:
        if self.question is not None:
            self.question.deleteLater()
            self.question = None

    async def _deleted(self) -> None:
        self.delete_button.setEnabled(False)
        try:
            await asyncio.to_thread(delete_all, self._file)
        except CaptionerError as error:
            self._tell(trouble(error))
        else:
            self._tell(self.tr("All transcripts are deleted."))
        await self._counted()

    def _tell(self, text: str) -> None:
        self.outcome.setText(text)
        self.outcome.show()
        announce(self, text)
