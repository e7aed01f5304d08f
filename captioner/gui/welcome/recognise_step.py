"""The second step: the recogniser in this computer, or a server, which can be tested."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QWidget,
)

from captioner.core.errors import CaptionerError, ConfigurationError
from captioner.core.network import split_server
from captioner.gui.connection_test import ConnectionTest, Subject
from captioner.gui.desk import Desk
from captioner.gui.text.sentences import said
from captioner.gui.welcome.step import Step
from captioner.settings.endpoints import DEFAULT_PORT, EMBEDDED, EndpointSettings


class RecogniseStep(Step):
    """Chooses where recognition happens; a server is used once the step is left."""

    fields: ClassVar[tuple[str, ...]] = ("endpoints",)

    def __init__(self, desk: Desk, open_settings: Callable[[str], None]) -> None:
        """Build the step; ``open_settings`` opens them at a page."""
        super().__init__(desk)
        self.own = QRadioButton(self.tr("In &this computer"))
        self.server = QRadioButton(self.tr("On a &server of yours"))
        self.address = QLineEdit()
        self.address.setPlaceholderText(self.tr("riva.example.org:50051"))
        self.encrypted = QCheckBox(self.tr("&Encrypted (TLS)"))
        self.test = ConnectionTest(desk.tasks, self._subject)
        self.more = QPushButton(self.tr("&More in the settings…"))
        self._lay_out()
        self.server.toggled.connect(self._show_enabled)
        self.address.textEdited.connect(self._on_change)
        self.encrypted.toggled.connect(self._on_change)
        self.server.toggled.connect(self._on_change)
        self.more.clicked.connect(lambda: open_settings("server"))

    @property
    def title(self) -> str:
        """The question."""
        return self.tr("Where shall speech be recognised?")

    @property
    def first(self) -> QWidget:
        """The choice that holds."""
        return self.server if self.server.isChecked() else self.own

    @property
    def is_plain(self) -> bool:
        """Whether the servers are so few and so plain that this step says all about them."""
        loaded = self.desk.live.loaded
        saved = loaded.saved.endpoints
        is_own = loaded.settings.endpoints == saved
        return is_own and len(saved) <= 1 and all(each == _plain(each) for each in saved)

    def begin(self) -> None:
        """Show what holds."""
        super().begin()
        now = self.desk.live.now
        servers = now.servers or now.endpoints
        self.server.setChecked(bool(now.servers))
        self.own.setChecked(not now.servers)
        if servers:
            self.address.setText(_written(servers[0]))
            self.encrypted.setChecked(servers[0].tls)
        self.test.forget()
        self._show_enabled()

    def finish(self) -> str:
        """Use the server, or none."""
        if not self.is_plain:
            return ""
        saved = self.desk.live.loaded.saved
        if self.own.isChecked():
            if saved.servers:  # a server that was set up stays in the list
                self.desk.live.change({"connection.recogniser": EMBEDDED})
            return ""
        try:
            wanted = (self._entered(),)
        except CaptionerError as error:
            return f"{said(error.message)} {said(error.hint)}".strip()
        if wanted != saved.servers:
            self.desk.live.change({"endpoints": wanted, "connection.recogniser": ""})
        return ""

    def skip(self) -> None:
        """Leave the servers alone: nothing was changed yet."""
        self.test.stop()

    def _lay_out(self) -> None:
        self.column.addWidget(self.own)
        self.paragraph(
            self.tr("Nothing leaves this computer. English only."), role="help"
        ).setIndent(self._indent())
        self.column.addWidget(self.server)
        self.paragraph(
            self.tr("A server that speaks NVIDIA's Riva protocol. It may know more languages."),
            role="help",
        ).setIndent(self._indent())
        label = QLabel(self.tr("&Address:"))
        label.setBuddy(self.address)
        self.address.setAccessibleName(self.tr("Address of the server"))
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(label, self.address)
        form.addRow(self.encrypted)
        self.more.setAutoDefault(False)
        self.test.buttons.insertWidget(1, self.more)
        form.addRow(self.test)
        indented = QHBoxLayout()  # which knows about languages from right to left
        indented.addSpacing(self._indent())
        indented.addLayout(form, 1)
        self.column.addLayout(indented)
        self.elsewhere = self.paragraph(
            self.tr("You have set up servers in the settings; they can be changed there.")
        )

    def _indent(self) -> int:
        return int(self.fontMetrics().height() * 1.5)

    def _show_enabled(self) -> None:
        is_plain, is_server = self.is_plain, self.server.isChecked()
        for widget in (self.own, self.server):
            widget.setEnabled(is_plain)
        for field in (self.address, self.encrypted):
            field.setEnabled(is_plain and is_server)
        self.test.allow(is_allowed=is_server)
        self.elsewhere.setVisible(not is_plain)

    def _entered(self) -> EndpointSettings:
        """Return the server as it is entered.

        Raises:
            ConfigurationError: It makes no sense.
        """
        if not self.is_plain:
            return self.desk.live.now.endpoints[0]
        if not self.address.text().strip():
            raise ConfigurationError(
                self.tr("Enter the address of the server, or choose this computer.")
            )
        host, port = split_server(self.address.text())
        return EndpointSettings(
            host=host,
            port=DEFAULT_PORT if port is None else port,
            tls=self.encrypted.isChecked(),
        )

    def _on_change(self) -> None:
        self.test.forget()
        self.touched.emit()

    def _subject(self) -> Subject:
        return Subject(self._entered(), self.desk.live.now)


def _plain(server: EndpointSettings) -> EndpointSettings:
    return EndpointSettings(host=server.host, port=server.port, tls=server.tls)


def _written(server: EndpointSettings) -> str:
    host = f"[{server.host}]" if ":" in server.host else server.host
    return f"{host}:{server.port}"
