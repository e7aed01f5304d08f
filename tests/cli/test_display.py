"""Whether a window can be shown, asked of real sockets."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from captioner.cli import display
from captioner.cli.display import display_problem


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Path]:
    """A socket that answers as a Wayland compositor's does."""
    path = tmp_path / "wayland-7"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(path))
        server.listen()
        yield path


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A port that answers as an X server's does: display number 0 of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        monkeypatch.setattr(display, "_X_PORT", number)
        yield number


def test_without_any_display_it_says_so() -> None:
    problem = display_problem({}, system="linux")
    assert problem == "There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set)."


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_other_systems_have_a_display(system: str) -> None:
    assert display_problem({}, system=system) is None


@pytest.mark.parametrize("platform", ["offscreen", "minimal:size=1", "vnc"])
def test_qt_platforms_that_need_none_are_taken(platform: str) -> None:
    assert display_problem({"QT_QPA_PLATFORM": platform}, system="linux") is None


def test_wayland_that_answers_is_a_display(listener: Path) -> None:
    environ = {"WAYLAND_DISPLAY": listener.name, "XDG_RUNTIME_DIR": str(listener.parent)}
    assert display_problem(environ, system="linux") is None
    assert display_problem({"WAYLAND_DISPLAY": str(listener)}, system="linux") is None


def test_wayland_that_is_gone_is_named(tmp_path: Path) -> None:
    environ = {"WAYLAND_DISPLAY": "wayland-7", "XDG_RUNTIME_DIR": str(tmp_path)}
    problem = display_problem(environ, system="linux")
    assert problem == "The display wayland-7 (WAYLAND_DISPLAY) does not answer."


def test_wayland_does_not_count_when_qt_is_told_to_use_x(listener: Path) -> None:
    environ = {"WAYLAND_DISPLAY": str(listener), "QT_QPA_PLATFORM": "xcb"}
    assert display_problem(environ, system="linux") is not None


@pytest.mark.usefixtures("port")
@pytest.mark.parametrize("name", ["127.0.0.1:0", "localhost:0.0"])
def test_x_over_the_network_that_answers_is_a_display(name: str) -> None:
    assert display_problem({"DISPLAY": name}, system="linux") is None


@pytest.mark.parametrize("name", [":987", "unix:987.0", "127.0.0.1:59999", "nonsense", ":", ":x"])
def test_x_that_does_not_answer_is_named(name: str) -> None:
    problem = display_problem({"DISPLAY": name}, system="linux")
    assert problem == f"The display {name} (DISPLAY) does not answer."
