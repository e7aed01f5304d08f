"""Hours of coded speech through a session whose server, network, device and settings fail it.

What happens when follows from the seed of a leg alone. Outages are shorter than what is kept for
replay and far enough from each other, so nothing excuses a lost word.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

from captioner.core.audio import (
    SAMPLE_RATE,
    AudioChunk,
    SourceLost,
    SourceOpened,
    ms_to_samples,
)
from captioner.core.errors import AudioDeviceError
from captioner.session.controller import CaptionSession
from scripts.benchmarks.soak.changes import CHANGES, QUIET_GAP_S
from scripts.benchmarks.soak.endless_speech import EndlessSpeech, Utterance
from scripts.benchmarks.soak.heap import free_mb
from scripts.benchmarks.soak.hearing import Hearing
from scripts.benchmarks.soak.leg import Leg, MemoryWatch, count, left_over
from tests.support.clock import ManualClock
from tests.support.coded_recogniser import PROFILES, Profile
from tests.support.fault_kinds import KINDS
from tests.support.fault_run import settings_for, staged
from tests.support.fault_stage import Act, Stage, happen
from tests.support.scripted_source import ScriptedOpener, ScriptedSource

_CHUNK: Final = 5120
_FIRST_AT_S: Final = 5.0
_CALM_S: Final = (20.0, 60.0)
_OUTAGE_S: Final = (0.2, 9.0)
_AWAY_S: Final = (0.5, 20.0)
_LOOK_S: Final = 60.0
_WARM_UP_S: Final = 900.0
"""Enough for the threads and connections that gRPC keeps for good."""
_END_LIMIT_S: Final = 30.0
_DIALS_A_SECOND: Final = 3.0
_HOUR_S: Final = 3600.0

Told = Callable[[str], None]


class _Soak:
    """One session for a whole leg, and what is done to it."""

    def __init__(self, stage: Stage, profile: Profile, seed: int, tell: Told) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - faults, not secrets
        self._speech = EndlessSpeech(seed)
        self._stage = stage
        self._clock = stage.clock
        self._tell = tell
        self._source = ScriptedSource()
        self._settings = settings_for(
            stage.proxy.port,
            language=profile.languages[0] if profile.languages else "en-US",
            quiet_gap_s=QUIET_GAP_S,
            reach={},
        )
        self._lost = 0
        self._next_at = ms_to_samples(1000 * _FIRST_AT_S)
        self._ending: Act | None = None
        self.happened: Counter[str] = Counter()
        self.hearing = Hearing()
        self.memory, self.free = MemoryWatch(), MemoryWatch()
        self.session = CaptionSession(
            self._settings, patient=True, opener=ScriptedOpener(self._source), clock=self._clock
        )
        self.session.subscribe(self.hearing.note)

    async def run(self, seconds: float) -> None:
        """Speak for so long, and let everything be said."""
        await self.session.start()
        ended = asyncio.create_task(self.session.wait(), name="soak-session-end")
        begun, looked_at = time.monotonic(), 0.0
        try:
            while (spoken_s := self._speech.position / SAMPLE_RATE) < seconds:
                if ended.done():
                    break
                await self._say_one()
                if spoken_s >= looked_at:
                    looked_at = spoken_s + _LOOK_S
                    used = self.memory.look(os.getpid())
                    self.free.note(os.getpid(), free_mb())
                    self._tell(
                        f"{spoken_s / seconds:5.1%}  {spoken_s / _HOUR_S:5.2f} h, "
                        f"{spoken_s / max(0.001, time.monotonic() - begun):3.0f} times real time, "
                        f"{used:.1f} MB, {self.hearing.words} words, "
                        f"{self.happened.total()} faults, {len(self.hearing.problems)} problems"
                    )
            await self._finish_fault()
            self._source.end()
            await self._clock.advance_until(ended.done, limit_s=_END_LIMIT_S)
            if (error := ended.exception()) is not None:
                self.hearing.problems.append(f"the session ended: {error!r}")
        finally:
            ended.cancel()
            await self.session.close()
        self.hearing.end()
        dials, most = self._stage.proxy.accepted, _DIALS_A_SECOND * seconds
        if dials > most:
            self.hearing.problems.append(f"{dials} connections: a busy loop")

    async def _say_one(self) -> None:
        """Say an utterance; what is due happens at the first chunk from its moment on."""
        utterance = self._speech.utterance()
        goes_away = self._next_at < self._speech.position and self._ending is None
        if goes_away and self._chance.random() < 0.1:  # noqa: PLR2004 - one fault in ten
            await self._lose_device(utterance)
            return
        self.hearing.expect(utterance)
        await self._play(utterance)

    async def _play(self, utterance: Utterance) -> None:
        position, end = utterance.start, utterance.start + len(utterance.pcm) // 2
        while position < end:
            if position >= self._next_at:
                await self._fault(position)
            until = min(end, position + _CHUNK)
            if position < self._next_at:
                until = min(until, self._next_at)
            pcm = utterance.pcm[2 * (position - utterance.start) : 2 * (until - utterance.start)]
            await self._clock.advance((until - position) / SAMPLE_RATE)
            lost, self._lost = self._lost, 0
            self._source.push(AudioChunk(pcm, position, self._clock.now(), lost_before=lost))
            wanted = self._stage.heard + until - position
            position = until
            await self._stage.settle(wanted)

    async def _fault(self, position: int) -> None:
        """Begin a fault, or end the one that is."""
        if self._ending is not None:
            await self._finish_fault()
            self._next_at = position + self._samples(_CALM_S)
        elif self._chance.random() < 0.15:  # noqa: PLR2004 - one in seven
            await self._change_settings()
            self._next_at = position + self._samples(_CALM_S)
        else:
            self._stage.proxy.bury()
            kind = self._chance.choice(sorted(KINDS))
            self.happened[kind] += 1
            begin, self._ending = KINDS[kind]
            await happen(begin, self._stage)
            self._next_at = position + self._samples(_OUTAGE_S)

    async def _finish_fault(self) -> None:
        ending, self._ending = self._ending, None
        if ending is not None:
            await happen(ending, self._stage)

    async def _lose_device(self, utterance: Utterance) -> None:
        """Let the device go in the middle of an utterance, and come back."""
        self.happened["device lost"] += 1
        cut = self._chance.randrange(utterance.start + 1, self._speech.position)
        heard = utterance.until(cut)
        self._next_at = self._speech.position
        self.hearing.expect(heard)
        await self._play(heard)
        away = self._samples(_AWAY_S)
        error = AudioDeviceError("The microphone is gone.", hint="Plug it in.")
        self._source.push(SourceLost(error))
        await self._clock.advance(away / SAMPLE_RATE)
        self._source.push(SourceOpened("microphone", "Scripted mic"))
        self.hearing.excuse(cut, cut + away)
        self._lost += away
        self._speech.position = cut + away
        self._next_at = self._speech.position + self._samples(_CALM_S)

    async def _change_settings(self) -> None:
        name, change = self._chance.choice(CHANGES)
        self.happened[f"{name} changed"] += 1
        self._settings = change(self._settings, self._chance)
        await self.session.apply(self._settings)

    def _samples(self, limits_s: tuple[float, float]) -> int:
        return ms_to_samples(1000 * self._chance.uniform(*limits_s))


async def leg(seconds: float, seed: int, tell: Told) -> Leg:
    """Soak for so many seconds of speech.

    Args:
        seconds: Of speech.
        seed: Chooses everything that happens; an odd one the profile of a Parakeet.
        tell: Is told how it goes.
    """
    profile = PROFILES[sorted(PROFILES)[seed % len(PROFILES)]]
    await _soak(_WARM_UP_S, profile, seed, lambda _: None)
    before = count()
    begun = time.monotonic()
    soak = await _soak(seconds, profile, seed, tell)
    wall_s = time.monotonic() - begun
    hearing = soak.hearing
    return Leg(
        audio_s=seconds,
        wall_s=wall_s,
        happened=dict(soak.happened),
        memory={"client and server": soak.memory.memory()},
        leftovers=await left_over(before),
        said={
            "words": str(hearing.words),
            "finals": str(hearing.finals),
            "free of the memory, MB": str(soak.free.memory()),
        },
        problems=[f"seed {seed}: {problem}" for problem in hearing.problems],
    )


async def _soak(seconds: float, profile: Profile, seed: int, tell: Told) -> _Soak:
    async with staged(profile, ManualClock(), {}) as stage:
        stage.keeps_streams = False
        soak = _Soak(stage, profile, seed, tell)
        await soak.run(seconds)
    return soak
