"""A key from the keyboard into a real keyring, and into nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.program import Program
from tests.support.screen import Screen
from tests.support.secret_service import SecretService
from tests.support.tcp_server import free_port
from tests.support.watched_overlay import OverlayStarter, WatchedOverlay

pytestmark = pytest.mark.screen

PLANTED = "nvapi-planted-7hP2kQ9wXz"
TITLE = "Captioner settings"
LOCK = """
import secretstorage
bus = secretstorage.dbus_init()
secretstorage.get_default_collection(bus).lock()
"""
KEPT = """
import asyncio
from captioner.settings.secrets import SecretStore
print(asyncio.run(SecretStore().get("localhost:{port}")).get_secret_value())
"""


def run_beside(service: SecretService, text: str) -> str:
    """Run Python ``text`` with the same keyring; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", text],
        env=service.environ,
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def until_said(overlay: WatchedOverlay, text: str) -> None:
    Program.wait_for(
        lambda: any(text in label for label in overlay.ask({"ask": "labels"})["labels"]),
        what=f"nobody says {text!r}",
    )


def traces(folder: Path, process: psutil.Process | None = None) -> list[str]:
    """Return where the planted key is found: in files, and in what all can see of processes."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    family = [] if process is None else [process, *process.children(recursive=True)]
    return [str(path) for path in files if PLANTED.encode() in path.read_bytes()] + [
        each.name()
        for each in family
        if PLANTED in " ".join([*each.cmdline(), *each.environ().values()])
    ]


def test_a_key_goes_into_the_keyring_and_nowhere_else(
    screen: Screen,
    start_overlay: OverlayStarter,
    program: Program,
    secret_service: SecretService,
    tmp_path: Path,
) -> None:
    port = free_port()
    program.profile.mkdir()
    endpoints = [{"host": "localhost", "port": port, "http_port": 1}]
    file = program.profile / "settings.json"
    file.write_text(json.dumps({"version": 2, "endpoints": endpoints}), encoding="utf-8")
    bus = {
        "DBUS_SESSION_BUS_ADDRESS": secret_service.environ["DBUS_SESSION_BUS_ADDRESS"],
    }
    overlay = start_overlay(screen.changes | bus, "--verbose", "gui", "--skip-welcome")

    def open_page() -> None:
        assert program.run("settings").returncode == 0
        dialog = screen.await_window(TITLE)
        screen.wait_for(lambda: screen.active_window() == dialog, what="no focus")
        overlay.ask({"ask": "page", "page": "server"})

    open_page()
    until_said(overlay, f"No key is stored for localhost:{port}.")
    screen.xdotool("key", "ctrl+f")
    screen.xdotool("type", "API key")
    screen.xdotool("key", "Return")
    screen.xdotool("type", PLANTED)
    until_said(overlay, "Once you apply it, it is stored in SecretService Keyring.")
    screen.xdotool("key", "alt+c")
    until_said(overlay, "the connection is refused")
    assert traces(tmp_path, psutil.Process(overlay.process.pid)) == []

    screen.xdotool("key", "Escape")
    screen.xdotool("key", "Return")  # apply and close
    screen.wait_for(lambda: not screen.find_windows(TITLE), what="they stay open", limit_s=20)
    assert run_beside(secret_service, KEPT.format(port=port)) == PLANTED

    open_page()
    until_said(overlay, "Stored in SecretService Keyring.")
    screen.xdotool("key", "Escape")
    screen.wait_for(lambda: not screen.find_windows(TITLE), what="they stay open", limit_s=20)
    run_beside(secret_service, LOCK)
    open_page()
    until_said(overlay, "The keyring (SecretService Keyring) is locked. Unlock it")
    overlay.send("caption", id=1, text="captions go on")
    overlay.wait_until(lambda seen: "captions go on" in seen["painted"], what="they stand still")

    assert traces(tmp_path, psutil.Process(overlay.process.pid)) == []
    overlay.stop()
    assert traces(tmp_path) == []
    log = "".join(path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.log*"))
    assert "Probe of" in log, "the log would tell"
