"""The page on who recognises: servers in their order, and the engine of this computer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QPushButton, QWidget

from captioner.core.errors import CaptionerError, ConfigurationError
from captioner.gui.connection_test import ConnectionTest, Subject
from captioner.gui.desk import Desk
from captioner.gui.preferences.asked_rows import AskedRows
from captioner.gui.preferences.draft import Draft
from captioner.gui.preferences.page import Page, Row, small_print
from captioner.gui.preferences.recogniser_choice import RecogniserChoice
from captioner.gui.preferences.server_form import ServerForm
from captioner.gui.preferences.server_key import ServerKey
from captioner.gui.preferences.server_list import ServerList
from captioner.gui.preferences.server_records import Entry, account_of, entry_of, record_of
from captioner.settings.endpoints import EndpointSettings

_HOST = "endpoint.host"
_ABOVE = "endpoint."
_API_KEY = "endpoint.api_key"


class ServerPage(Page):
    """The list, the server that is chosen in it, and what is asked of all."""

    key: ClassVar[str] = "server"

    def __init__(self, draft: Draft, desk: Desk) -> None:
        """Build the page."""
        super().__init__(draft, desk)
        self._is_open = False
        self._add_list()
        self._add_server()
        self._add_asked()
        draft.changed.connect(self._on_draft)
        self.show_values()

    @property
    def title(self) -> str:
        """Its title."""
        return self.tr("Server")

    @property
    def is_changed(self) -> bool:
        """Whether a key waits to be kept or to be forgotten."""
        return self.server_key.is_changed

    def show_values(self) -> None:
        """Show what the draft says now."""
        super().show_values()
        self._show_list()

    async def commit(self) -> None:
        """Keep the keys.

        Raises:
            CaptionerError: The keyring refuses.
        """
        servers = [*self._entries, *([] if self._locked is None else [self._locked])]
        if await self.server_key.keep([account_of(each) for each in servers]):
            self.desk.runner.follow_keys()

    def forget(self) -> None:
        """Forget keys that are entered, and stop what runs."""
        self.server_key.forget()
        self.test.forget()
        self._fold(is_open=False)

    def explained(self, problem: CaptionerError, field: str, name: str) -> str:
        """Return which server makes no sense, and why."""
        found = self.form.first_problem(self._entries) if field == "endpoints" else ""
        return found or super().explained(problem, field, name)

    def reveal(self, row: Row) -> None:
        """Unfold the special cases where ``row`` is among them."""
        if self._special_box.isAncestorOf(row.control):
            self._fold(is_open=True)

    def showEvent(self, event: object) -> None:  # noqa: ARG002, N802  # Qt's name
        """Ask the recogniser in use what it has, now that somebody looks here."""
        self.asked.ask(self.desk.live.now)

    def _add_list(self) -> None:
        form = self.group(self.tr("Who recognises"))
        self.list = ServerList()
        self.list.chosen.connect(self._on_chosen)
        self.list.add_button.clicked.connect(self._add)
        self.list.remove_wanted.connect(self._remove)
        self.list.move_wanted.connect(self._move)
        self.row(
            form,
            self.tr("&Servers:"),
            self.list,
            field="endpoints",
            help_text=self.tr(
                "The first one that answers recognises. Audio goes to no server that is not "
                "listed. Without any, this computer does it itself."
            ),
            words=self.tr("endpoint riva nim"),
        )
        buttons = QHBoxLayout()
        for button in self.list.buttons:
            button.setAutoDefault(False)
            buttons.addWidget(button)
        buttons.addStretch(1)
        form.addRow(buttons)
        self._above = small_print("")
        form.addRow(self._above)
        self.recogniser = RecogniserChoice(self, form)
        fallback = self.check(
            "connection.embedded_fallback",
            self.tr("&This computer takes over where no server answers"),
        )
        self.row(
            form,
            "",
            fallback,
            field="connection.embedded_fallback",
            help_text=self.tr(
                "With the recogniser that is built in: English only, and nothing leaves this "
                "computer."
            ),
            words=self.tr("embedded engine fallback offline"),
        )

    def _add_server(self) -> None:
        form, self._server_box = self._boxed_group(self.tr("The chosen server"))
        self.server_key = ServerKey(self.desk.tasks)
        self.test = ConnectionTest(self.desk.tasks, self._subject)
        self.more = QPushButton()
        self.more.setAutoDefault(False)
        self.more.clicked.connect(lambda: self._fold(is_open=not self._is_open))
        special, self._special_box = self._boxed_group(self.tr("Special cases"))
        self.form = ServerForm(self, form, special, self.server_key)
        self.form.entered.connect(self._enter)
        self.row(
            form,
            "",
            self.test,
            help_text=self.tr(
                "Tries what is entered here, applied or not, and says what to mend. No audio is "
                "sent."
            ),
            words=self.tr("check examine doctor"),
        )
        unfold = QHBoxLayout()
        unfold.addWidget(self.more)
        unfold.addStretch(1)
        form.addRow(unfold)
        self.form.add_special()

    def _add_asked(self) -> None:
        form = self.group(self.tr("What is asked for"))
        self.asked = AskedRows(self, form, self.form.model)
        self.test.examined.connect(self.asked.show_examined)
        self.server_key.touched.connect(self.test.forget)
        self.server_key.touched.connect(self.touched)

    def _boxed_group(self, title: str) -> tuple[QFormLayout, QWidget]:
        form = self.group(title)
        box = form.parentWidget()
        return form, box if isinstance(box, QWidget) else self

    @property
    def _entries(self) -> list[Entry]:
        entries = self.draft.value("endpoints")
        return list(entries) if isinstance(entries, Sequence) else []

    @property
    def _locked(self) -> EndpointSettings | None:
        """The server that the environment or the command line names."""
        loaded = self.desk.live.loaded
        return loaded.settings.endpoints[0] if _HOST in loaded.above else None

    @property
    def _index(self) -> int | None:
        """Which of the entries is chosen; None for none and for the locked one."""
        index = self.list.currentRow() - (self._locked is not None)
        return index if 0 <= index < len(self._entries) else None

    @property
    def _chosen(self) -> Entry | None:
        index = self._index
        if index is not None:
            return self._entries[index]
        return self._locked if self.list.currentRow() == 0 else None

    def _show_list(self, current: int | None = None) -> None:
        locked = self._locked
        names = [self.form.name_of(each) for each in self._entries]
        if locked is not None:
            origin = self.desk.live.loaded.above[_HOST].origin
            text = self.tr("{server}, set by {origin}")
            names.insert(0, text.format(server=self.form.name_of(locked), origin=origin))
        row = max(self.list.currentRow(), 0) if current is None else current
        row = min(row, len(names) - 1)
        self.list.show_servers(names, locked=int(locked is not None), current=row)
        self._show_above()
        self._show_chosen()

    def _show_above(self) -> None:
        above = self.desk.live.loaded.above
        origins = {given.origin for field, given in above.items() if field.startswith(_ABOVE)}
        is_part = bool(origins) and _HOST not in above and bool(self._entries)
        text = self.tr("For the first server, this goes before what is entered here: {origins}.")
        self._above.setText(text.format(origins=", ".join(sorted(origins))))
        self._above.setVisible(is_part)

    def _show_chosen(self) -> None:
        chosen = self._chosen
        is_free = self._index is not None
        self._server_box.setVisible(chosen is not None)
        self._server_box.setEnabled(chosen is not None)
        for control in self.form.controls.values():
            control.setEnabled(is_free)
        self.test.allow(is_allowed=chosen is not None)
        self._fold(is_open=self._is_open)
        if chosen is None:
            return
        self.form.show_server(chosen)
        above = self.desk.live.loaded.above
        is_first = self.list.currentRow() == 0
        origin = above[_API_KEY].origin if is_first and _API_KEY in above else ""
        self.server_key.show_server(account_of(chosen), origin=origin)

    def _fold(self, *, is_open: bool) -> None:
        self._is_open = is_open
        is_shown = is_open and self._server_box.isEnabled() and self.list.currentRow() >= 0
        self._special_box.setVisible(is_shown)
        self._special_box.setEnabled(is_shown)
        self.more.setText(self.tr("&Fewer fields") if is_open else self.tr("More &fields"))

    def _on_chosen(self) -> None:
        self.test.forget()
        self._show_chosen()

    def _on_draft(self, field: str) -> None:
        if field in {"endpoints", "recognition.model", "recognition.language"}:
            self.test.forget()
        if field == "endpoints":
            self._show_list()

    def _enter(self, field: str, value: object) -> None:
        index = self._index
        if index is None:
            return
        entries = self._entries
        before = entries[index]
        entries[index] = entry_of(record_of(before) | {field: value})
        self.draft.set("endpoints", tuple(entries))
        self.recogniser.follow_account(account_of(before), account_of(entries[index]))

    def _add(self) -> None:
        entries = self._entries
        self.draft.set("endpoints", (*entries, entry_of({"host": ""})))
        self._show_list(len(entries) + (self._locked is not None))
        self.form.controls["host"].setFocus(Qt.FocusReason.OtherFocusReason)

    def _remove(self) -> None:
        if (index := self._index) is not None:
            entries = self._entries
            del entries[index]
            self.draft.set("endpoints", tuple(entries))
            self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _move(self, by: int) -> None:
        if (index := self._index) is not None and 0 <= index + by < len(self._entries):
            entries = self._entries
            entries.insert(index + by, entries.pop(index))
            self.draft.set("endpoints", tuple(entries))
            self._show_list(self.list.currentRow() + by)

    def _subject(self) -> Subject:
        """Return the server as it is entered.

        Raises:
            ConfigurationError: It makes no sense.
        """
        self.form.part_address()
        chosen = self._chosen
        if not isinstance(chosen, EndpointSettings):
            raise ConfigurationError(
                self.tr("What is entered makes no sense yet."),
                hint=self.tr("Mend the fields that are marked."),
            )
        settings = self.draft.settings
        index = self._index
        is_layered = _HOST not in self.desk.live.loaded.above and index is not None
        if is_layered and "endpoints" not in self.draft.problems:
            chosen = settings.endpoints[index or 0]
        is_to_go = self.server_key.is_to_go(chosen.account)
        return Subject(self.server_key.added_to(chosen), settings, asks_keyring=not is_to_go)
