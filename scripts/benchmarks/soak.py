"""Hours of speech, faster than real time, through the session and the embedded engine.

Both processes are watched: resident memory must be flat after a warm-up, and at the end no task,
thread or file descriptor may be left over. Long soaks run in legs; each finished leg is written to
disk at once, so that a soak that was broken off goes on with the next leg.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import sys
import threading
import time
from collections.abc import AsyncGenerator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import psutil

from captioner.core.audio import SAMPLE_RATE, AudioChunk, SourceItem, SourceOpened
from captioner.core.events import CaptionChanged, SessionEvent
from captioner.session.controller import CaptionSession
from captioner.session.probe import wait_until_ready
from captioner.settings.models import AudioSettings, Settings
from scripts.benchmarks.speech import CLIPS, samples
from scripts.benchmarks.table import markdown
from tests.support.clips import word_error_rate

_REPORTS: Final = Path(__file__).parent / "reports"
_STATE: Final = Path("build") / "soak.json"
_CHUNK: Final = SAMPLE_RATE // 10
_PAUSE_S: Final = 1.5
_WARM_UP: Final = 0.25
_ALLOWED_MB: Final = 5.0
_MEGABYTE: Final = 1_048_576


class LoopedClips:
    """The clips over and over with pauses between them; an audio source of our own protocol."""

    def __init__(self, length_s: float) -> None:
        """Yield about ``length_s`` seconds, whole clips only."""
        pause = np.zeros(int(_PAUSE_S * SAMPLE_RATE), dtype=np.float32)
        parts = [part for clip in CLIPS.values() for part in (samples(clip.path), pause)]
        sound = np.concatenate(parts)
        self._pcm = (sound * 32767).astype("<i2").tobytes()
        self.rounds = max(1, round(length_s * SAMPLE_RATE / len(sound)))
        self.audio_s = self.rounds * len(sound) / SAMPLE_RATE
        self.heard_s = 0.0
        self.lost_samples = 0
        self._closed = False

    async def items(self) -> AsyncGenerator[SourceItem, None]:
        """Yield the audio as fast as it is taken."""
        yield SourceOpened("file", "the clips, over and over")
        position = 0
        for _ in range(self.rounds):
            for offset in range(0, len(self._pcm), 2 * _CHUNK):
                if self._closed:
                    return
                chunk = AudioChunk(
                    self._pcm[offset : offset + 2 * _CHUNK], position, time.monotonic()
                )
                position = chunk.end
                self.heard_s = position / SAMPLE_RATE
                yield chunk

    async def close(self) -> None:
        """End the audio."""
        self._closed = True


@dataclass(frozen=True, slots=True)
class Leg:
    """What one leg measured; memory in megabytes after the warm-up, client and engine."""

    audio_s: float
    wall_s: float
    client_mb: tuple[float, float, float]
    engine_mb: tuple[float, float, float]
    leftovers: dict[str, int]
    word_error_rate: float
    finals: int

    @property
    def passed(self) -> bool:
        """True when memory stayed flat and nothing was left over."""
        flat = all(
            max(first, last) - min(first, last) <= _ALLOWED_MB
            for first, _, last in (self.client_mb, self.engine_mb)
        )
        return flat and not any(self.leftovers.values())


def _count(process: psutil.Process) -> dict[str, int]:
    return {
        "threads": process.num_threads(),
        "descriptors": process.num_fds(),
        "children": len(process.children()),
    }


async def _leg(length_s: float) -> Leg:
    """Run one leg; a short run before it brings up everything that stays for good."""
    own = psutil.Process()
    await _caption(LoopedClips(1), [])
    gc.collect()
    before = _count(own) | {"tasks": len(asyncio.all_tasks())}
    source = LoopedClips(length_s)
    memory: list[tuple[float, float, float]] = []
    begun = time.monotonic()
    texts = await _caption(source, memory)
    wall_s = time.monotonic() - begun
    gc.collect()
    after = _count(own) | {"tasks": len(asyncio.all_tasks())}
    reference = " ".join([clip.text for clip in CLIPS.values()] * source.rounds)
    settled = [sample for sample in memory if sample[0] >= _WARM_UP * source.audio_s]
    client = [sample[1] for sample in settled]
    engine = [sample[2] for sample in settled]
    return Leg(
        audio_s=source.audio_s,
        wall_s=wall_s,
        client_mb=(_start(client), max(client), _end(client)),
        engine_mb=(_start(engine), max(engine), _end(engine)),
        leftovers={name: max(0, after[name] - before[name]) for name in before},
        word_error_rate=word_error_rate(reference, " ".join(texts)),
        finals=len(texts),
    )


def _start(values: list[float]) -> float:
    """Return the mean of the first fifth: single samples jump with the allocator."""
    return float(np.mean(values[: max(1, len(values) // 5)]))


def _end(values: list[float]) -> float:
    """Return the mean of the last fifth."""
    return float(np.mean(values[-max(1, len(values) // 5) :]))


async def _caption(source: LoopedClips, memory: list[tuple[float, float, float]]) -> list[str]:
    texts: list[str] = []
    session = CaptionSession(
        Settings(audio=AudioSettings(source="-")), realtime=False, opener=lambda _: source
    )

    def listen(event: SessionEvent) -> None:
        if isinstance(event, CaptionChanged) and event.segment.is_final:
            texts.append(event.segment.text)

    session.subscribe(listen)
    await wait_until_ready(await session.engine.endpoint())
    watcher = asyncio.create_task(_watch(session.engine.pid, source, memory), name="soak-memory")
    try:
        await session.start()
        await session.wait()
    finally:
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher
        await session.close()
    return texts


async def _watch(
    pid: int | None, source: LoopedClips, memory: list[tuple[float, float, float]]
) -> None:
    own, engine = psutil.Process(), psutil.Process(pid)
    told = 0.0
    while True:
        await asyncio.sleep(1.0)
        sample = tuple(process.memory_info().rss / _MEGABYTE for process in (own, engine))
        memory.append((source.heard_s, *sample))
        if time.monotonic() - told > 10:  # noqa: PLR2004 - seconds between two lines
            told = time.monotonic()
            share = source.heard_s / source.audio_s
            print(
                f"{share:5.0%}  {source.heard_s / 60:6.1f} min  client {sample[0]:.1f} MB  "
                f"engine {sample[1]:.1f} MB  {threading.active_count()} threads",
                file=sys.stderr,
                flush=True,
            )


def _report(legs: list[Leg]) -> str:
    rows = [
        [
            f"{leg.audio_s / 60:.0f} min in {leg.wall_s / 60:.1f} min",
            " → ".join(f"{value:.1f}" for value in (leg.client_mb[0], leg.client_mb[2])),
            " → ".join(f"{value:.1f}" for value in (leg.engine_mb[0], leg.engine_mb[2])),
            ", ".join(f"{name} {count}" for name, count in leg.leftovers.items()),
            f"{leg.word_error_rate:.3f}",
            str(leg.finals),
            "passed" if leg.passed else "**failed**",
        ]
        for leg in legs
    ]
    header = ["speech", "client MB", "engine MB", "left over", "word error rate", "finals", ""]
    return "\n\n".join(
        [
            "# Soak",
            (
                f"{datetime.now(UTC).date().isoformat()}. Repeat with `scripts/soak`. Memory is "
                f"resident, from after the warm-up to the end; at most {_ALLOWED_MB:g} MB may lie "
                "between."
            ),
            markdown(header, rows),
        ]
    )


def main() -> int:
    """Run the legs that are missing; return 0 when all passed."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--hours", type=float, default=1.0, help="hours of speech (default 1)")
    parser.add_argument("--leg-minutes", type=float, default=60.0, help="minutes a leg")
    parser.add_argument("--restart", action="store_true", help="forget finished legs")
    options = parser.parse_args()
    wanted = max(1, round(options.hours * 60 / options.leg_minutes))
    legs: list[Leg] = []
    if _STATE.exists() and not options.restart:
        legs = [Leg(**leg) for leg in json.loads(_STATE.read_text(encoding="utf-8"))]
    while len(legs) < wanted:
        legs.append(asyncio.run(_leg(options.leg_minutes * 60)))
        _STATE.parent.mkdir(exist_ok=True)
        _STATE.write_text(json.dumps([asdict(leg) for leg in legs]), encoding="utf-8")
    report = _report(legs)
    _REPORTS.mkdir(exist_ok=True)
    (_REPORTS / "soak.md").write_text(report + "\n", encoding="utf-8")
    print(report)
    _STATE.unlink()
    return 0 if all(leg.passed for leg in legs) else 1


if __name__ == "__main__":
    raise SystemExit(main())
