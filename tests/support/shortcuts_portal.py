"""A GlobalShortcuts portal on a private bus, whose user a test is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, Final

import pytest
from jeepney import (
    DBusAddress,
    HeaderFields,
    Message,
    MessageType,
    message_bus,
    new_error,
    new_method_return,
    new_signal,
)
from jeepney.io.blocking import open_dbus_connection

from tests.support.secret_service import running_bus

_PATH: Final = "/org/freedesktop/portal/desktop"
_SHORTCUTS: Final = DBusAddress(_PATH, interface="org.freedesktop.portal.GlobalShortcuts")
_SESSION: Final = f"{_PATH}/session/test/one"


class ShortcutsPortal:
    """Gives every shortcut the key that it would like, unless told to decline.

    Attributes:
        environ: What names its bus.
        asked: What was asked for: names with what was said about each.
        declines: Whether the user says no.
    """

    def __init__(self, environ: dict[str, str]) -> None:
        self.environ = {"DBUS_SESSION_BUS_ADDRESS": environ["DBUS_SESSION_BUS_ADDRESS"]}
        self.asked: list[dict[str, dict[str, Any]]] = []
        self.declines = False
        self._bus = open_dbus_connection(self.environ["DBUS_SESSION_BUS_ADDRESS"])
        self._bus.send_and_get_reply(message_bus.RequestName("org.freedesktop.portal.Desktop"))
        self._thread = threading.Thread(target=self._serve, name="portal", daemon=True)
        self._thread.start()

    def press(self, name: str) -> None:
        """Press the key of the shortcut ``name``."""
        body = (_SESSION, name, 1, {})
        self._bus.send(new_signal(_SHORTCUTS, "Activated", "osta{sv}", body))

    def change(self, name: str, key: str) -> None:
        """Give another key to the shortcut ``name``, as its user may in the desktop's settings."""
        body = (_SESSION, [(name, {"trigger_description": ("s", key)})])
        self._bus.send(new_signal(_SHORTCUTS, "ShortcutsChanged", "oa(sa{sv})", body))

    def end(self) -> None:
        """Leave the bus."""
        self._bus.sock.shutdown(2)
        self._thread.join()
        self._bus.close()

    def _serve(self) -> None:
        while True:
            try:
                message = self._bus.receive()
            except (OSError, ConnectionError):
                return
            if message.header.message_type is MessageType.method_call:
                self._answer(message)

    def _answer(self, call: Message) -> None:
        match call.header.fields[HeaderFields.member]:
            case "Get":
                self._bus.send(new_method_return(call, "v", (("u", 1),)))
            case "CreateSession":
                (options,) = call.body
                self._respond(call, options, {"session_handle": ("s", _SESSION)})
            case "BindShortcuts":
                session, shortcuts, _, options = call.body
                assert session == _SESSION
                self.asked.append(dict(shortcuts))
                given = [
                    (name, {"trigger_description": about.get("preferred_trigger", ("s", ""))})
                    for name, about in shortcuts
                ]
                self._respond(call, options, {"shortcuts": ("a(sa{sv})", given)})
            case _:
                self._bus.send(new_error(call, "org.freedesktop.DBus.Error.UnknownMethod"))

    def _respond(self, call: Message, options: dict[str, Any], results: dict[str, Any]) -> None:
        sender = call.header.fields[HeaderFields.sender].removeprefix(":").replace(".", "_")
        path = f"{_PATH}/request/{sender}/{options['handle_token'][1]}"
        request = DBusAddress(path, interface="org.freedesktop.portal.Request")
        body = (1, {}) if self.declines else (0, results)
        # A quick portal answers before it has said where: both orders are met.
        signal = new_signal(request, "Response", "ua{sv}", body)
        reply = new_method_return(call, "o", (path,))
        for message in (signal, reply) if "session_handle" in results else (reply, signal):
            self._bus.send(message)


@pytest.fixture
def shortcuts_portal() -> Iterator[ShortcutsPortal]:
    """One whose user says yes."""
    with running_bus() as environ:
        portal = ShortcutsPortal(environ)
        yield portal
        portal.end()
