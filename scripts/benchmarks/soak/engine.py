"""Hours of speech through a session and the embedded engine, which is killed now and then.

The clips are said over and over, as fast as the engine takes them. Its process is killed, the
device goes, settings change; what is understood must stay as good as without, and no word may be
missing because of a kill. Memory is that of the engine that lives when nothing is killed any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from typing import Final

import numpy as np

from captioner.core.audio import (
    SAMPLE_RATE,
    AudioChunk,
    SourceItem,
    SourceLost,
    SourceOpened,
    samples_to_ms,
)
from captioner.core.errors import AudioDeviceError
from captioner.core.events import CaptionChanged, GapMarked, SessionEvent
from captioner.core.segment import Segment
from captioner.core.stability import StabilityMode
from captioner.measure.accuracy import word_error_rate
from captioner.session.controller import CaptionSession
from captioner.session.probe import wait_until_ready
from captioner.settings.models import AudioSettings, Settings
from scripts.benchmarks.soak.kills import KILLED_PART, Kill, in_rounds, left_out, lost
from scripts.benchmarks.soak.leg import Leg, MemoryWatch, count, left_over
from scripts.benchmarks.speech import CLIPS, samples

_CHUNK: Final = SAMPLE_RATE // 10
_PAUSE_S: Final = 1.5
_KILLS_EVERY_S: Final = 300.0
_CHANGES_EVERY_S: Final = 240.0
_LOSES_EVERY_S: Final = 420.0
_AWAY_S: Final = 3.0
_ALLOWED_ERRORS: Final = 0.01
"""How much higher the word error rate may be than that of the clips said once in peace."""

Told = Callable[[str], None]


class LoopedClips:
    """The clips over and over with pauses between them; an audio source of our own protocol.

    Attributes:
        rounds: How often all of them are said.
        audio_s: How long that is.
        heard_s: How much of it was taken.
        position: Where that is in the session, in samples; time without the device counts.
        begins_ms: Where each round so far began.
        text: What is said in each round.
        lost_samples: Those of the time in which the device was away.
        losses: How often it was.
    """

    def __init__(self, length_s: float, *, loses_every_s: float | None = None) -> None:
        """Yield about ``length_s`` seconds, whole clips only; be away between two rounds."""
        pause = np.zeros(int(_PAUSE_S * SAMPLE_RATE), dtype=np.float32)
        parts = [part for clip in CLIPS.values() for part in (samples(clip.path), pause)]
        sound = np.concatenate(parts)
        self._pcm = (sound * 32767).astype("<i2").tobytes()
        self._loses_every_s = loses_every_s
        self.text = " ".join(clip.text for clip in CLIPS.values())
        self.rounds = max(1, round(length_s * SAMPLE_RATE / len(sound)))
        self.audio_s = self.rounds * len(sound) / SAMPLE_RATE
        self.heard_s = 0.0
        self.position = 0
        self.begins_ms: list[int] = []
        self.lost_samples = self.losses = 0
        self._closed = False

    async def items(self) -> AsyncGenerator[SourceItem, None]:
        """Yield the audio as fast as it is taken."""
        yield SourceOpened("microphone", "the clips, over and over")
        lost = 0
        lose_at_s = self._loses_every_s or float("inf")
        for _ in range(self.rounds):
            if self.heard_s >= lose_at_s:
                lose_at_s += self._loses_every_s or 0.0
                self.losses += 1
                lost = round(_AWAY_S * SAMPLE_RATE)
                self.position += lost
                self.lost_samples += lost
                yield SourceLost(AudioDeviceError("The clips are gone.", hint="They come back."))
                yield SourceOpened("microphone", "the clips, over and over")
            self.begins_ms.append(samples_to_ms(self.position))
            for offset in range(0, len(self._pcm), 2 * _CHUNK):
                if self._closed:
                    return
                pcm = self._pcm[offset : offset + 2 * _CHUNK]
                chunk = AudioChunk(pcm, self.position, time.monotonic(), lost_before=lost)
                self.position, lost = chunk.end, 0
                self.heard_s += chunk.samples / SAMPLE_RATE
                yield chunk

    async def close(self) -> None:
        """End the audio."""
        self._closed = True


def _later(chance: random.Random | None, usual_s: float) -> float:
    """Return after how many seconds of speech something comes; without chance, as usual."""
    return usual_s * (chance.uniform(0.3, 1.7) if chance else 1.0)


class _Run:
    """One session over a source."""

    def __init__(self, source: LoopedClips, tell: Told) -> None:
        self._source = source
        self._tell = tell
        self._settings = Settings(audio=AudioSettings(source="-"))
        self.finals: list[Segment] = []
        self.kills: list[Kill] = []
        self.gap_ms = 0
        self.memory = {"client": MemoryWatch(), "engine": MemoryWatch()}
        self.happened: Counter[str] = Counter()
        self.session = CaptionSession(
            self._settings, realtime=False, patient=True, opener=lambda _: source
        )
        self.session.subscribe(self._listen)

    def _listen(self, event: SessionEvent) -> None:
        if isinstance(event, GapMarked):
            self.gap_ms += event.gap.end_ms - event.gap.start_ms
        elif isinstance(event, CaptionChanged) and event.segment.is_final:
            self.finals.append(event.segment)
            for kill in self.kills:
                kill.note(event.segment, self.session.engine.starts)

    async def caption(self, chance: random.Random | None = None) -> None:
        """Caption it all; with ``chance``, things happen meanwhile."""
        await wait_until_ready(await self.session.engine.endpoint())
        watcher = asyncio.create_task(self._watch(chance), name="soak-watch")
        try:
            await self.session.start()
            await self.session.wait()
        finally:
            watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watcher
            await self.session.close()
        if self._source.losses:
            self.happened["device lost"] = self._source.losses

    async def _watch(self, chance: random.Random | None) -> None:
        source, told = self._source, 0.0
        kill_at, change_at = _later(chance, _KILLS_EVERY_S), _later(chance, _CHANGES_EVERY_S)
        begun = time.monotonic()
        while True:
            await asyncio.sleep(1.0)
            own_mb = self.memory["client"].look(os.getpid())
            pid = self.session.engine.pid
            engine_mb = self.memory["engine"].look(pid) if pid is not None else 0.0
            if chance is not None and source.heard_s >= kill_at and pid is not None:
                kill_at += _later(chance, _KILLS_EVERY_S)
                self._kill(pid)
            if chance is not None and source.heard_s >= change_at:
                change_at += _later(chance, _CHANGES_EVERY_S)
                self.happened["stability changed"] += 1
                mode = chance.choice(sorted(StabilityMode))
                captions = self._settings.captions.model_copy(update={"stability": mode})
                await self.session.apply(self._settings.model_copy(update={"captions": captions}))
            if time.monotonic() - told > 10:  # noqa: PLR2004 - seconds between two lines
                told = time.monotonic()
                self._tell(
                    f"{source.heard_s / source.audio_s:5.1%}  {source.heard_s / 60:6.1f} min, "
                    f"{source.heard_s / (told - begun):3.0f} times real time, "
                    f"client {own_mb:.1f} MB, engine {engine_mb:.1f} MB, "
                    f"{self.happened.total()} faults"
                )

    def _kill(self, pid: int) -> None:
        """Kill the engine, unless the one that is left alone lives already."""
        source = self._source
        if source.heard_s < KILLED_PART * source.audio_s:
            self.happened["engine killed"] += 1
            self.kills.append(Kill(samples_to_ms(source.position), self.session.engine.starts))
            os.kill(pid, signal.SIGKILL)

    @property
    def rounds(self) -> list[str]:
        """What is captioned of each round."""
        return in_rounds(self.finals, self._source.begins_ms)


async def leg(seconds: float, seed: int, tell: Told) -> Leg:
    """Soak for about so many seconds of speech.

    Args:
        seconds: Of speech.
        seed: Chooses the settings, and when they change and the engine is killed.
        tell: Is told how it goes.
    """
    peace = _Run(LoopedClips(1), lambda _: None)
    await peace.caption()
    before = count()
    source = LoopedClips(seconds, loses_every_s=_LOSES_EVERY_S)
    usual = word_error_rate(source.text, " ".join(peace.rounds))
    run = _Run(source, tell)
    begun = time.monotonic()
    await run.caption(random.Random(seed))  # noqa: S311 - faults, not secrets
    wall_s = time.monotonic() - begun
    errors = word_error_rate(" ".join([source.text] * source.rounds), " ".join(run.rounds))
    lost_words = lost(
        [left_out(source.text, captioned) for captioned in run.rounds],
        source.begins_ms,
        run.kills,
        peace=left_out(source.text, " ".join(peace.rounds)),
    )
    recovered_s = [kill.recovered_s for kill in run.kills if kill.recovered_s is not None]
    problems = [
        f"the kill at {kill.at_ms / 60_000:.1f} min was not recovered"
        for kill in run.kills
        if kill.recovered_s is None
    ]
    if lost_words:
        problems.append(f"{lost_words} words lost by kills")
    if errors > usual + _ALLOWED_ERRORS:
        problems.append(f"word error rate {errors:.3f} instead of {usual:.3f}")
    if run.gap_ms > source.lost_samples * 1000 // SAMPLE_RATE:
        problems.append(f"{run.gap_ms} ms of gaps")
    return Leg(
        audio_s=source.audio_s,
        wall_s=wall_s,
        happened=dict(run.happened),
        memory={name: watch.memory() for name, watch in run.memory.items()},
        leftovers=await left_over(before),
        said={
            "finals": str(len(run.finals)),
            "kills recovered": f"{len(recovered_s)} of {len(run.kills)}"
            + (f", at most {max(recovered_s):.1f} s" if recovered_s else ""),
            "words lost by kills": str(lost_words),
            "word error rate": f"{errors:.3f} ({usual:.3f} in peace)",
        },
        problems=problems,
    )
