"""The page on the program itself: versions, licences, logs, diagnostics, settings on file."""

from __future__ import annotations

import asyncio
import platform
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import ClassVar, Final

from PySide6.QtCore import Qt, QUrl, qVersion
from PySide6.QtGui import QDesktopServices, QGuiApplication, QShowEvent
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QProgressBar, QPushButton

from captioner import __version__
from captioner.core.errors import CaptionerError
from captioner.core.system import system_name
from captioner.gui.desk import Desk
from captioner.gui.preferences.draft import Draft
from captioner.gui.preferences.file_choice import FileChoice
from captioner.gui.preferences.licence_list import LicenceList
from captioner.gui.preferences.message_bar import announce
from captioner.gui.preferences.page import Page, small_print
from captioner.gui.text.sentences import said

_PACKAGES: Final = (
    ("gRPC", "grpcio"),
    ("NVIDIA Riva client", "nvidia-riva-client"),
    ("Moonshine", "moonshine-voice"),
    ("PySide6", "PySide6-Essentials"),
)


class AboutPage(Page):
    """What runs here, and what helps when it does not."""

    key: ClassVar[str] = "about"

    def __init__(self, draft: Draft, desk: Desk) -> None:
        """Build the page."""
        super().__init__(draft, desk)
        self._versions = _versions()
        self.files = FileChoice(self)
        self._add_versions()
        self._add_updates()
        self._add_help()
        self._add_licences()

    @property
    def title(self) -> str:
        """Its title."""
        return self.tr("About")

    def forget(self) -> None:
        """Close what is open beside the dialog."""
        self.files.close()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        """Read the licences when the page is looked at."""
        super().showEvent(event)
        self.desk.tasks.start(self.licences.fill(), name="read-licences")

    def _add_versions(self) -> None:
        form = self.group(self.tr("Versions"))
        for name, value in self._versions.items():
            _fact(form, name, value)
        self.copy = QPushButton(self.tr("&Copy versions"))
        self.copy.clicked.connect(self._copy_versions)
        self.row(form, "", self.copy, words=self.tr("version clipboard"))

    def _add_updates(self) -> None:
        form = self.group(self.tr("Newer versions"))
        self.row(
            form,
            "",
            self.check("updates.check", self.tr("&Look for a newer version once a day")),
            field="updates.check",
            help_text=self.tr("Nothing but the request itself is sent, and nothing is installed."),
            words=self.tr("update upgrade release"),
        )
        self.row(
            form,
            self.tr("Add&ress:"),
            self.text("updates.url"),
            field="updates.url",
            help_text=self.tr(
                "Of the file that names the newest version, from whoever gave you Captioner. "
                "Without it nobody is asked."
            ),
            words=self.tr("update url https"),
        )
        self.newer = QLabel()
        self.newer.setWordWrap(True)
        self.newer.setContentsMargins(4, 3, 4, 3)  # in line with the rows
        self.newer.setTextFormat(Qt.TextFormat.PlainText)
        self.newer.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.open_newer = QPushButton(self.tr("Show this &page"))
        self.open_newer.setAutoDefault(False)
        self.open_newer.clicked.connect(self._open_newer)
        line = QHBoxLayout()
        line.setContentsMargins(4, 3, 4, 3)
        line.addWidget(self.open_newer)
        line.addStretch(1)
        form.addRow(self.newer)
        form.addRow(line)
        self.desk.updates.changed.connect(self._show_newer)
        self._show_newer()

    def _show_newer(self) -> None:
        newer = self.desk.updates.newer
        for widget in (self.newer, self.open_newer):
            widget.setVisible(newer is not None)
        if newer is not None:
            text = self.tr("Version {version} is there: {page}")
            self.newer.setText(text.format(version=newer.version, page=newer.page))

    def _open_newer(self) -> None:
        newer = self.desk.updates.newer
        if newer is not None and not QDesktopServices.openUrl(QUrl(newer.page)):
            self._tell(self.tr("No program opens web pages here. This one is above, to be copied."))

    def _add_help(self) -> None:
        form = self.group(self.tr("When something is wrong"))
        _fact(form, self.tr("Log files"), str(self.desk.paths.log_dir))
        self.open_logs = QPushButton(self.tr("&Open the folder of the log files"))
        self.open_logs.clicked.connect(self._open_logs)
        self.row(
            form,
            "",
            self.open_logs,
            help_text=self.tr("They say what happened when, and never what was captioned."),
        )
        self.save = QPushButton(self.tr("Save &diagnostics…"))
        self.save.clicked.connect(self._choose_bundle)
        self.row(
            form,
            "",
            self.save,
            help_text=self.tr(
                "One zip file with versions, settings, sound devices, log files and what a check "
                "of all parts finds, for whoever helps you. Each sound device is listened to for "
                "a second. No key or password is in it, and no word that was captioned."
            ),
            words=self.tr("bundle support report bug zip"),
        )
        self.progress = QProgressBar()
        self.progress.setAccessibleName(self.tr("Progress of the diagnostics"))
        self.progress.hide()
        self.outcome = small_print("")
        self.outcome.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.outcome.hide()
        form.addRow(self.progress)
        form.addRow(self.outcome)

    def _add_licences(self) -> None:
        form = self.group(self.tr("Licences"))
        self.licences = LicenceList()
        self.licences.setAccessibleName(self.tr("Packages and their licences"))
        self.row(
            form,
            "",
            self.licences,
            help_text=self.tr(
                "Qt and PySide6 are used under the GNU Lesser General Public License, version 3. "
                "Their libraries are files of their own, which you may replace by others."
            ),
            words=self.tr("license open source LGPL MIT"),
        )

    def _copy_versions(self) -> None:
        lines = (f"{name}: {value}" for name, value in self._versions.items())
        QGuiApplication.clipboard().setText("\n".join(lines))
        self._tell(self.tr("The versions are on the clipboard."))

    def _open_logs(self) -> None:
        folder = self.desk.paths.log_dir
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            text = self.tr("No program opens folders here. This one is {folder}.")
            self._tell(text.format(folder=folder))

    def _choose_bundle(self) -> None:
        self.files.to_save(
            self.tr("Save diagnostics"),
            self.tr("Zip files (*.zip)"),
            f"captioner-diagnostics-{datetime.now().astimezone():%Y-%m-%d-%H%M}.zip",
            lambda path: self.desk.tasks.start(self._save_bundle(path), name="diagnostics"),
        )

    async def _save_bundle(self, target: Path) -> None:
        # Loaded when wanted: it brings the layers below along.
        from captioner.session.diagnostics import write_bundle  # noqa: PLC0415

        loop = asyncio.get_running_loop()

        def progress(done: int, whole: int) -> None:
            loop.call_soon_threadsafe(self._show_progress, done, whole)

        self.save.setEnabled(False)
        self.progress.setRange(0, 0)
        self.progress.show()
        self._tell(self.tr("The diagnostics are being collected."))
        loaded = self.desk.live.loaded
        try:
            await write_bundle(
                target,
                loaded,
                self.desk.paths,
                facts=self._facts(),
                checks=await self.desk.run_checks(loaded),
                progress=progress,
            )
        except CaptionerError as error:
            trouble = " ".join(said(text) for text in (error.message, error.hint) if text)
            self._tell(f"\u26a0 {trouble}")
        else:
            self._tell(self.tr("The diagnostics are saved as {file}.").format(file=target))
        finally:
            self.progress.hide()
            self.save.setEnabled(True)

    def _show_progress(self, done: int, whole: int) -> None:
        self.progress.setRange(0, whole)
        self.progress.setValue(done)

    def _tell(self, text: str) -> None:
        self.outcome.setText(text)
        self.outcome.show()
        announce(self, text)

    def _facts(self) -> dict[str, str]:
        """Return what only the front end knows, in English: it is for whoever helps."""
        session = self.desk.runner.session
        screens = (
            f"{each.name()} {each.geometry().width()}x{each.geometry().height()} "
            f"at {each.devicePixelRatio():g}"
            for each in QGuiApplication.screens()
        )
        facts = {
            "Qt": f"{qVersion()} on {QGuiApplication.platformName()}",
            "Screens": ", ".join(screens),
            "Captions": "never started" if session is None else session.state.value,
        }
        if session is not None:
            facts |= {"Health": session.health.sentence, "Figures": str(session.figures)}
        return facts


def _versions() -> dict[str, str]:
    found = {"Captioner": __version__, "Python": platform.python_version(), "Qt": str(qVersion())}
    for title, package in _PACKAGES:
        try:
            found[title] = version(package)
        except PackageNotFoundError:
            continue
    return found | {"System": system_name()}


def _fact(form: QFormLayout, name: str, value: str) -> None:
    label = QLabel(value)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setAccessibleName(name)
    form.addRow(f"{name}:", label)
