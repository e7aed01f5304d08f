"""Keys that the desktop hands out: a real bus, and a portal whose user is the test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

import pytest

from captioner.gui.desktop.portal import PortalError, Shortcut, has_portal, serve
from captioner.gui.desktop.portal_keys import trigger_of
from captioner.gui.desktop.shortcuts import combination_of
from tests.support.program import Program
from tests.support.screen import Screen
from tests.support.shortcuts_portal import ShortcutsPortal
from tests.support.wait import until
from tests.support.watched_overlay import OverlayStarter


class Client:
    """Serves two shortcuts and notes what it is told."""

    def __init__(self) -> None:
        self.keys: list[Mapping[str, str]] = []
        self.pressed: list[str] = []

    async def run(self) -> None:
        await serve(
            [Shortcut("toggle", "Start or stop", "CTRL+ALT+c"), Shortcut("pause", "Pause", "")],
            on_bound=self.keys.append,
            on_pressed=self.pressed.append,
        )


@pytest.fixture
def client(shortcuts_portal: ShortcutsPortal, monkeypatch: pytest.MonkeyPatch) -> Client:
    for name, value in shortcuts_portal.environ.items():
        monkeypatch.setenv(name, value)
    return Client()


async def test_keys_are_given_changed_and_pressed(
    client: Client, shortcuts_portal: ShortcutsPortal
) -> None:
    assert await has_portal()
    running = asyncio.create_task(client.run())
    await until(lambda: client.keys)
    assert client.keys == [{"toggle": "CTRL+ALT+c", "pause": ""}]
    assert shortcuts_portal.asked[0]["toggle"]["description"] == ("s", "Start or stop")
    assert "preferred_trigger" not in shortcuts_portal.asked[0]["pause"]
    shortcuts_portal.press("pause")
    shortcuts_portal.press("toggle")
    shortcuts_portal.change("toggle", "F9")
    await until(lambda: len(client.keys) == 2)
    assert client.pressed == ["pause", "toggle"]
    assert client.keys[1] == {"toggle": "F9"}
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_user_who_says_no_and_a_portal_that_ends(
    client: Client, shortcuts_portal: ShortcutsPortal
) -> None:
    shortcuts_portal.declines = True
    with pytest.raises(PortalError, match="declined"):
        await client.run()
    shortcuts_portal.declines = False
    running = asyncio.create_task(client.run())
    await until(lambda: client.keys)
    shortcuts_portal._bus.sock.shutdown(2)
    with pytest.raises(PortalError, match="has ended"):
        await running


async def test_without_a_bus_there_is_no_portal(monkeypatch: pytest.MonkeyPatch) -> None:
    for address in ("unix:path=/nonexistent", "tcp:host=localhost,port=1", "nonsense"):
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        assert not await has_portal()
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/nonexistent")
    assert not await has_portal()


@pytest.mark.parametrize(
    ("key", "trigger"),
    [
        ("Ctrl+Alt+C", "CTRL+ALT+c"),
        ("Meta+Shift+F5", "SHIFT+LOGO+F5"),
        ("Alt+7", "ALT+7"),
        ("Ctrl+Ä", ""),
        ("Pause", ""),
        ("", ""),
    ],
)
def test_keys_are_written_as_portals_write_them(key: str, trigger: str) -> None:
    assert trigger_of(combination_of(key)) == trigger


@pytest.mark.screen
def test_the_desktops_keys_reach_the_program(
    screen: Screen,
    start_overlay: OverlayStarter,
    program: Program,
    shortcuts_portal: ShortcutsPortal,
) -> None:
    program.profile.mkdir()
    (program.profile / "settings.json").write_text(
        json.dumps({"version": 2, "desktop": {"desktop_keys": True}}), encoding="utf-8"
    )
    wayland = {"WAYLAND_DISPLAY": "wayland-test"}  # X11 is a guest there, and gets no keys
    overlay = start_overlay(screen.changes | shortcuts_portal.environ | wayland)
    screen.wait_for(lambda: bool(shortcuts_portal.asked), what="it never asked", limit_s=20)
    asked = shortcuts_portal.asked[0]
    assert asked["click-through"]["preferred_trigger"] == ("s", "CTRL+ALT+m")
    assert asked["toggle"]["description"] == ("s", "Start or stop captions")
    shortcuts_portal.press("show")
    overlay.wait_until(lambda seen: not seen["is_visible"], what="it was not hidden")
    assert overlay.stop() == 130
