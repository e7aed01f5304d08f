"""The key of a server: entered, replaced and removed here, and never shown again."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Final

from pydantic import SecretStr
from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from captioner.core.errors import CaptionerError, ConfigurationError
from captioner.gui.preferences.message_bar import announce
from captioner.gui.preferences.page import small_print
from captioner.gui.tasks import Tasks
from captioner.gui.text.sentences import said
from captioner.settings.endpoints import EndpointSettings
from captioner.settings.secrets import SecretStore
from captioner.telemetry.logs import register_secret

_PAUSE_S: Final = 0.25
"""While a host is typed, the keyring is left alone."""


class ServerKey(QWidget):
    """A line for a key and what is known of the one that is kept.

    A key belongs to the host and the port for which it was entered, and goes to no other.

    Signals:
        touched: Something else waits to be kept.
    """

    touched = Signal()

    def __init__(self, tasks: Tasks) -> None:
        """Show no server."""
        super().__init__()
        self._tasks = tasks
        self._store = SecretStore()
        self._account = ""
        self._origin = ""
        self._backend: str | None = None
        self._asking: asyncio.Task[None] | None = None
        self._waiting: dict[str, SecretStr | None] = {}
        self._has_key = False
        self.line = QLineEdit()
        self.line.setEchoMode(QLineEdit.EchoMode.Password)
        self.line.textEdited.connect(self._on_text)
        self.remove_button = QPushButton(self.tr("Remove the key"))
        self.remove_button.setAutoDefault(False)
        self.remove_button.clicked.connect(self._remove)
        self.retry_button = QPushButton(self.tr("Ask the keyring again"))
        self.retry_button.setAutoDefault(False)
        self.retry_button.clicked.connect(self.ask)
        self.only_now = QCheckBox(self.tr("Only until Captioner quits, not in the keyring"))
        self.only_now.toggled.connect(self._show_waiting)
        self.state = small_print("")
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        self.problem.setProperty("role", "problem")
        self.setFocusProxy(self.line)
        row = QHBoxLayout()
        row.addWidget(self.line, 1)
        row.addWidget(self.remove_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.state)
        column.addWidget(self.problem)
        again = QHBoxLayout()
        again.addWidget(self.retry_button)
        again.addStretch(1)
        column.addLayout(again)
        column.addWidget(self.only_now)
        self._say("")

    @property
    def is_changed(self) -> bool:
        """Whether a key waits to be kept or to be forgotten."""
        return bool(self._waiting)

    def added_to(self, server: EndpointSettings) -> EndpointSettings:
        """Return ``server`` with the key that is entered for it and not kept yet, if one is."""
        key = self._waiting.get(server.account)
        return server if key is None else server.model_copy(update={"api_key": key})

    def is_to_go(self, account: str) -> bool:
        """Whether the kept key of ``account`` is to be forgotten."""
        return account in self._waiting and self._waiting[account] is None

    def show_server(self, account: str, *, origin: str = "") -> None:
        """Show what is known of the key of ``account``.

        Args:
            account: Host and port; empty where there is none yet.
            origin: What gives the key otherwise, such as the environment; empty without such.
        """
        if (account, origin) == (self._account, self._origin):
            return
        self._account, self._origin = account, origin
        waiting = self._waiting.get(account)
        self.line.setText("" if waiting is None else waiting.get_secret_value())
        self.ask()

    def ask(self) -> None:
        """Ask the keyring what it has; it may ask its user."""
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
        self.setEnabled(bool(self._account) and not self._origin)
        self._say("")
        if self._origin:
            self._say(self.tr("Set by {origin}.").format(origin=self._origin))
        elif not self._account:
            self._say(self.tr("Enter the host first: a key belongs to its server."))
        elif self.isVisible():
            self._asking = self._tasks.start(self._ask(self._account), name="ask-keyring")

    def showEvent(self, event: object) -> None:  # noqa: ARG002, N802  # Qt's name
        """Look at the keyring only once somebody looks here."""
        self.ask()

    def forget(self) -> None:
        """Forget what is entered."""
        self._waiting.clear()
        self.line.clear()
        self.only_now.setChecked(False)

    async def keep(self, accounts: Collection[str]) -> bool:
        """Keep and forget what is entered for ``accounts``; return whether anything was.

        What was entered for other addresses is dropped: it was meant for no other server.

        Raises:
            CaptionerError: A key cannot be kept; what was not, still waits.
        """
        has_changed = False
        for account, key in list(self._waiting.items()):
            if account in accounts:
                await self._keep(account, key)
                has_changed = True
            # A keyring that asks its user takes its time: another key may wait by now, or none.
            if self._waiting.get(account, self) is key:
                del self._waiting[account]
        if has_changed and not self._waiting:
            self.line.clear()
            self.only_now.setChecked(False)
        if has_changed:
            self.ask()
        return has_changed

    async def _keep(self, account: str, key: SecretStr | None) -> None:
        if key is None:
            await self._store.delete(account)
            return
        secret = key.get_secret_value()
        register_secret(secret)
        if not _is_sendable(secret):
            raise ConfigurationError(self._unsendable(account))
        if self.only_now.isChecked() or await self._store.backend_name() is None:
            self._store.hold(account, key)
        else:
            await self._store.set(account, key)

    async def _ask(self, account: str) -> None:
        await asyncio.sleep(_PAUSE_S)
        self._say(self.tr("Asking the keyring\u2026"))
        self._backend = await self._store.backend_name()
        trouble = ""
        try:
            self._has_key = await self._store.get(account) is not None
        except CaptionerError as error:
            self._has_key = False
            if self._backend is not None:
                trouble = f"{said(error.message)} {said(error.hint)}".strip()
        self._asking = None
        if self._waiting.get(account, self) is not self:
            self._show_waiting()
        elif trouble:
            self._say("", problem=trouble)
            announce(self.problem, trouble)
        else:
            self._say(self._kept(account))
        self.retry_button.setVisible(bool(trouble))
        self.only_now.setVisible(self._backend is not None)
        self.remove_button.setEnabled(self._has_key)

    def _kept(self, account: str) -> str:
        if self._has_key and self._store.holds(account):
            return self.tr("Kept until Captioner quits, and nowhere else.")
        if self._has_key:
            text = self.tr("Stored in {backend}. Enter another key to replace it.")
            return text.format(backend=self._backend)
        if self._backend is None:
            return self.tr(
                "This computer offers no keyring. A key is kept until Captioner quits, and "
                "nowhere else."
            )
        text = self.tr("No key is stored for {server}. Servers of your own often need none.")
        return text.format(server=account)

    def _show_waiting(self) -> None:
        if self._account not in self._waiting:
            return
        key = self._waiting[self._account]
        if key is None:
            self._say(self.tr("It is removed once you apply it."))
        elif not _is_sendable(key.get_secret_value()):
            self._say("", problem=self._unsendable(self._account))
        elif self._backend is None or self.only_now.isChecked():
            self._say(
                self.tr("Once you apply it, it is kept until Captioner quits, and nowhere else.")
            )
        else:
            text = self.tr("Once you apply it, it is stored in {backend}.")
            self._say(text.format(backend=self._backend))

    def _on_text(self, text: str) -> None:
        key = text.strip()
        if key:
            self._waiting[self._account] = SecretStr(key)
            self._show_waiting()
        else:
            self._waiting.pop(self._account, None)
            self.ask()
        self.touched.emit()

    def _remove(self) -> None:
        self.line.clear()
        self._waiting[self._account] = None
        self._show_waiting()
        self.remove_button.setEnabled(False)
        self.line.setFocus()
        self.touched.emit()

    def _unsendable(self, account: str) -> str:
        text = self.tr(
            "The key for {server} holds characters that cannot be sent. Copy it once more; it "
            "consists of letters, digits and signs only."
        )
        return text.format(server=account)

    def _say(self, state: str, *, problem: str = "") -> None:
        self.state.setText(state)
        self.state.setVisible(bool(state))
        self.problem.setText(f"\u26a0 {problem}")
        self.problem.setVisible(bool(problem))
        if not problem:
            self.retry_button.hide()


def _is_sendable(key: str) -> bool:
    return key.isascii() and key.isprintable()
