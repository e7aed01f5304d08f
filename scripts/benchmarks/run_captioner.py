"""Plays one clip in real time through the whole path: file, session, gRPC, engine, captions."""

from __future__ import annotations

import asyncio
import resource
import sys
import tempfile
import time
from pathlib import Path

import psutil

from captioner.core.audio import SAMPLE_RATE
from captioner.core.events import CaptionChanged, SessionEvent, SourceChanged
from captioner.core.stability import StabilityMode
from captioner.session.controller import CaptionSession
from captioner.session.probe import wait_until_ready
from captioner.settings.models import AudioSettings, CaptionSettings, Settings
from scripts.benchmarks.material import recording
from scripts.benchmarks.record import Record, Update
from scripts.benchmarks.speech import TAIL_S, samples, with_quiet


def _own_processor_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _engine_processor_s(pid: int | None) -> float:
    if pid is None:
        return 0.0
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


async def _run(clip: str, mode: StabilityMode, path: Path, audio_s: float) -> Record:
    record = Record(f"captioner ({mode})", clip, audio_s=audio_s)
    settings = Settings(
        audio=AudioSettings(source=f"file:{path}"), captions=CaptionSettings(stability=mode)
    )
    session = CaptionSession(settings)
    begun = 0.0

    def listen(event: SessionEvent) -> None:
        nonlocal begun
        if isinstance(event, SourceChanged):
            begun = time.monotonic()
        elif isinstance(event, CaptionChanged):
            record.updates.append(
                Update(
                    at=time.monotonic() - begun,
                    utterance=event.segment.id,
                    text=event.shown,
                    is_final=event.segment.is_final,
                    start=event.segment.start_ms / 1000,
                )
            )

    session.subscribe(listen)
    await wait_until_ready(await session.engine.endpoint())
    pid = session.engine.pid
    used = _own_processor_s() + _engine_processor_s(pid)
    await session.start()
    await session.wait()
    record.processor_s = _own_processor_s() + _engine_processor_s(pid) - used
    await session.close()
    return record


def main(clip: str, mode: str) -> None:
    """Print the record of the run as JSON."""
    sound = samples(recording(clip).path)
    audio_s = len(sound) / SAMPLE_RATE + TAIL_S
    with tempfile.TemporaryDirectory() as folder:
        path = with_quiet(Path(folder) / f"{clip}.wav", sound)
        record = asyncio.run(_run(clip, StabilityMode(mode), path, audio_s))
    print(record.to_json())


if __name__ == "__main__":
    main(*sys.argv[1:])
