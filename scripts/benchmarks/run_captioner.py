"""Plays one clip in real time through the whole path: file, session, gRPC, engine, captions."""

from __future__ import annotations

import asyncio
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import soundfile

from captioner.core.audio import SAMPLE_RATE
from captioner.core.events import CaptionChanged, SessionEvent, SourceChanged
from captioner.core.stability import StabilityMode
from captioner.session.controller import CaptionSession
from captioner.session.probe import wait_until_ready
from captioner.settings.models import AudioSettings, CaptionSettings, Settings
from scripts.benchmarks.material import recording
from scripts.benchmarks.record import Record, Update
from scripts.benchmarks.speech import samples

_TAIL_S = 1.5


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
    sound = np.concatenate(
        [samples(recording(clip).path), np.zeros(int(_TAIL_S * SAMPLE_RATE), dtype=np.float32)]
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{clip}.wav"
        soundfile.write(path, sound, SAMPLE_RATE, subtype="PCM_16")
        record = asyncio.run(_run(clip, StabilityMode(mode), path, len(sound) / SAMPLE_RATE))
    print(record.to_json())


if __name__ == "__main__":
    main(*sys.argv[1:])
