"""Keys from desktops that hand them out themselves: the GlobalShortcuts portal, over D-Bus.

One task owns the connection: it asks, waits for the user, and then hears which keys are pressed.
Nothing of Qt is here.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jeepney import (
    DBusAddress,
    DBusErrorResponse,
    HeaderFields,
    MatchRule,
    Message,
    MessageType,
    Properties,
    message_bus,
    new_method_call,
)
from jeepney.io.asyncio import DBusConnection, open_dbus_connection
from jeepney.wrappers import unwrap_msg

logger = logging.getLogger(__name__)

_NAME: Final = "org.freedesktop.portal.Desktop"
_PATH: Final = "/org/freedesktop/portal/desktop"
_INTERFACE: Final = "org.freedesktop.portal.GlobalShortcuts"
_SHORTCUTS: Final = DBusAddress(_PATH, bus_name=_NAME, interface=_INTERFACE)
_REGISTRY: Final = DBusAddress(
    _PATH, bus_name=_NAME, interface="org.freedesktop.host.portal.Registry"
)
_APP: Final = "captioner"
_DONE: Final = 0


class PortalError(Exception):
    """The desktop hands out no keys, or none any more."""


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A key to be asked for.

    Attributes:
        name: Comes back when it is pressed.
        description: What it does, for the user.
        trigger: The key that would be nice, such as ``CTRL+ALT+c``; empty for any.
    """

    name: str
    description: str
    trigger: str


async def has_portal() -> bool:
    """Return whether the desktop hands out keys."""
    try:
        connection = await _connect()
    except (OSError, EOFError, TimeoutError):
        return False
    try:
        await _Portal(connection).call(Properties(_SHORTCUTS).get("version"))
    except (OSError, EOFError, DBusErrorResponse):
        return False
    else:
        return True
    finally:
        await connection.close()


async def serve(
    shortcuts: Sequence[Shortcut],
    *,
    on_bound: Callable[[Mapping[str, str]], None],
    on_pressed: Callable[[str], None],
) -> None:
    """Have the desktop give keys to ``shortcuts``, and tell which is pressed, until cancelled.

    The desktop may ask its user, and gives the same keys without a question the next time.

    Args:
        shortcuts: What keys are wanted for.
        on_bound: Called with the desktop's description of the keys by name, then and whenever
            they change.
        on_pressed: Called with the name of what was pressed.

    Raises:
        PortalError: The desktop refuses, or is gone.
    """
    try:
        connection = await _connect()
        try:
            await _serve(_Portal(connection), shortcuts, on_bound, on_pressed)
        finally:
            await connection.close()
    except (OSError, EOFError, TimeoutError, DBusErrorResponse) as error:
        raise PortalError(str(error) or type(error).__name__) from error


async def _serve(
    portal: _Portal,
    shortcuts: Sequence[Shortcut],
    on_bound: Callable[[Mapping[str, str]], None],
    on_pressed: Callable[[str], None],
) -> None:
    await portal.begin()
    token = {"session_handle_token": ("s", _token())}
    created = await portal.request("CreateSession", "a{sv}", (), token)
    session = created["session_handle"][1]
    asked = [
        (
            each.name,
            {"description": ("s", each.description)}
            | ({"preferred_trigger": ("s", each.trigger)} if each.trigger else {}),
        )
        for each in shortcuts
    ]
    bound = await portal.request("BindShortcuts", "oa(sa{sv})sa{sv}", (session, asked, ""), {})
    on_bound(_described(bound.get("shortcuts", ("", []))[1]))
    while True:
        event = await portal.event()
        member, body = event.header.fields.get(HeaderFields.member), event.body
        if not body or body[0] != session:
            continue
        if member == "Activated":
            on_pressed(body[1])
        elif member == "ShortcutsChanged":
            on_bound(_described(body[1]))


class _Portal:
    """The portal as one connection sees it. Only one task may use it."""

    def __init__(self, connection: DBusConnection) -> None:
        self._connection = connection
        self._events: list[Message] = []
        self._responses: dict[str, tuple[int, dict[str, Any]]] = {}

    async def begin(self) -> None:
        """Hear what the portal says, and tell it who asks."""
        for rule in (
            MatchRule(type="signal", sender=_NAME, path_namespace=_PATH),
            MatchRule(type="signal", sender=message_bus.bus_name, member="NameOwnerChanged"),
        ):
            await self.call(message_bus.AddMatch(rule))
        try:
            await self.call(new_method_call(_REGISTRY, "Register", "sa{sv}", (_APP, {})))
        except DBusErrorResponse as error:
            logger.debug("the portal keeps no names of programs: %s", error.name)

    async def call(self, message: Message) -> tuple[Any, ...]:
        """Return the answer to a call.

        Raises:
            DBusErrorResponse: It is an error.
        """
        serial = next(self._connection.outgoing_serial)
        await self._connection.send(message, serial=serial)
        while True:
            received = await self._connection.receive()
            if received.header.fields.get(HeaderFields.reply_serial) == serial:
                return tuple(unwrap_msg(received))
            self._take(received)

    async def request(
        self, method: str, signature: str, body: tuple[Any, ...], options: dict[str, Any]
    ) -> dict[str, Any]:
        """Make a request that the user may have to answer; wait for that as long as it takes.

        Raises:
            PortalError: The user, or the desktop for them, said no.
        """
        named = options | {"handle_token": ("s", _token())}
        call = new_method_call(_SHORTCUTS, method, signature, (*body, named))
        (path,) = await self.call(call)
        while path not in self._responses:
            self._take(await self._connection.receive())
        code, results = self._responses.pop(path)
        if code != _DONE:
            raise PortalError(f"{method} was declined ({code})")
        return results

    async def event(self) -> Message:
        """Return the next signal of the portal."""
        while not self._events:
            self._take(await self._connection.receive())
        return self._events.pop(0)

    def _take(self, message: Message) -> None:
        if message.header.message_type is not MessageType.signal:
            return
        fields = message.header.fields
        member = fields.get(HeaderFields.member)
        if member == "Response":
            self._responses[fields[HeaderFields.path]] = message.body
        elif member == "NameOwnerChanged":
            name, _, owner = message.body
            if name == _NAME and not owner:
                raise PortalError("the portal has ended")
        elif fields.get(HeaderFields.interface) == _INTERFACE:
            self._events.append(message)


async def _connect() -> DBusConnection:
    address = os.environ.get("DBUS_SESSION_BUS_ADDRESS", "")
    if not address:
        address = f"unix:path={os.environ.get('XDG_RUNTIME_DIR', '')}/bus"
    try:
        return await open_dbus_connection(address)
    except (RuntimeError, ValueError) as error:  # an address of a kind that cannot be used
        raise OSError(str(error)) from error


def _described(shortcuts: Sequence[tuple[str, Mapping[str, Any]]]) -> dict[str, str]:
    return {name: about.get("trigger_description", ("s", ""))[1] for name, about in shortcuts}


def _token() -> str:
    return f"captioner_{secrets.token_hex(8)}"
