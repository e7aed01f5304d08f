"""The fields of one server: those that everybody needs, and those for special cases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFormLayout, QWidget

from captioner.core.errors import CaptionerError, ConfigurationError
from captioner.core.network import split_server
from captioner.gui.preferences.file_field import FileField
from captioner.gui.preferences.listed_choice import ListedChoice
from captioner.gui.preferences.server_key import ServerKey
from captioner.gui.preferences.server_records import Entry, bad_fields, called
from captioner.gui.preferences.server_rows import ServerRows
from captioner.gui.text.sentences import said
from captioner.settings.endpoints import EndpointSettings

if TYPE_CHECKING:
    from captioner.gui.preferences.page import Page

_FILES: Final = ("ca_file", "client_cert_file", "client_key_file")


class ServerForm(QObject):
    """Shows a server, and tells what is entered for it.

    Attributes:
        main: The rows that everybody needs.
        special: The rows for special cases.

    Signals:
        entered: A field by name, and what is entered for it.
    """

    entered = Signal(str, object)

    def __init__(self, page: Page, main: QFormLayout, special: QFormLayout, key: ServerKey) -> None:
        """Build the rows ``main`` on ``page``; `add_special` builds those of ``special``."""
        super().__init__(page)
        self._tasks = page.desk.tasks
        self._checking: asyncio.Task[None] | None = None
        self.main = ServerRows(page, main)
        self.special = ServerRows(page, special)
        self.model = ListedChoice(self.tr("As for all servers"))
        self._add_main(page, key)
        for rows in (self.main, self.special):
            rows.entered.connect(self.entered)

    @property
    def controls(self) -> dict[str, QWidget]:
        """What is changed, by field of `EndpointSettings`."""
        return self.main.controls | self.special.controls

    def add_special(self) -> None:
        """Build the rows for special cases."""
        self._add_certificates()
        self._add_special()

    def show_server(self, entry: Entry) -> None:
        """Show ``entry`` and what is wrong with it, without telling anybody."""
        bad = bad_fields(entry)
        for rows in (self.main, self.special):
            rows.show_values(entry)
            for field in set(rows.controls) - set(_FILES):
                rows.say_problem(field, self._problem(field) if field in bad else "")
        self._check_files(entry)

    def name_of(self, entry: Entry) -> str:
        """Return what to call ``entry``, also where it has no host yet."""
        return called(entry) or self.tr("New server")

    def first_problem(self, entries: Sequence[Entry]) -> str:
        """Return the first of ``entries`` that makes no sense, and why; empty where all do."""
        for entry in entries:
            for field in sorted(bad_fields(entry)):
                return f"{self.name_of(entry)}: {self._problem(field)}"
        return ""

    def _add_main(self, page: Page, key: ServerKey) -> None:
        rows = self.main
        self._host = rows.line(
            "host",
            self.tr("&Host:"),
            self.tr("Name or address of a server that speaks NVIDIA's Riva protocol."),
            words=self.tr("address riva nim endpoint"),
            empty="",
        )
        self._host.editingFinished.connect(self.part_address)
        rows.port("port", self.tr("&Port:"), self.tr("Where gRPC is spoken, usually 50051."))
        rows.check("tls", self.tr("&Encrypted (TLS)"), words=self.tr("ssl secure"))
        page.row(
            rows.form,
            self.tr("API &key:"),
            key,
            words=self.tr("password token credentials keyring"),
        )
        rows.line(
            "name",
            self.tr("Na&me:"),
            self.tr("What you call it; empty shows its address."),
            empty="",
        )

    def _add_certificates(self) -> None:
        rows = self.special
        pem = self.tr("PEM files (*.pem *.crt *.cer *.key);;All files (*)")
        rows.file(
            "ca_file",
            self.tr("CA file:"),
            FileField(self.tr("File of the authority to trust"), pem),
            self.tr("Who may vouch for the server; empty: whom this computer trusts."),
        )
        rows.file(
            "client_cert_file",
            self.tr("Client certificate:"),
            FileField(self.tr("File of the client certificate"), pem),
            self.tr("For servers that want to know their clients (mutual TLS)."),
        )
        rows.file(
            "client_key_file",
            self.tr("Client key:"),
            FileField(self.tr("File of the client key"), pem),
            self.tr("The key of that certificate; empty: it is in the same file."),
        )
        rows.line(
            "target_name",
            self.tr("Name in the certificate:"),
            self.tr("Where the server's certificate is for another name than the host."),
        )

    def _add_special(self) -> None:
        rows = self.special
        self.model.entered.connect(lambda text: self.entered.emit("model", text or None))
        rows.add(
            "model",
            self.tr("Model on this server:"),
            self.model,
            show=lambda value: self.model.show_value(str(value or "")),
        )
        rows.line(
            "proxy",
            self.tr("Proxy:"),
            self.tr("\u201csystem\u201d, \u201cnone\u201d, or one such as http://proxy:3128."),
            empty="system",
        )
        rows.port(
            "http_port", self.tr("HTTP port:"), self.tr("Where a NIM says whether it is ready.")
        )
        rows.line(
            "function_id",
            self.tr("Function ID:"),
            self.tr("For a hosted service: which of its functions is called."),
        )
        rows.table(
            "metadata",
            self.tr("Metadata:"),
            self.tr("Sent with every call: name=value, one a line. No keys or passwords."),
        )
        rows.choice(
            "may_fail_over",
            self.tr("Takes over from others:"),
            (
                (self.tr("Unless it is a hosted service"), None),
                (self.tr("Yes"), True),
                (self.tr("No"), False),
            ),
            self.tr("Whether audio may go there when a server before it does not answer."),
        )
        rows.check(
            "allow_plaintext_key",
            self.tr("The key may be sent without encryption"),
            self.tr("Only where nobody can listen in between: anyone on the way can take it."),
        )

    def _problem(self, field: str) -> str:
        match field:
            case "host":
                return self.tr("Enter a name or an address alone, without https:// and port.")
            case "proxy":
                return self.tr(
                    "Enter \u201csystem\u201d, \u201cnone\u201d, or an address such as "
                    "http://proxy:3128. A password for it belongs into the environment: "
                    "RIVA_PROXY=http://user:password@proxy:3128."
                )
            case "function_id":
                return self.tr("It consists of letters, digits, dots and dashes.")
            case "metadata":
                return self.tr(
                    "Enter name=value in each line, in plain letters and digits. Keys go into the "
                    "field for the API key, and the function ID has its own."
                )
            case _:
                return self.tr("This makes no sense here.")

    def part_address(self) -> None:
        """Put the port where it belongs, where somebody has entered HOST:PORT."""
        try:
            name, port = split_server(self._host.text())
        except ConfigurationError:
            return
        if port is not None:
            self.entered.emit("host", name)
            self.entered.emit("port", port)

    def _check_files(self, entry: Entry) -> None:
        if self._checking is not None:
            self._checking.cancel()
            self._checking = None
        for field in _FILES:
            self.special.say_problem(field, "")
        if isinstance(entry, EndpointSettings) and any(getattr(entry, each) for each in _FILES):
            self._checking = self._tasks.start(self._look_at_files(entry), name="check-files")

    async def _look_at_files(self, entry: EndpointSettings) -> None:
        # gRPC is heavy to import where no session has done it yet.
        check = await asyncio.to_thread(_import_check)
        try:
            await asyncio.to_thread(check, entry)
        except CaptionerError as error:
            sentence = f"{said(error.message)} {said(error.hint)}".rstrip()
            self.special.say_problem(_file_of(entry, error.message), sentence)


def _import_check() -> Callable[[EndpointSettings], None]:
    from captioner.session.examination import check_files  # noqa: PLC0415  # see above

    return check_files


def _file_of(entry: EndpointSettings, message: str) -> str:
    """Return which file ``message`` is about."""
    named = [each for each in _FILES if (path := getattr(entry, each)) and path in message]
    if "client key" in message and "client_key_file" in named:
        return "client_key_file"
    return named[0] if named else "client_cert_file"
