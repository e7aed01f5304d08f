"""What a hundred clients of the feed do to the captions: nothing, if it is built well.

The same sound is captioned in real time by the same server with and without a feed; the server
says a word for each 100 ms. Of the hundred clients ten never read and ten come and go all the
time. The latency of a caption is counted from the beginning of its word, which is 100 ms before
the sound is whole and handed over, to a listener that has it after the feed.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from scripts.benchmarks.gui import talking_server
from scripts.benchmarks.streams import percentile
from scripts.benchmarks.table import Figure, Target, conditions, markdown

_READERS: Final = 80
_DEAF: Final = 10
_RESTLESS: Final = 10
_WARM_UP_S: Final = 5.0
_SECONDS: Final = 25.0
_CHUNK_S: Final = 0.1
_LOUD: Final = b"\x00\x20\x00\xe0" * 800
_LIMIT_S: Final = 30.0
_ADDED_MS: Final = 5.0
"""A third of what a display of 60 Hz shows one picture for."""


@dataclass(frozen=True, slots=True)
class Run:
    """What was measured once: memory in megabytes, the rest in seconds.

    Attributes:
        latencies: From the hand-over of the chunk that a word is the answer to.
        memory_mb: After the warm-up, and at the end.
        to_client: From the recogniser's word to the last of the readers.
        connections: How many the clients made.
    """

    latencies: tuple[float, ...]
    memory_mb: tuple[float, float]
    to_client: tuple[float, ...] = ()
    connections: int = 0


@dataclass(frozen=True, slots=True)
class Round:
    """The same captions without a feed and with one."""

    alone: Run
    served: Run


def measure() -> Round:
    """Caption without a feed and with one, in turn."""
    return Round(_captions(is_served=False), _captions(is_served=True))


def report(rounds: Sequence[Round]) -> tuple[str, list[Target]]:
    """Return the section of all rounds, and the targets."""
    alone = [each.alone for each in rounds]
    served = [each.served for each in rounds]
    rows = [
        *(
            [f"latency of captions, p{percent}", _ms(alone, percent), _ms(served, percent)]
            for percent in (50, 95)
        ),
        [
            "from the recogniser's word to the slowest reader, p50 / p95",
            "",
            " / ".join(
                str(Figure([1000 * percentile(e.to_client, p) for e in served], " ms", 1))
                for p in (50, 95)
            ),
        ],
        ["resident memory", _memory(alone), _memory(served)],
        ["connections made", "", str(Figure([each.connections for each in served], "", 0))],
    ]
    text = "\n\n".join(
        [
            "### The feed with a hundred clients, ten deaf, ten restless",
            conditions(len(rounds), "websockets", "grpcio"),
            markdown(["ten updates a second", "without a feed", "with a hundred clients"], rows),
        ]
    )
    return text, [
        *(
            Target(
                f"latency that 100 clients add to captions, p{rank}, ms",
                [
                    1000
                    * (
                        percentile(each.served.latencies, rank)
                        - percentile(each.alone.latencies, rank)
                    )
                    for each in rounds
                ],
                _ADDED_MS,
            )
            for rank in (50, 95)
        ),
        Target(
            "memory with 100 clients, end : after the warm-up",
            [each.memory_mb[1] / each.memory_mb[0] for each in served],
            1.10,
        ),
    ]


def _ms(runs: Sequence[Run], percent: int) -> str:
    return str(Figure([1000 * percentile(run.latencies, percent) for run in runs], " ms", 1))


def _memory(runs: Sequence[Run]) -> str:
    first, last = zip(*(run.memory_mb for run in runs), strict=True)
    return f"{Figure(first, ' MB', 0)} → {Figure(last, ' MB', 0)}"


def _captions(*, is_served: bool) -> Run:
    environ = os.environ | {"CAPTIONER_FEED_TOKEN": secrets.token_urlsafe(32)}
    with tempfile.TemporaryDirectory() as folder, talking_server() as talk:
        record = Path(folder) / "heard.json"
        mode = "feed" if is_served else "alone"
        with subprocess.Popen(
            [*_python("run_feed"), str(record), str(talk.port), mode],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as program:
            if program.stdout is None:
                raise ValueError("its output is needed")
            url = program.stdout.readline().decode().strip()
            crowd = _crowd(url, environ) if is_served else None
            handed, memory_mb = _play(program)
            told = {} if crowd is None else json.loads(crowd.communicate()[0])
            program.communicate(timeout=_LIMIT_S)
        heard = {int(word): at for word, at in json.loads(record.read_text("utf-8")).items()}
        said = {int(word): at for word, at in talk.end().items()}
    measured = [word for word in heard if word * _CHUNK_S >= _WARM_UP_S and word < len(handed)]
    had = {int(word): at for word, at in told.get("had", {}).items()}
    return Run(
        tuple(heard[word] - handed[word] for word in measured),
        memory_mb,
        tuple(had[word] - said[word] for word in measured if word in had),
        told.get("connections", 0),
    )


def _python(module: str) -> list[str]:
    return [sys.executable, "-m", f"scripts.benchmarks.{module}"]


def _crowd(url: str, environ: dict[str, str]) -> subprocess.Popen[bytes]:
    numbers = [str(number) for number in (_READERS, _DEAF, _RESTLESS)]
    return subprocess.Popen(
        [*_python("run_feed_clients"), url, *numbers],
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def _play(program: subprocess.Popen[bytes]) -> tuple[list[float], tuple[float, float]]:
    """Feed sound in real time; return when each chunk was handed over, and memory in between."""
    process = psutil.Process(program.pid)
    handed: list[float] = []

    def hand_over() -> None:
        begun = time.monotonic()
        while (due := begun + len(handed) * _CHUNK_S) < begun + _WARM_UP_S + _SECONDS:
            time.sleep(max(0.0, due - time.monotonic()))
            handed.append(time.monotonic())
            program.stdin.write(_LOUD)  # type: ignore[union-attr]  # it is a pipe
            program.stdin.flush()  # type: ignore[union-attr]  # it is a pipe

    sound = threading.Thread(target=hand_over, name="sound")
    sound.start()
    time.sleep(_WARM_UP_S)
    first = process.memory_info().rss / 1e6
    sound.join()
    return handed, (first, process.memory_info().rss / 1e6)
