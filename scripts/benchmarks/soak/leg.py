"""A leg of a soak: what is watched while it runs, and what it says in the end."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import psutil
from pydantic import TypeAdapter

from captioner.settings.file import write_atomically

ALLOWED_MB: Final = 5.0
"""How much the memory may have grown from after the warm-up to the end of a leg."""

_SPARE: Final = {"threads": 4}
"""gRPC's pool has a thread more or less at any moment; one left over a fault would be hundreds."""

_WARM_UP: Final = 0.25
_EDGE: Final = 5
_DRAWN: Final = 120
"""Samples of a leg that are kept for a drawing."""
_PATIENCE_S: Final = 40.0
"""gRPC ends threads of its pool that had nothing to do for half a minute."""
_MEGABYTE: Final = 1_048_576
_BY_CHANCE: Final = 2.0
"""Standard errors; as much comes by chance once in twenty times."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of one process over a leg, in megabytes.

    Attributes:
        start: Mean of the first fifth after the warm-up: single samples jump with the allocator.
        most: The most.
        end: Mean of the last fifth.
        samples: Some of all, in equal steps from the begin of the leg to its end.
        error: Standard error of the difference of both means: the engine's memory goes up and down
            by 40 MB with the length of what it reads.
    """

    start: float
    most: float
    end: float
    samples: list[float] = field(default_factory=list)
    error: float = 0.0

    @property
    def is_flat(self) -> bool:
        """Whether it has not grown, or not by more than chance may make of it."""
        return self.end - self.start <= max(ALLOWED_MB, _BY_CHANCE * self.error)

    def __str__(self) -> str:
        """Return start and end."""
        return f"{self.start:.1f} → {self.end:.1f}"


class MemoryWatch:
    """Looks at the memory of a process."""

    def __init__(self) -> None:
        """Begin."""
        self._samples: list[tuple[int, float]] = []

    def look(self, pid: int) -> float:
        """Look once; return megabytes."""
        return self.note(pid, float(psutil.Process(pid).memory_info().rss) / _MEGABYTE)

    def note(self, pid: int, used: float) -> float:
        """Take in megabytes of a process that somebody else found; return them."""
        self._samples.append((pid, used))
        return used

    def memory(self) -> Memory:
        """Sum up for the process that was looked at most often: others were killed early."""
        pids = [pid for pid, _ in self._samples]
        longest = max(set(pids), key=pids.count)
        values = [used for pid, used in self._samples if pid == longest]
        values = values[round(_WARM_UP * len(values)) :]
        edge = max(1, len(values) // _EDGE)
        first, last = values[:edge], values[-edge:]
        error = float(np.sqrt((np.var(first) + np.var(last)) / edge))
        start, end = float(np.mean(first)), float(np.mean(last))
        return Memory(start, max(values), end, self._thinned(), error)

    def _thinned(self) -> list[float]:
        all_used = [used for _, used in self._samples]
        places = np.linspace(0, len(all_used) - 1, min(len(all_used), _DRAWN)).round().astype(int)
        return [round(all_used[place], 1) for place in places]


@dataclass(frozen=True, slots=True)
class Leg:
    """What one leg measured.

    Attributes:
        audio_s: Speech, in seconds.
        wall_s: How long that took.
        happened: How often what was done to it, by name.
        memory: By process.
        leftovers: What was there after it and not before: tasks, threads, descriptors, children.
        said: Figures of what was said, by name.
        problems: What must not be; empty is a pass.
    """

    audio_s: float
    wall_s: float
    happened: dict[str, int]
    memory: dict[str, Memory]
    leftovers: dict[str, int]
    said: dict[str, str]
    problems: list[str] = field(default_factory=list)

    @property
    def verdicts(self) -> list[str]:
        """Everything that is wrong."""
        grown = [f"memory of {name} grew: {m}" for name, m in self.memory.items() if not m.is_flat]
        left = [
            f"{count} {name} left over"
            for name, count in self.leftovers.items()
            if count > _SPARE.get(name, 0)
        ]
        return [*self.problems, *grown, *left]


@dataclass(frozen=True, slots=True)
class Soak:
    """Legs of one kind, as they are kept in a file.

    Attributes:
        date: When the newest of them ended, ISO 8601.
        legs: Those that are finished; the seed of each is its place.
    """

    date: str
    legs: list[Leg]

    def write(self, path: Path) -> None:
        """Keep them; whatever happens meanwhile, either these or the ones before are kept."""
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, _SOAK.dump_json(self, indent=1).decode() + "\n")

    @staticmethod
    def read(path: Path) -> Soak | None:
        """Return what is kept, None where nothing is.

        Raises:
            pydantic.ValidationError: It is something else.
        """
        return _SOAK.validate_json(path.read_bytes()) if path.exists() else None


_SOAK: Final = TypeAdapter(Soak)
_LEG: Final = TypeAdapter(Leg)


def leg_to_json(leg: Leg) -> str:
    """Return a leg as another process reads it."""
    return _LEG.dump_json(leg, indent=1).decode()


def in_own_process(what: str, leg_hours: float, seed: int) -> Leg:
    """Run a leg where nothing of an earlier one, and of nobody else, is in memory.

    It ends with this process, however this ends.

    Raises:
        SystemExit: It ended without a result.
    """
    command = [sys.executable, "-m", "scripts.benchmarks.soak", what]
    command += ["--only", str(seed), "--leg-hours", str(leg_hours), "--exit-with-parent"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        said = process.stdout.read() if process.stdout is not None else b""
    if not said.strip():
        raise SystemExit(f"Leg {seed} ended with status {process.returncode}.")
    return _LEG.validate_json(said)


def exit_with_parent() -> None:
    """End this process as soon as standard input ends, which it does when the parent is gone."""

    def watch() -> None:
        # Without the lock of `sys.stdin`, which nobody may hold when the program ends.
        while os.read(0, 1):
            pass
        os._exit(1)

    threading.Thread(target=watch, name="soak-parent", daemon=True).start()


def count() -> dict[str, int]:
    """Count what a leg must not leave behind."""
    gc.collect()
    own = psutil.Process()
    return {
        "tasks": len(asyncio.all_tasks()),
        "threads": own.num_threads(),
        "descriptors": own.num_fds(),
        "children": len(own.children()),
    }


async def left_over(before: dict[str, int]) -> dict[str, int]:
    """Return what there is more of than before, once what ends by itself has had time to."""
    give_up = time.monotonic() + _PATIENCE_S
    while True:
        now = count()
        more = {name: max(0, now[name] - before[name]) for name in before}
        if not any(more.values()) or time.monotonic() > give_up:
            return more
        await asyncio.sleep(1.0)
