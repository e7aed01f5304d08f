"""A private Secret Service: a D-Bus session of its own with a real gnome-keyring.

Its folders are its own, so it never meets the keyring of whoever runs the tests. keyring chooses
its back end once a process, so tests that use it run their code in a child with ``environ``.
"""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.support.pulse import wait_until

_DESKTOP_NAMES: Final = ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS")
_GUARD: Final = ("/usr/bin/setpriv", "--pdeathsig", "TERM")
"""A test run that is killed takes the daemons with it."""

_BUS: Final = ("/usr/bin/dbus-daemon", "--nofork", "--nopidfile")
_BUS_CONFIG: Final = """
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""
"""Starts no service by itself: an activated keyring would be a second one, and locked."""

_KEYRING: Final = (
    "/usr/bin/gnome-keyring-daemon",
    "--foreground",
    "--unlock",
    "--components=secrets",
)
_ASK_WHETHER_LOCKED: Final = (
    "/usr/bin/dbus-send",
    "--session",
    "--print-reply",
    "--dest=org.freedesktop.secrets",
    "/org/freedesktop/secrets/collection/login",
    "org.freedesktop.DBus.Properties.Get",
    "string:org.freedesktop.Secret.Collection",
    "string:Locked",
)


@dataclass(frozen=True, slots=True)
class SecretService:
    """A running Secret Service.

    Attributes:
        environ: Whole environment for child processes that shall use it.
    """

    environ: dict[str, str]


def without_desktop(home: Path) -> dict[str, str]:
    """Return an environment with a home of its own and no D-Bus, display, or runtime folder."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _DESKTOP_NAMES and not name.startswith(("XDG_", "PYTHON_KEYRING_"))
    }
    # The address of a bus that is not there; unset, D-Bus would look for other ways to one.
    return kept | {"HOME": str(home), "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}


@pytest.fixture
def no_secret_service(tmp_path: Path) -> SecretService:
    """An environment in which there is no Secret Service."""
    return SecretService(environ=without_desktop(tmp_path))


@pytest.fixture
def secret_service() -> Iterator[SecretService]:
    """An unlocked gnome-keyring on a private bus."""
    with running_secret_service() as service:
        yield service


@contextmanager
def running_bus() -> Iterator[dict[str, str]]:
    """Run a private D-Bus session; yield the whole environment of programs that shall use it."""
    # A short path: names of unix sockets may have about 100 characters.
    with tempfile.TemporaryDirectory(prefix="cap-keys-") as name:
        folder = Path(name)
        address = folder / "bus"
        config = folder / "bus.conf"
        config.write_text(_BUS_CONFIG.format(socket=address).lstrip(), encoding="utf-8")
        environ = without_desktop(folder) | {
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={address}",
            "XDG_RUNTIME_DIR": name,
        }
        bus = subprocess.Popen(
            [*_GUARD, *_BUS, f"--config-file={config}"], env=environ, stderr=subprocess.DEVNULL
        )
        try:
            wait_until(
                lambda: _listens(address), what="the private D-Bus did not start", limit_s=15
            )
            yield environ
        finally:
            bus.terminate()
            bus.wait(timeout=5)


def _listens(address: Path) -> bool:
    """Whether a client gets in: the socket's file is there a moment before that."""
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(address)) == 0


@contextmanager
def running_secret_service() -> Iterator[SecretService]:
    """Run an unlocked gnome-keyring on a private bus."""
    with running_bus() as environ:
        keyring = _unlocked_keyring(environ)
        try:
            wait_until(
                lambda: _has_secrets(environ), what="gnome-keyring did not start", limit_s=15
            )
            yield SecretService(environ=environ)
        finally:
            keyring.terminate()
            keyring.wait(timeout=5)


def _unlocked_keyring(environ: dict[str, str]) -> subprocess.Popen[bytes]:
    keyring = subprocess.Popen(
        [*_GUARD, *_KEYRING],
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert keyring.stdin is not None
    with keyring.stdin:
        keyring.stdin.write(b"password of a keyring that lives for one test")
    return keyring


def _has_secrets(environ: dict[str, str]) -> bool:
    """Whether the default collection is there: the daemon makes it while it unlocks."""
    found = subprocess.run(
        _ASK_WHETHER_LOCKED,
        env=environ,
        check=False,
        capture_output=True,
        text=True,
        timeout=5,
    )
    return "boolean false" in found.stdout
