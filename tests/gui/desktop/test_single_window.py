"""One window a profile, and commands that reach it: real processes, and a real socket."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

import psutil
import pytest

from captioner.cli.commands import WINDOW_COMMANDS
from captioner.cli.exit_codes import ExitCode
from captioner.core.errors import ProtocolError
from captioner.gui.commands import Command
from captioner.gui.desktop.address import Address
from captioner.gui.desktop.client import SoleWindow, ask
from captioner.gui.desktop.messages import LONGEST_LINE
from captioner.settings.paths import ProfilePaths
from tests.support.program import Program
from tests.support.watched_overlay import OverlayStarter

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sockets are files here")

_OFFSCREEN: Final = {"QT_QPA_PLATFORM": "offscreen"}
_ALREADY: Final = "Captioner is already running; its captions are shown.\n"


def _captioner(program: Program, *arguments: str) -> tuple[int, str, str]:
    done = program.run(*arguments, environ=program.environ(**_OFFSCREEN))
    return done.returncode, done.stdout, done.stderr


def _said(program: Program, command: str) -> str:
    code, said, errors = _captioner(program, command)
    assert (code, errors) == (ExitCode.OK, "")
    return said.strip()


def _address(program: Program) -> Address:
    return Address.of(ProfilePaths.under(program.profile))


def _call(program: Program, words: bytes) -> dict[str, object] | None:
    """Say ``words`` and return the answer, None for none."""
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(10)
        caller.connect(_address(program).server_name)
        try:
            caller.sendall(words)
            answer = caller.makefile("rb").readline()
        except (BrokenPipeError, ConnectionResetError):
            return None
    return json.loads(answer) if answer else None


def test_commands_reach_the_window(start_overlay: OverlayStarter, program: Program) -> None:
    overlay = start_overlay(_OFFSCREEN)
    assert _said(program, "pause") == "Captions are paused."
    assert _said(program, "pause") == "Captions are live."
    assert _said(program, "show") == "Captions are hidden."
    assert not overlay.look()["is_visible"]
    assert _said(program, "show") == "Captions are shown."
    assert overlay.look()["is_visible"]
    assert _said(program, "show") == "Captions are hidden."
    assert "arrow keys" in _said(program, "arrange")
    assert overlay.look()["is_arranging"]
    assert overlay.look()["is_visible"]
    assert _said(program, "status") == "Listening to Speakers."
    assert _said(program, "toggle") == "Captions are stopping."
    overlay.wait_until(lambda seen: ["stop"] in seen["commands"], what="it never stopped")
    assert _said(program, "toggle") == "Captions are starting."
    overlay.wait_until(lambda seen: seen["commands"][-1] == ["start"], what="it never started")
    assert _said(program, "click-through") == "The mouse reaches what is behind the captions."
    for name in WINDOW_COMMANDS - {"quit"}:
        assert _said(program, name)
    assert _said(program, "quit") == "Captioner quits."
    assert overlay.wait() == ExitCode.OK
    assert not Path(_address(program).server_name).exists()


def test_a_second_start_shows_the_first_without_loading_qt(
    start_overlay: OverlayStarter, program: Program
) -> None:
    overlay = start_overlay(_OFFSCREEN)
    assert _said(program, "show") == "Captions are hidden."
    program_text = (
        "import sys; from captioner.cli.main import main; code = main(sys.argv[1:]);"
        "print([name for name in sys.modules if name.startswith(('PySide6', 'grpc'))]);"
        "sys.exit(code)"
    )
    second = subprocess.run(
        [sys.executable, "-c", program_text, "--profile-dir", str(program.profile), "gui"],
        check=True,
        env=program.environ(**_OFFSCREEN),
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert second.stdout == _ALREADY + "[]\n"
    assert overlay.look()["is_visible"]
    assert _captioner(program)[:2] == (ExitCode.OK, _ALREADY)  # without a command, too
    code, _, errors = _captioner(program, "gui", "--source", "mic")
    assert code == ExitCode.OK
    assert "captioner quit" in errors
    # Whoever comes second leaves the first one's log alone.
    logs = {file.name: file.read_text() for file in (program.profile / "logs").glob("*.log")}
    assert logs["captioner.log"].count("starts:") == 1
    assert logs["captioner-2.log"].count("starts:") == 3


def test_other_profiles_are_not_reached(
    start_overlay: OverlayStarter, program: Program, tmp_path: Path
) -> None:
    start_overlay(_OFFSCREEN)
    code, said, errors = _captioner(program, "--profile-dir", str(tmp_path / "other"), "quit")
    assert (code, said) == (ExitCode.UNAVAILABLE, "")
    assert errors == (
        "Error: Captioner is not running.\nFix: Start its window with `captioner gui`.\n"
    )
    assert not (tmp_path / "other" / "run").exists()
    assert _said(program, "status") == "Listening to Speakers."


@pytest.mark.parametrize("folder", ["profile", "x" * 100])
def test_one_that_was_killed_stands_in_nobodys_way(
    start_overlay: OverlayStarter, program: Program, folder: str
) -> None:
    program.profile = program.profile.with_name(folder)  # the long one is no place for a socket
    killed = start_overlay(_OFFSCREEN)
    assert _said(program, "status") == "Listening to Speakers."
    killed.stop(signal.SIGKILL)
    assert Path(_address(program).server_name).exists()
    assert _captioner(program, "toggle")[0] == ExitCode.UNAVAILABLE
    start_overlay(_OFFSCREEN)
    assert _said(program, "status") == "Listening to Speakers."
    folder_of_socket = _address(program).folder
    assert folder_of_socket.stat().st_mode & 0o777 == 0o700
    assert _said(program, "quit") == "Captioner quits."
    if not folder_of_socket.is_relative_to(program.profile):
        shutil.rmtree(folder_of_socket)  # the short place for a long profile's socket


def test_a_folder_has_one_address_whatever_it_is_called(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    (tmp_path / ("y" * 100)).symlink_to(long)
    names = [long, tmp_path / ("y" * 100), long / ".." / long.name]
    addresses = {Address.of(ProfilePaths.under(name)) for name in names}
    assert len(addresses) == 1
    assert len(addresses.pop().server_name) < 100


def test_of_starts_at_the_same_moment_one_wins(mock_program: Program, tmp_path: Path) -> None:
    environ = mock_program.environ(**_OFFSCREEN)
    outputs = [tmp_path / f"{number}.out" for number in range(4)]
    starts = [mock_program.start("gui", output=output, environ=environ) for output in outputs]
    mock_program.wait_for(
        lambda: sum(start.poll() is not None for start in starts) == 3, what="too many windows"
    )
    assert sorted(output.read_text() for output in outputs) == ["", _ALREADY, _ALREADY, _ALREADY]
    assert sorted(start.poll() for start in starts if start.poll() is not None) == [0, 0, 0]
    winner = psutil.Process(next(start.pid for start in starts if start.poll() is None))
    mock_program.wait_for(lambda: bool(winner.children()), what="no engine")
    _said(mock_program, "status")
    # The engine, a child of the winner, must not hold what makes it the one.
    folder = str(_address(mock_program).folder)
    for engine in winner.children(recursive=True):
        held = [each.path for each in engine.open_files()]
        held += [str(each.laddr) for each in engine.net_connections("unix")]
        assert not [path for path in held if path.startswith(folder)]
    assert _said(mock_program, "quit") == "Captioner quits."
    mock_program.wait_for(lambda: all(start.poll() == 0 for start in starts), what="it stays")


def test_a_start_while_the_other_one_ends_becomes_the_window(
    start_overlay: OverlayStarter, program: Program
) -> None:
    ending = start_overlay(_OFFSCREEN)
    ending.process.send_signal(signal.SIGINT)
    start_overlay(_OFFSCREEN)
    assert ending.wait() == ExitCode.INTERRUPTED
    assert _said(program, "status") == "Listening to Speakers."


def test_hostile_words_are_refused_and_the_window_goes_on(
    start_overlay: OverlayStarter, program: Program
) -> None:
    overlay = start_overlay(_OFFSCREEN)
    _said(program, "status")
    silent = [socket.socket(socket.AF_UNIX) for _ in range(8)]
    for caller in silent:
        caller.connect(_address(program).server_name)
    for words in (
        b"\n",
        b"quit\n",
        b"[]\n",
        b'{"command": "quit"}\n',
        b'{"version": 2, "command": "quit"}\n',
        b'{"version": 1, "command": "destroy"}\n',
        b'{"version": 1, "command": ["quit"]}\n',
        b"[" * 10_000 + b"\n",
        b"\xff\xfe\x00\n",
    ):
        answer = _call(program, words)
        assert answer is not None
        assert answer["category"] == "protocol"
    assert _call(program, b"x" * LONGEST_LINE * 4) is None
    assert _said(program, "status") == "Listening to Speakers."
    for caller in silent:
        caller.close()
    assert overlay.look()["is_visible"]


@pytest.mark.skipif(
    sys.platform == "win32" or os.getuid() != 0, reason="only root can give a folder away"
)
def test_a_folder_of_somebody_else_is_not_trusted(program: Program) -> None:
    folder = _address(program).folder
    folder.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as trap:
        trap.bind(_address(program).server_name)
        trap.listen()
        os.chown(folder, 12345, 12345)
        for command in ("toggle", "gui"):
            code, _, errors = _captioner(program, command)
            assert code == ExitCode.CONFIGURATION
            assert f"The folder {folder} is not yours" in errors
        trap.settimeout(0)
        with pytest.raises(BlockingIOError):  # nobody called
            trap.accept()


def test_a_window_of_another_version_is_named_at_once(
    start_overlay: OverlayStarter, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_overlay(_OFFSCREEN)
    _said(program, "status")
    paths = ProfilePaths.under(program.profile)
    monkeypatch.setattr("captioner.gui.desktop.messages.VERSION", 2)
    with pytest.raises(ProtocolError, match="do not understand each other"):
        SoleWindow(paths).claim_or_raise()
    with pytest.raises(ProtocolError, match="do not understand each other"):
        ask(paths, Command.QUIT)
