"""What the window costs: from a response to the paint, processor time, and memory.

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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

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
_LIMIT_S: Final = 30.0
_BUS: Final = "DBUS_SESSION_BUS_ADDRESS"


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process used: a share of one core, resident megabytes, and times to the paint."""

    share: float
    memory_mb: float
    delays_s: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Round:
    """A window and a terminal that caption, and a window in silence."""

    window: Cost
    terminal: Cost
    idle: Cost


def measure() -> Round:
    """Run the three in turn."""
    with running_desktop() as desktop:
        return Round(_window(desktop, _LOUD), _terminal(desktop, _LOUD), _window(desktop, _SILENT))


def report(rounds: Sequence[Round]) -> tuple[str, list[Target]]:
    """Return the section of all rounds, and the targets."""
    windows = [each.window for each in rounds]
    to_paint = {
        rank: [1000 * percentile(each.delays_s, rank) for each in windows] for rank in (50, 99)
    }
    captioning = [100 * each.share for each in windows]
    in_terminal = [100 * each.terminal.share for each in rounds]
    above = [100 * (each.window.share - each.terminal.share) for each in rounds]
    resting = [100 * each.idle.share for each in rounds]
    memory = [each.memory_mb for each in windows]
    rows = [
        ["response to paint, median", str(Figure(to_paint[50], " ms", 1))],
        ["response to paint, p99", str(Figure(to_paint[99], " ms", 1))],
        ["processor, captioning, window", str(Figure(captioning, " %", 1))],
        ["processor, captioning, terminal", str(Figure(in_terminal, " %", 1))],
        ["processor, what the window adds", str(Figure(above, " %", 1))],
        ["processor, window, silence", str(Figure(resting, " %", 1))],
        ["resident memory, window", str(Figure(memory, " MB", 0))],
    ]
    text = "\n\n".join(
        [
            "### The window",
            conditions(len(rounds), "PySide6-Essentials", "grpcio"),
            markdown(["ten updates a second, remote server", "measured"], rows),
        ]
    )
    return text, [
        Target("response to paint, p99, ms", to_paint[99], 33, 1),
        Target("processor of the window above the terminal, % of a core", above, 5, 1),
        Target("processor in silence, % of a core", resting, 2, 1),
        Target("resident memory with a remote server, MB", memory, 160, 0),
    ]


@contextmanager
def running_desktop() -> Iterator[dict[str, str]]:
    """Run a display, a sound server and a keyring; give what the environment needs for them."""
    with (
        running_screen(compositor=True) as screen,
        running_server("pulseaudio") as sound,
        running_secret_service() as keys,
    ):
        yield screen.changes | sound.changes | {_BUS: keys.environ[_BUS]}


def _window(desktop: dict[str, str], chunk: bytes) -> Cost:
    with tempfile.TemporaryDirectory() as folder, talking_server() as talk:
        record = Path(folder) / "painted.json"
        command = [sys.executable, "-m", "scripts.benchmarks.run_window", str(record)]
        cost = _measure([*command, *_arguments(folder, "gui", talk.port)], desktop, chunk)
        painted = json.loads(record.read_text(encoding="utf-8"))
        said = talk.end()
    delays = tuple(at - said[number] for number, at in painted.items() if number in said)
    return Cost(cost.share, cost.memory_mb, delays)


def _terminal(desktop: dict[str, str], chunk: bytes) -> Cost:
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


def _measure(command: list[str], changes: dict[str, str], chunk: bytes) -> Cost:
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
    return Cost(share, memory_mb)


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
