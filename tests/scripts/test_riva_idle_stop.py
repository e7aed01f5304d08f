"""The program that stops an idle GPU machine: real connections, stand-ins for GPU and systemd."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path
from typing import Final

import pytest

_PROGRAM: Final = Path(__file__).parents[2] / "scripts" / "lib" / "riva-idle-stop.sh"


class Machine:
    """A machine on which a minute passes with each call."""

    def __init__(self, folder: Path) -> None:
        """Keep everything below ``folder``."""
        self._folder = folder
        self.gpu_shows("0\n")
        self._command("systemctl", f'echo "$*" >>{folder}/stopped')
        self._command("logger", "exit 0")
        self.configure(minutes=2, port=1)

    def _command(self, name: str, program: str) -> None:
        path = self._folder / name
        path.write_text(f"#!/bin/bash\n{program}\n", encoding="utf-8")
        path.chmod(0o755)

    def gpu_shows(self, percent: str) -> None:
        self._command("nvidia-smi", f"printf '{percent}'")

    def configure(self, *, minutes: int, port: int) -> None:
        (self._folder / "conf").write_text(
            f"IDLE_STOP_MINUTES={minutes}\nPORTS={port}\n", encoding="utf-8"
        )

    def stops(self) -> bool:
        """Return whether the machine stops after another minute."""
        subprocess.run(
            ["/bin/bash", _PROGRAM, self._folder / "conf", self._folder / "count"],
            env={"PATH": f"{self._folder}:/usr/bin:/bin"},
            check=True,
            timeout=30,
        )
        called = self._folder / "stopped"
        stopped = called.exists() and called.read_text(encoding="utf-8") == "poweroff\n"
        called.unlink(missing_ok=True)
        return stopped


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """An idle machine that stops after two minutes."""
    return Machine(tmp_path)


def test_machine_stops_after_its_minutes_without_use(machine: Machine) -> None:
    assert [machine.stops(), machine.stops()] == [False, True]


def test_work_of_any_gpu_begins_the_count_anew(machine: Machine) -> None:
    assert not machine.stops()
    machine.gpu_shows("0\\n37\n")
    assert not machine.stops()
    machine.gpu_shows("4\n")
    assert [machine.stops(), machine.stops()] == [False, True]


def test_connected_client_keeps_the_machine_and_a_listening_server_does_not(
    machine: Machine,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        machine.configure(minutes=1, port=port)
        assert machine.stops()
        with socket.create_connection(("127.0.0.1", port)), server.accept()[0]:
            assert not machine.stops()


def test_machine_without_a_driver_is_idle_and_zero_minutes_mean_never(machine: Machine) -> None:
    machine.gpu_shows("no devices\n")
    machine.configure(minutes=1, port=1)
    assert machine.stops()
    machine.configure(minutes=0, port=1)
    assert not machine.stops()
