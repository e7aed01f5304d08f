"""The row on who recognises first; the menu of the captions has the same choice."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QSignalBlocker
from PySide6.QtWidgets import QComboBox, QFormLayout

from captioner.gui.preferences.page import Page
from captioner.gui.preferences.server_records import called
from captioner.settings.endpoints import EMBEDDED, EndpointSettings

_FIELD = "connection.recogniser"


class RecogniserChoice(QObject):
    """The servers as they are listed, one of them before the others, or this computer alone."""

    def __init__(self, page: Page, form: QFormLayout) -> None:
        """Add the row to ``form``."""
        super().__init__(page)
        self._draft = page.draft
        self.box = QComboBox()
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.box.currentIndexChanged.connect(
            lambda index: self._draft.set(_FIELD, self.box.itemData(index))
        )
        page.follow(self.box, self._show)
        self._draft.changed.connect(self._on_draft)
        page.row(
            form,
            self.tr("&In use:"),
            self.box,
            field=_FIELD,
            help_text=self.tr("The menu of the captions offers the same as “Recogniser”."),
            words=self.tr("embedded engine preferred offline"),
        )

    def follow_account(self, before: str, after: str) -> None:
        """Keep to the chosen server when its address has changed."""
        if before and after and self._draft.value(_FIELD) == before:
            self._draft.set(_FIELD, after)

    def _on_draft(self, field: str) -> None:
        if field in {"endpoints", _FIELD}:
            blocker = QSignalBlocker(self.box)
            self._show()
            blocker.unblock()

    def _show(self) -> None:
        wanted = str(self._draft.value(_FIELD))
        entries = self._draft.value("endpoints")
        servers = [
            each
            for each in (entries if isinstance(entries, Sequence) else ())
            if isinstance(each, EndpointSettings)
        ]
        self.box.clear()
        self.box.addItem(self.tr("The servers as they are listed"), "")
        for server in servers:
            text = self.tr("{server} before the others")
            self.box.addItem(text.format(server=called(server)), server.account)
        self.box.addItem(self.tr("This computer alone"), EMBEDDED)
        if self.box.findData(wanted) < 0:
            text = self.tr("{name} (not there)")
            self.box.addItem(text.format(name=wanted), wanted)
        self.box.setCurrentIndex(self.box.findData(wanted))
