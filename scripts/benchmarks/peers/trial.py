"""Runs one system over one recording and notes what it said, what it took and how much it held."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from scripts.benchmarks.peers.catalogue import Peer
from scripts.benchmarks.peers.environment import ROOT, NotHadError
from scripts.benchmarks.record import Record, Update

_LOOK_S: Final = 0.5
_MEGABYTE: Final = 1e6

MEMORY: Final = "memory (PSS)"
MEMORY_NOTE: Final = (
    "PSS is the most that all processes of a system had resident at once, what several share "
    "counted in parts."
)


@dataclass(frozen=True, slots=True)
class Trial:
    """What a system said, and the most memory that all its processes had resident at once."""

    record: Record
    memory_mb: float


def play_captioner(clip: str, mode: str) -> Trial:
    """Play a clip through Captioner's whole path, in real time."""
    said, memory_mb = _watch([sys.executable, "-m", "scripts.benchmarks.run_captioner", clip, mode])
    return Trial(Record.from_json(said), memory_mb)


def play(peer: Peer, clip: str, recording: Path, *, real_time: bool = True) -> Trial:
    """Play a recording to a peer.

    Raises:
        NotHadError: If the peer or its model cannot be had, or it ended with an error.
    """
    start, model = peer.command()
    said, memory_mb = _watch([*start, str(recording), "real" if real_time else "fast", *model])
    told = json.loads(said)
    told["updates"] = [Update(**update) for update in told["updates"]]
    return Trial(Record(peer.name, clip, **told), memory_mb)


def _watch(command: Sequence[str]) -> tuple[str, float]:
    """Run to the end; return the last line of its output and its highest memory in megabytes."""
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        ended = threading.Event()
        highest = 0.0

        def look() -> None:
            nonlocal highest
            while not ended.wait(_LOOK_S):
                highest = max(highest, resident_mb(process.pid))

        watcher = threading.Thread(target=look, name="memory of a peer")
        watcher.start()
        try:
            said, errors = process.communicate()
        finally:
            ended.set()
            watcher.join()
    if process.returncode:
        last = errors.strip().splitlines()[-1:] or [f"exit status {process.returncode}"]
        raise NotHadError(f"ended with an error ({last[0]})")
    return said.splitlines()[-1], highest


def resident_mb(pid: int) -> float:
    """Return what a process and its children have resident; shared pages count once."""
    total = 0
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    for member in family:
        try:
            memory = member.memory_full_info()
            total += getattr(memory, "pss", memory.uss)
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return total / _MEGABYTE
