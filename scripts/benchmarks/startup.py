"""From the start of the process to the overlay, and to the first caption, with everything real.

A clip is played into a private sound server without a break, `captioner gui` is started on a
private display, and its own log says when the overlay was painted first, when the session was
streaming, and when the first caption was painted. Each start is warm: one start before is not
counted.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from scripts.benchmarks.table import Figure, Target, conditions, markdown
from tests.support.clips import TWO_CITIES
from tests.support.pulse import SoundServer, running_server
from tests.support.screen import Screen, running_screen

_STARTS_A_ROUND: Final = 3
_LIMIT_S: Final = 30.0
_PAINTED: Final = re.compile(r"first caption painted (\d+) ms after")
_VISIBLE: Final = re.compile(r"([\dT:.-]+Z)\b.*overlay visible (\d+) ms after")
_STREAMING: Final = re.compile(r"([\dT:.-]+Z)\b.*Session: starting -> streaming")


@dataclass(frozen=True, slots=True)
class Start:
    """One start; seconds since the system started the process."""

    visible_s: float
    listening_s: float
    captioned_s: float


@dataclass(frozen=True, slots=True)
class Round:
    """The starts of one round.

    Attributes:
        starts: Of this program.
        packaged: Of a packaged one; none where there is none.
    """

    starts: list[Start]
    packaged: list[Start]


def measure(packaged: Path | None = None) -> Round:
    """Start the window a few times.

    Args:
        packaged: A program that ``packaging/build.sh`` made, measured in turn with this one.
    """
    programs = [[sys.executable, "-m", "captioner"]]
    programs += [] if packaged is None else [[str(packaged)]]
    with (
        running_server("pulseaudio") as sound,
        running_screen(compositor=True) as screen,
        talking(sound),
    ):
        # The first start of each is not counted.
        counted = [
            [_start(program, sound, screen) for program in programs]
            for _ in range(_STARTS_A_ROUND + 1)
        ][1:]
    return Round([pair[0] for pair in counted], [pair[1] for pair in counted if packaged])


def report(rounds: Sequence[Round]) -> tuple[str, list[Target]]:
    """Return the section of all rounds, and the targets."""
    starts = [start for each in rounds for start in each.starts]
    packaged = [start for each in rounds for start in each.packaged]
    visible = [start.visible_s for start in starts]
    listening = [start.listening_s for start in starts]
    captioned = [start.captioned_s for start in starts]
    rows = [
        ["overlay visible", str(Figure(visible, " s"))],
        ["listening, recogniser connected", str(Figure(listening, " s"))],
        ["first caption painted, speech playing throughout", str(Figure(captioned, " s"))],
    ]
    targets = [
        Target("start to visible overlay, warm, s", visible, 1.0),
        Target("start to listening, warm, s", listening, 2.5),
        Target("start to the first caption, speech playing throughout, s", captioned, 3.0),
    ]
    if packaged:
        of_package = [start.visible_s for start in packaged]
        rows.append(["overlay visible, packaged program", str(Figure(of_package, " s"))])
        ratios = [
            mine.visible_s / ours.visible_s
            for each in rounds
            for mine, ours in zip(each.packaged, each.starts, strict=True)
        ]
        targets.append(Target("packaged start, of the one above", ratios, 1.2))
    text = "\n\n".join(
        [
            "### Start of the window",
            conditions(len(rounds), "moonshine-voice", "grpcio")
            + f" {_STARTS_A_ROUND} starts a round.",
            markdown(["from the start of the process to", "median (spread)"], rows),
        ]
    )
    return text, targets


@contextmanager
def talking(sound: SoundServer) -> Iterator[None]:
    """Play a clip again and again for as long as the block lasts."""
    stop = threading.Event()

    def talk() -> None:
        while not stop.is_set():
            player = sound.play(TWO_CITIES.path)
            while player.poll() is None:
                if stop.wait(0.1):
                    player.terminate()

    talker = threading.Thread(target=talk, name="clips")
    talker.start()
    try:
        yield
    finally:
        stop.set()
        talker.join()


def _start(program: list[str], sound: SoundServer, screen: Screen) -> Start:
    environ = os.environ | sound.changes | screen.changes
    with tempfile.TemporaryDirectory() as folder:
        command = [*program, "--profile-dir", folder, "gui", "--skip-welcome"]
        with subprocess.Popen(
            command, env=environ, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as started:
            log = Path(folder) / "logs" / "captioner.log"
            try:
                return times_of_start(log)
            finally:
                started.send_signal(signal.SIGINT)
                started.wait(_LIMIT_S)


def times_of_start(log: Path) -> Start:
    """Wait for the three lines in the log of a window that has just started; return their times."""
    give_up = time.monotonic() + _LIMIT_S
    while time.monotonic() < give_up:
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        visible = next(filter(None, map(_VISIBLE.search, lines)), None)
        streaming = next(filter(None, map(_STREAMING.search, lines)), None)
        painted = next(filter(None, map(_PAINTED.search, lines)), None)
        if visible and streaming and painted:
            visible_s = int(visible[2]) / 1000
            after = datetime.fromisoformat(streaming[1]) - datetime.fromisoformat(visible[1])
            return Start(visible_s, visible_s + after.total_seconds(), int(painted[1]) / 1000)
        time.sleep(0.05)
    raise TimeoutError("the window did not caption in time")
