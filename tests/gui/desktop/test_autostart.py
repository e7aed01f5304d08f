"""The start at login: what is written is read by the system's own tools, or its own format."""

from __future__ import annotations

import json
import plistlib
import subprocess
import sys
from pathlib import Path

import pytest

from captioner.gui.desktop.autostart import autostart_of
from captioner.gui.desktop.command_line import own_command
from captioner.gui.desktop.macos_autostart import MacAutostart
from captioner.gui.desktop.windows_autostart import command_line
from captioner.gui.desktop.xdg_autostart import XdgAutostart
from captioner.settings.paths import ProfilePaths
from tests.support.program import Program

_HARD = [
    "plain",
    "two words",
    "",
    "quote \" and ' and `tick` and $HOME",
    "back\\slash \\n \\\\",
    "100 % %f %% %U",
    "semi;colon & pipe | <angle> ~ * ? # (round)",
    "Ünïcode \u2013 字",
    "line\nbreak\ttab",
]


@pytest.mark.skipif(not Path("/usr/bin/gio").exists(), reason="GLib starts desktop entries")
def test_glib_starts_just_what_was_meant(tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    program = (
        "import json, os, sys; json.dump(sys.argv[2:], open(sys.argv[1] + '~', 'w'));"
        "os.rename(sys.argv[1] + '~', sys.argv[1])"
    )
    command = [sys.executable, "-c", program, str(told), *_HARD]
    entry = XdgAutostart("captioner", command, tmp_path / "autostart")
    entry.set(True)
    file = tmp_path / "autostart" / "captioner.desktop"
    subprocess.run(["/usr/bin/gio", "launch", str(file)], check=True, timeout=20)
    Program.wait_for(told.exists, what="it was not started")  # gio does not wait for it
    assert json.loads(told.read_text()) == _HARD


def test_it_is_switched_on_and_off_by_us_and_by_the_desktop(tmp_path: Path) -> None:
    entry = XdgAutostart("captioner", ["captioner", "gui"], tmp_path / "deep" / "autostart")
    assert not entry.is_on()
    entry.set(False)
    entry.set(True)
    assert entry.is_on()
    file = tmp_path / "deep" / "autostart" / "captioner.desktop"
    text = file.read_text(encoding="utf-8")
    for off in ("Hidden=true\n", "X-GNOME-Autostart-enabled=false\n"):
        file.write_text(text + off, encoding="utf-8")
        assert not entry.is_on()
    file.write_text("no desktop entry", encoding="utf-8")
    assert not entry.is_on()
    entry.set(True)
    assert entry.is_on()
    entry.set(False)
    assert list(file.parent.iterdir()) == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the folder of Linux desktops")
def test_each_profile_has_an_entry_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    ward, home = ProfilePaths.under(tmp_path / "my ward"), ProfilePaths.default()
    autostart_of(ward).set(True)
    assert autostart_of(ward).is_on()
    assert not autostart_of(home).is_on()
    autostart_of(home).set(True)
    autostart_of(ward).set(False)
    assert autostart_of(home).is_on()
    assert [f.name for f in (tmp_path / "config/autostart").iterdir()] == ["captioner.desktop"]
    assert own_command(ward, "gui")[-3:] == ["--profile-dir", str(tmp_path / "my ward"), "gui"]
    assert "--profile-dir" not in own_command(home, "gui")
    started = subprocess.run(
        [*own_command(ward), "--version"], check=True, capture_output=True, text=True, timeout=20
    )
    assert started.stdout.startswith("captioner ")


def test_the_launch_agent_of_macos(tmp_path: Path) -> None:
    agent = MacAutostart("captioner", ["/opt/my captioner", *_HARD[:6]], tmp_path / "LaunchAgents")
    assert not agent.is_on()
    agent.set(True)
    assert agent.is_on()
    file = tmp_path / "LaunchAgents" / "captioner.plist"
    written = plistlib.loads(file.read_bytes())
    assert written["ProgramArguments"] == ["/opt/my captioner", *_HARD[:6]]
    file.write_bytes(plistlib.dumps(written | {"Disabled": True}))
    assert not agent.is_on()
    agent.set(False)
    assert not file.exists()


def test_the_command_line_of_windows_opens_no_console() -> None:
    for command in (
        [r"C:\my venv\Scripts\captioner.exe", "--profile-dir", "D:\\a b\\", "gui"],
        [r"C:\my venv\Scripts\python.exe", "-m", "captioner", "--profile-dir", "D:\\a b\\", "gui"],
    ):
        assert command_line(command) == (
            r'"C:\my venv\Scripts\pythonw.exe" -m captioner --profile-dir "D:\a b\\" gui'
        )


def test_the_packaged_program_starts_its_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    command = [r"C:\Users\a b\Programs\Captioner\captioner.exe", "gui"]
    assert command_line(command) == (r'"C:\Users\a b\Programs\Captioner\captioner-window.exe" gui')
