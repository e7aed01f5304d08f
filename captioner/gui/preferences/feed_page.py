"""The page on captions for OBS and other programs."""

from __future__ import annotations

from typing import ClassVar, Final

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from captioner.core.network import is_loopback
from captioner.gui.desk import Desk
from captioner.gui.preferences.draft import Draft
from captioner.gui.preferences.file_field import FileField
from captioner.gui.preferences.message_bar import announce
from captioner.gui.preferences.page import Page, with_name

_EVERYBODY: Final = "0.0.0.0"  # noqa: S104  # the user's choice, and refused without encryption
_LOOK_EVERY_MS: Final = 1000


class FeedPage(Page):
    """The switch, the port, and what is served now."""

    key: ClassVar[str] = "feed"

    def __init__(self, draft: Draft, desk: Desk) -> None:
        """Build the page."""
        super().__init__(draft, desk)
        self._add_switch()
        self._add_address()
        self._again = QTimer(self, interval=_LOOK_EVERY_MS)
        self._again.timeout.connect(self._show_state)
        desk.feed.changed.connect(self._show_state)
        self._show_state()

    @property
    def title(self) -> str:
        """Its title."""
        return self.tr("Live feed")

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        """Tell how many are connected, as long as it is seen."""
        super().showEvent(event)
        self._show_state()
        self._again.start()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  # Qt's name
        """Look no longer."""
        super().hideEvent(event)
        self._again.stop()

    def _add_switch(self) -> None:
        form = self.group(self.tr("Captions for OBS and other programs"))
        self.row(
            form,
            "",
            self.check("feed.is_on", self.tr("&Serve the captions live")),
            field="feed.is_on",
            help_text=self.tr(
                "As a page for OBS and browsers, and over WebSocket for other programs."
            ),
            words=self.tr("stream overlay browser source network share"),
        )
        port = self.number("feed.port", 0, 65535)
        port.setSpecialValueText(self.tr("Any free one"))
        self.row(form, self.tr("&Port:"), port, field="feed.port")
        self.row(
            form,
            self.tr("&Who can connect:"),
            self.choice("feed.host", self._hosts()),
            field="feed.host",
            help_text=self.tr("Other computers need a certificate, so that nobody listens in."),
            words=self.tr("host network address interface"),
        )
        self._add_file(form, "feed.tls_cert", self.tr("Cer&tificate:"), self.tr("Certificate"))
        self._add_file(
            form, "feed.tls_key", self.tr("Its &key:"), self.tr("Key of the certificate")
        )

    def _hosts(self) -> list[tuple[str, object]]:
        hosts: list[tuple[str, object]] = [
            (self.tr("Only this computer"), "127.0.0.1"),
            (self.tr("Other computers too"), _EVERYBODY),
        ]
        chosen = str(self.draft.value("feed.host"))
        known = any(chosen == host for _, host in hosts)
        return hosts if known else [*hosts, (chosen, chosen)]

    def _add_file(self, form: QFormLayout, field: str, label: str, title: str) -> None:
        line = FileField(title, self.tr("PEM files (*.pem *.crt *.cer *.key);;All files (*)"))
        line.entered.connect(lambda path: self.draft.set(field, path or None))
        self.follow(line, lambda: line.show_path(str(self.draft.value(field) or "")))
        self.row(form, label, line, field=field, words=self.tr("TLS encryption PEM"))

    def _add_address(self) -> None:
        form = self.group(self.tr("What is served now"))
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setContentsMargins(4, 3, 4, 3)  # in line with the rows
        form.addRow(self.state)
        control = QWidget()
        self.address = QLineEdit()
        self.address.setReadOnly(True)
        self.copy_button = QPushButton(self.tr("&Copy"))
        self.copy_button.setAutoDefault(False)
        self.copy_button.setAccessibleName(self.tr("Copy the address of the page"))
        self.copy_button.clicked.connect(self._copy)
        line = QHBoxLayout(control)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.address, 1)
        line.addWidget(self.copy_button)
        control.setFocusProxy(self.address)
        self.row(
            form,
            self.tr("A&ddress:"),
            control,
            help_text=self.tr(
                "Add it to OBS as a browser source. Whoever has it can read along. How it looks "
                "stands before the #, such as ?size=48&lines=2."
            ),
            words=self.tr("token link url page"),
        )
        self.renew_button = QPushButton(self.tr("Make a &new address"))
        self.renew_button.setAutoDefault(False)
        self.renew_button.clicked.connect(self._renew)
        self.row(
            form,
            "",
            self.renew_button,
            help_text=self.tr("The address so far leads nowhere from then on, in OBS too."),
            words=self.tr("token revoke key"),
        )

    def _show_state(self) -> None:
        feed = self.desk.feed
        is_served = bool(feed.address)
        if self.address.text() != feed.address:
            self.address.setText(feed.address)
            self.address.setCursorPosition(0)
        for widget in (self.address, self.copy_button):
            widget.setEnabled(is_served)
        self.renew_button.setEnabled(is_served and feed.can_renew)
        self._say(self._sentence(), role="problem" if feed.trouble else "")

    def _sentence(self) -> str:
        feed = self.desk.feed
        if feed.trouble:
            sentence = feed.trouble
            for row in self.rows:
                if row.field:
                    sentence = with_name(sentence, row.field, row.label)
            return f"\u26a0 {sentence}"
        if not feed.address:
            return (
                self.tr("The feed is being started\u2026")
                if self.desk.live.now.feed.is_on
                else self.tr("The captions are not served.")
            )
        sentences = [
            self.tr("Connected: {count}.").format(count=self.locale().toString(feed.clients)),
            self.tr("Only this computer can connect.")
            if is_loopback(self.desk.live.now.feed.host)
            else self.tr("Other computers can connect too."),
        ]
        if not feed.lasts:
            sentences.append(self.tr("The address will be another one at the next start."))
        return " ".join(sentences)

    def _say(self, sentence: str, *, role: str) -> None:
        if sentence == self.state.text():
            return
        self.state.setText(sentence)
        self.state.setProperty("role", role)
        self.state.style().polish(self.state)
        if role:
            announce(self, sentence)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.address.text())
        self.desk.tell(self.tr("Copied"))

    def _renew(self) -> None:
        self.renew_button.setEnabled(False)  # until there is one
        self.desk.feed.renew()
