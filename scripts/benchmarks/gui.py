"""What the window costs: from a response to the paint, processor time, memory, and eight hours.

`captioner gui` on a private display, with a sound server and a keyring as a desktop has them, and
`captioner live` caption the same sound in real time with the same server, which says a word for
each 100 ms: ten updates a second, and the lines scroll. Words are shown as they come
(``captions.stability`` is ``responsive``), because a word that the calmer modes hold back on
purpose would not tell how fast the window is. What the window costs above the terminal is the
difference between the two.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil

from scripts.benchmarks.streams import percentile
from scripts.benchmarks.table import Figure, Target, conditions, markdown
from tests.support.pulse import running_server
from tests.support.screen import running_screen
from tests.support.secret_service import running_secret_service

_WARM_UP_S: Final = 6.0
_SECONDS: Final = 20.0
_CHUNK_S: Final = 0.1
_LOUD: Final = b"\x00\x20\x00\xe0" * 800
_SILENT: Final = bytes(3200)
_HOURS: Final = 8
_FLAT: Final = 1.10
_LIMIT_S: Final = 30.0
_BUS: Final = "DBUS_SESSION_BUS_ADDRESS"


@dataclass(frozen=True, slots=True)
class _Cost:
    """What a process used: a share of one core, resident megabytes, and times to the paint."""

    share: float
    memory_mb: float
    delays_s: tuple[float, ...] = ()


def run(rounds: int) -> tuple[str, list[Target]]:
    """Measure; return a Markdown report and the targets with their verdicts."""
    with (
        running_screen(compositor=True) as screen,
        running_server("pulseaudio") as sound,
        running_secret_service() as keys,
    ):
        desktop = screen.changes | sound.changes | {_BUS: keys.environ[_BUS]}
        windows, terminals, idle = [], [], []
        for _ in range(rounds):
            windows.append(_window(desktop, _LOUD))
            terminals.append(_terminal(desktop, _LOUD))
            idle.append(_window(desktop, _SILENT))
        hours = _hours(desktop)
    to_paint = {
        rank: Figure([1000 * percentile(each.delays_s, rank) for each in windows], " ms", 1)
        for rank in (50, 99)
    }
    above = Figure(
        [100 * (w.share - t.share) for w, t in zip(windows, terminals, strict=True)], " %", 1
    )
    resting = Figure([100 * each.share for each in idle], " %", 1)
    memory = Figure([window.memory_mb for window in windows], " MB", 0)
    first, last = hours[1], hours[-1]
    rows = [
        ["response to paint, median", str(to_paint[50])],
        ["response to paint, p99", str(to_paint[99])],
        ["processor, captioning, window", str(Figure([100 * w.share for w in windows], " %", 1))],
        [
            "processor, captioning, terminal",
            str(Figure([100 * t.share for t in terminals], " %", 1)),
        ],
        ["processor, what the window adds", str(above)],
        ["processor, window, silence", str(resting)],
        ["resident memory, window", str(memory)],
        ["memory, from the 2nd to the 8th hour", _change(first, last, "memory_mb", " MB", 0)],
        ["paint, median, from the 2nd to the 8th hour", _change(first, last, "paint_ms", " ms", 2)],
    ]
    report = "\n\n".join(
        [
            "### The window",
            conditions(rounds, "PySide6-Essentials", "grpcio")
            + " The eight hours, accelerated, in a run of their own.",
            markdown(["ten updates a second, remote server", "measured"], rows),
        ]
    )
    targets = [
        Target("response to paint, p99, ms", to_paint[99].middle, 33, 1),
        Target("processor of the window above the terminal, % of a core", above.middle, 5, 1),
        Target("processor in silence, % of a core", resting.middle, 2, 1),
        Target("resident memory with a remote server, MB", memory.middle, 160, 0),
        Target("memory, 8th hour : 2nd hour", last["memory_mb"] / first["memory_mb"], _FLAT),
        Target("paint, 8th hour : 2nd hour", last["paint_ms"] / first["paint_ms"], _FLAT),
    ]
    return report, targets


def _change(first: dict[str, float], last: dict[str, float], name: str, unit: str, to: int) -> str:
    return f"{first[name]:.{to}f} → {last[name]:.{to}f}{unit}"


def _window(desktop: dict[str, str], chunk: bytes) -> _Cost:
    with tempfile.TemporaryDirectory() as folder, talking_server() as talk:
        record = Path(folder) / "painted.json"
        command = [sys.executable, "-m", "scripts.benchmarks.run_window", str(record)]
        cost = _measure([*command, *_arguments(folder, "gui", talk.port)], desktop, chunk)
        painted = json.loads(record.read_text(encoding="utf-8"))
        said = talk.end()
    delays = tuple(at - said[number] for number, at in painted.items() if number in said)
    return _Cost(cost.share, cost.memory_mb, delays)


def _terminal(desktop: dict[str, str], chunk: bytes) -> _Cost:
    with tempfile.TemporaryDirectory() as folder, talking_server() as talk:
        command = [sys.executable, "-m", "captioner", *_arguments(folder, "live", talk.port)]
        return _measure(command, desktop, chunk)


def _arguments(folder: str, command: str, port: int) -> list[str]:
    profile = ["--profile-dir", f"{folder}/profile"]
    at_once = ["config", "set", "captions.stability", "responsive"]
    subprocess.run(
        [sys.executable, "-m", "captioner", *profile, *at_once],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return [*profile, command, "--server", f"127.0.0.1:{port}", "--source", "-"]


@contextmanager
def talking_server() -> Iterator[Talk]:
    """Run a server for as long as the block lasts."""
    command = [sys.executable, "-m", "scripts.benchmarks.run_talking_server"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        talk = Talk(server)
        try:
            yield talk
        finally:
            talk.end()


class Talk:
    """A running server.

    Attributes:
        port: Where it listens on this machine.
    """

    def __init__(self, server: subprocess.Popen[str]) -> None:
        """Wait until ``server`` listens."""
        if server.stdout is None:
            raise ValueError("its output is needed")
        self._server = server
        self._said: dict[str, float] | None = None
        self.port = int(server.stdout.readline())

    def end(self) -> dict[str, float]:
        """End it; return when it said each word, by its number."""
        if self._said is None:
            output, _ = self._server.communicate()
            self._said = json.loads(output)
        return self._said


def _measure(command: list[str], changes: dict[str, str], chunk: bytes) -> _Cost:
    """Run ``command`` on sound of ``chunk`` again and again; measure after the warm-up."""
    with subprocess.Popen(
        command,
        env=os.environ | changes,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as program:
        stop = threading.Event()
        feeder = threading.Thread(target=_feed, args=(program, chunk, stop), name="sound")
        feeder.start()
        try:
            process = psutil.Process(program.pid)
            time.sleep(_WARM_UP_S)
            before, begun = _used_s(process), time.monotonic()
            time.sleep(_SECONDS)
            share = (_used_s(process) - before) / (time.monotonic() - begun)
            memory_mb = process.memory_info().rss / 1e6
        finally:
            stop.set()
            feeder.join()
            program.send_signal(signal.SIGINT)
            program.wait(_LIMIT_S)
    return _Cost(share, memory_mb)


def _used_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _feed(program: subprocess.Popen[bytes], chunk: bytes, stop: threading.Event) -> None:
    if program.stdin is None:
        raise ValueError("its input is needed")
    due = time.monotonic()
    while not stop.wait(max(0.0, due - time.monotonic())):
        try:
            program.stdin.write(chunk)
            program.stdin.flush()
        except BrokenPipeError:
            return
        due += _CHUNK_S


def _hours(desktop: dict[str, str]) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "scripts.benchmarks.run_hours", folder]
        done = subprocess.run(
            [*command, "--hours", str(_HOURS)],
            env=os.environ | desktop,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    return [json.loads(line) for line in done.stdout.splitlines()]
