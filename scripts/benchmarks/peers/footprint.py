"""What the application takes, beside Buzz: on the disk, at its start, and while it captions live.

Each is installed in an environment of its own, with its model. A clip is played into a private
sound server without a break, and both hear it there and show it on a private display, in turn.
"""

from __future__ import annotations

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
from typing import IO, Final

import psutil

from scripts.benchmarks.peers import environment
from scripts.benchmarks.peers.environment import NotHadError
from scripts.benchmarks.peers.trial import MEMORY, MEMORY_NOTE, resident_mb
from scripts.benchmarks.peers.verdict import compared, not_beaten
from scripts.benchmarks.startup import talking, times_of_start
from scripts.benchmarks.table import Figure, Target, conditions, markdown
from tests.support.pulse import running_server
from tests.support.screen import running_screen

_MODEL: Final = "whisper-tiny.en"
_SECONDS: Final = 30.0
_LIMIT_S: Final = 60.0
_LOOKS: Final = 10
_MEGABYTE: Final = 1e6
_COLUMNS: Final = (
    "installed, with its model",
    "window visible",
    "first caption",
    "processor s per s of captioning",
    MEMORY,
)
_HOW: Final = (
    "Buzz captions with faster-whisper, tiny.en, in its window for live recording. Installed: the "
    f"packages of an environment of its own, without Python. {MEMORY_NOTE}"
)
_UNITS: Final = ((" MB", 0), (" s", 2), (" s", 2), ("", 3), (" MB", 0))


@dataclass(frozen=True, slots=True)
class Taken:
    """What one application took in one run; times are from the start of its process."""

    visible_s: float
    captioned_s: float
    processor: float
    memory_mb: float


@dataclass(frozen=True, slots=True)
class Round:
    """What one round measured.

    Attributes:
        sizes_mb: What is installed, by application.
        taken: What running takes, by application.
        reason: Why Buzz was not run; empty where it was.
    """

    sizes_mb: dict[str, float]
    taken: dict[str, Taken]
    reason: str = ""


def measure() -> Round:
    """Start each application twice; the first start is not counted, it fills the disk's cache."""
    ours = environment.captioner()
    sizes = {"captioner": installed_mb(ours)}
    buzz, reason = None, ""
    try:
        model = environment.model(_MODEL)
        buzz = [str(environment.interpreter("buzz")), "-m", "scripts.benchmarks.peers.run_buzz"]
        sizes["buzz"] = installed_mb(Path(buzz[0])) + _size_mb(model)
        buzz.append(str(model))
    except NotHadError as error:
        reason = str(error)
    taken: dict[str, Taken] = {}
    with running_server("pulseaudio") as sound, running_screen(compositor=True) as screen:
        sound.set_default_source("speakers.monitor")
        desktop = os.environ | sound.changes | screen.changes
        with talking(sound):
            for seconds in (0.0, _SECONDS):
                print(f"footprint, {seconds:.0f} s …", file=sys.stderr, flush=True)
                taken["captioner"] = _captioner(ours, desktop, seconds)
                if buzz is not None:
                    taken["buzz"] = _buzz(buzz, desktop, seconds)
    return Round(sizes, taken, reason)


def report(rounds: Sequence[Round]) -> tuple[str, list[Target]]:
    """Return the section of all rounds, and the target."""
    reason = next((each.reason for each in rounds if each.reason), "")
    names = ["captioner"] if reason else ["captioner", "buzz"]
    figures = {
        name: _figures([r.sizes_mb[name] for r in rounds], [r.taken[name] for r in rounds])
        for name in names
    }
    return _text(len(rounds), figures, reason), _targets(figures)


def installed_mb(python: Path) -> float:
    """Return the megabytes of an environment's packages, models inside them included."""
    asked = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    done = subprocess.run(asked, check=True, stdout=subprocess.PIPE, text=True)
    return _size_mb(Path(done.stdout.strip()))


def _size_mb(folder: Path) -> float:
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return sum(path.stat().st_size for path in files) / _MEGABYTE


def _captioner(python: Path, desktop: dict[str, str], seconds: float) -> Taken:
    with tempfile.TemporaryDirectory() as folder:
        command = [str(python), "-m", "captioner", "--profile-dir", folder]
        command += ["gui", "--skip-welcome"]
        with _running(command, desktop, subprocess.DEVNULL) as process:
            start = times_of_start(Path(folder) / "logs" / "captioner.log")
            return Taken(start.visible_s, start.captioned_s, *_costs(process.pid, seconds))


def _buzz(command: list[str], desktop: dict[str, str], seconds: float) -> Taken:
    with tempfile.TemporaryDirectory() as home:
        own = {"HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home, "XDG_DATA_HOME": home}
        begun = time.monotonic()
        with _running(command, desktop | own, subprocess.PIPE) as process:
            times = _times(process.stdout, begun)
            # It logs to its output, which must be read as long as it runs.
            reader = threading.Thread(target=_read_on, args=(process.stdout,), name="log of Buzz")
            reader.start()
            costs = _costs(process.pid, seconds)
        reader.join()
    return Taken(times["visible"], times["caption"], *costs)


def _times(lines: IO[str] | None, begun: float) -> dict[str, float]:
    """Return when `run_buzz` said its words first, up to the first caption."""
    times: dict[str, float] = {}
    for line in lines or ():
        times.setdefault(line.strip(), time.monotonic() - begun)
        if "caption" in times:
            return times
    raise NotHadError("Buzz ended before its first caption")


def _read_on(lines: IO[str] | None) -> None:
    for _ in lines or ():
        pass


@contextmanager
def _running(
    command: list[str], environ: dict[str, str], output: int
) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command,
        env=environ,
        cwd=environment.ROOT,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT if output == subprocess.DEVNULL else signal.SIGTERM)
            process.wait(_LIMIT_S)


def _costs(pid: int, seconds: float) -> tuple[float, float]:
    """Watch an application that captions; return its share of a core and its highest memory."""
    before, begun = _used_s(pid), time.monotonic()
    highest = 0.0
    for _ in range(_LOOKS):
        time.sleep(seconds / _LOOKS)
        highest = max(highest, resident_mb(pid))
    return (_used_s(pid) - before) / (time.monotonic() - begun), highest


def _used_s(pid: int) -> float:
    root = psutil.Process(pid)
    times = [member.cpu_times() for member in [root, *root.children(recursive=True)]]
    return float(sum(each.user + each.system for each in times))


def _figures(sizes_mb: list[float], taken: list[Taken]) -> list[Figure]:
    values = [
        sizes_mb,
        [one.visible_s for one in taken],
        [one.captioned_s for one in taken],
        [one.processor for one in taken],
        [one.memory_mb for one in taken],
    ]
    return [Figure(each, *how) for each, how in zip(values, _UNITS, strict=True)]


def _text(rounds: int, figures: dict[str, list[Figure]], reason: str) -> str:
    rows = [[name, *map(str, each)] for name, each in figures.items()]
    if "buzz" in figures:
        both = zip(figures["captioner"], figures["buzz"], strict=True)
        rows.append(["captioner : buzz", *(compared(ours, theirs) for ours, theirs in both)])
    else:
        rows.append(["buzz", f"not run: {reason}", *[""] * (len(_COLUMNS) - 1)])
    return "\n\n".join(
        [
            "### The application beside Buzz, live captions on the processor",
            conditions(rounds, "moonshine-voice", "PySide6-Essentials"),
            markdown(["from the start of the process, speech playing", *_COLUMNS], rows),
            _HOW,
        ]
    )


def _targets(figures: dict[str, list[Figure]]) -> list[Target]:
    if "buzz" not in figures:
        return []
    count = not_beaten(figures["captioner"], figures["buzz"])
    return [
        Target("measures in which Captioner does not take less than Buzz", [count], 0, digits=0)
    ]
