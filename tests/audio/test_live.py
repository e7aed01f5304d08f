"""What a live source does with a device, played by a scripted capture."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from captioner.audio.catalog import DeviceKind
from captioner.audio.handover import Handover
from captioner.audio.live import LiveSource, LiveTiming
from captioner.core.audio import SAMPLE_RATE, AudioChunk, SourceCondition, SourceLost, SourceOpened
from captioner.core.errors import AudioDeviceError, UnsupportedError
from tests.support.listening import listening
from tests.support.wait import until

TIMING = LiveTiming(watchdog_s=0.15, first_sound_s=0.3, quiet_s=0.05, grace_s=0.05, retry_s=0.05)


@dataclass
class ScriptedCapture:
    name: str
    handover: Handover
    kind: DeviceKind = "microphone"
    rate: int = 48_000
    channels: int = 2
    idle: bool = False
    closed: bool = False

    def deliver(self, milliseconds: int, value: float = 0.25, *, lost: int = 0) -> None:
        frames = self.rate * milliseconds // 1000
        data = np.full((frames, self.channels), value, dtype="<f4").tobytes()
        self.handover.put(data, frames, time.monotonic(), lost_before=lost)

    async def close(self) -> None:
        self.closed = True


@dataclass
class ScriptedBackend:
    """Opens what the script says: a name, or an error."""

    script: list[str | Exception]
    captures: list[ScriptedCapture] = field(default_factory=list)
    outdated: bool = False
    now: SourceCondition = field(default_factory=SourceCondition)
    started: bool = False
    closed: bool = False
    on_change: Callable[[], None] = lambda: None

    async def start(self, on_change: Callable[[], None]) -> None:
        self.started = True
        self.on_change = on_change

    async def open(self, handover: Handover) -> ScriptedCapture:
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, Exception):
            raise step
        capture = ScriptedCapture(step, handover)
        handover.set_rate(capture.rate)
        self.captures.append(capture)
        self.outdated = False
        return capture

    async def is_outdated(self, capture: object) -> bool:
        del capture
        return self.outdated

    def condition(self, capture: object) -> SourceCondition:
        assert capture is self.captures[-1]
        return self.now

    async def close(self) -> None:
        self.closed = True


def source(backend: ScriptedBackend, *, wait: bool = False) -> LiveSource:
    return LiveSource(backend, chunk_ms=100, timing=TIMING, wait_for_device=wait)


async def test_what_is_known_of_a_device_is_told_once_and_after_its_opening() -> None:
    backend = ScriptedBackend(["Webcam"], now=SourceCondition("mute"))
    async with listening(source(backend)) as heard:
        await until(lambda: backend.captures)
        backend.captures[0].deliver(250)
        await heard.until(lambda: len(heard.chunks) == 2)
        backend.now = SourceCondition()
        backend.captures[0].deliver(250)
        await heard.until(lambda: len(heard.chunks) == 4)
    opened, *told = [item for item in heard.items if not isinstance(item, AudioChunk)]
    assert opened == SourceOpened("microphone", "Webcam")
    assert told == [SourceCondition("mute"), SourceCondition()]


async def test_a_device_is_told_of_when_it_gives_sound() -> None:
    backend = ScriptedBackend(["Webcam"])
    async with listening(source(backend)) as heard:
        await until(lambda: backend.captures)
        assert heard.items == []
        backend.captures[0].deliver(250)
        await heard.until(lambda: len(heard.chunks) == 2)
    assert heard.items[0] == SourceOpened("microphone", "Webcam")
    heard.require_linear()
    assert heard.end == 4000  # the tail came out at close
    assert backend.captures[0].closed
    assert backend.closed


async def test_what_is_on_its_way_at_close_is_not_lost() -> None:
    backend = ScriptedBackend(["Webcam"])
    listened = source(backend)
    async with listening(listened) as heard:
        await until(lambda: backend.captures)
        backend.captures[0].deliver(100)
        await heard.until(lambda: heard.opened)
        for _ in range(4):
            backend.captures[0].deliver(100)
        await listened.close()
    assert heard.end == 8000
    heard.require_linear()


@pytest.mark.parametrize(
    "error", [AudioDeviceError("busy", hint="close it"), UnsupportedError("cannot")]
)
async def test_a_first_failure_is_raised(error: Exception) -> None:
    backend = ScriptedBackend([error])
    with pytest.raises(type(error)) as caught:
        await anext(source(backend).items())
    assert caught.value is error
    assert backend.closed


async def test_a_device_that_is_never_heard_is_a_failure() -> None:
    backend = ScriptedBackend(["Webcam"])
    with pytest.raises(AudioDeviceError, match="not even silence") as caught:
        await anext(source(backend).items())
    assert caught.value.hint
    assert backend.captures[0].closed


async def test_a_patient_source_tells_once_and_goes_on_trying() -> None:
    busy = AudioDeviceError("busy", hint="close it")
    backend = ScriptedBackend([busy, busy, busy, "Webcam"])
    async with listening(source(backend, wait=True)) as heard:
        await until(lambda: backend.captures)
        backend.captures[0].deliver(200)
        await heard.until(lambda: heard.chunks)
    assert heard.items[:2] == [SourceLost(busy), SourceOpened("microphone", "Webcam")]
    assert heard.chunks[0].start == 0


async def test_a_patient_source_does_not_wait_for_what_cannot_come() -> None:
    with pytest.raises(UnsupportedError):
        await anext(source(ScriptedBackend([UnsupportedError("no")]), wait=True).items())


async def test_a_device_that_falls_silent_is_opened_again() -> None:
    backend = ScriptedBackend(["Webcam"])
    async with listening(source(backend)) as heard:
        await until(lambda: backend.captures)
        backend.captures[0].deliver(20)
        await until(lambda: len(backend.captures) == 2)  # the watchdog
        backend.captures[1].deliver(20)
        await heard.until(lambda: len(heard.opened) == 2)
    assert backend.captures[0].closed
    assert heard.losses == []  # it was back within the time of grace
    heard.require_linear()
    assert 0.1 < heard.source.lost_samples / SAMPLE_RATE < 1.0


async def test_a_device_that_stays_away_is_reported_once() -> None:
    gone = AudioDeviceError('There is no microphone called "Webcam".', hint="There is none.")
    backend = ScriptedBackend(["Webcam", *[gone] * 8, "Webcam"])
    async with listening(source(backend)) as heard:
        await until(lambda: backend.captures)
        backend.captures[0].deliver(200)
        await heard.until(lambda: heard.chunks)
        backend.captures[0].handover.fail(AudioDeviceError("unplugged"))
        await until(lambda: len(backend.captures) == 2)
        backend.captures[1].deliver(200)
        await heard.until(lambda: len(heard.opened) == 2)
    assert heard.told() == ["SourceOpened", "SourceLost", "SourceOpened"]
    error = heard.losses[0].error
    assert error.message.startswith('"Webcam" cannot be heard any more.')
    assert "goes on as soon as it can" in error.hint
    heard.require_linear()
    assert heard.source.lost_samples > 0


async def test_a_device_where_nothing_plays_gives_silence_and_no_alarm() -> None:
    backend = ScriptedBackend(["Speakers"])
    async with listening(source(backend)) as heard:
        await until(lambda: backend.captures)
        backend.captures[0].idle = True
        await heard.for_samples(SAMPLE_RATE)  # many times the watchdog's limit
        backend.captures[0].deliver(200)
        await heard.for_samples(1600)
    assert len(heard.opened) == 1
    heard.require_linear()
    assert heard.source.lost_samples == 0
    samples = heard.samples()
    assert not samples[:8000].any()
    assert samples[-1000:].any()


async def test_silence_keeps_pace_with_the_clock() -> None:
    backend = ScriptedBackend(["Speakers"])
    began = time.monotonic()
    async with listening(source(backend)) as heard:
        await until(lambda: backend.captures)
        backend.captures[0].idle = True
        await heard.for_samples(SAMPLE_RATE)
        elapsed = time.monotonic() - began
        assert heard.end / SAMPLE_RATE < elapsed


async def test_the_source_moves_when_another_device_is_wanted() -> None:
    backend = ScriptedBackend(["Speakers", "Headphones"])
    async with listening(source(backend)) as heard:
        await until(lambda: backend.captures)
        backend.captures[0].deliver(250)
        await heard.until(lambda: heard.chunks)
        backend.outdated = True
        backend.on_change()
        await until(lambda: len(backend.captures) == 2)
        assert backend.captures[0].closed
        backend.captures[1].deliver(200)
        await heard.until(lambda: len(heard.opened) == 2)
        await heard.for_samples(1600)
    assert [opened.name for opened in heard.opened] == ["Speakers", "Headphones"]
    assert heard.losses == []
    heard.require_linear()


async def test_lost_frames_are_counted_where_they_were_lost() -> None:
    backend = ScriptedBackend(["Webcam"])
    async with listening(source(backend)) as heard:
        await until(lambda: backend.captures)
        backend.captures[0].deliver(100)
        backend.captures[0].deliver(100, lost=48_000)
        await heard.for_samples(SAMPLE_RATE)
    heard.require_linear()
    assert [chunk.lost_before for chunk in heard.chunks if chunk.lost_before] == [SAMPLE_RATE]
    assert heard.source.lost_samples == SAMPLE_RATE
    assert heard.end == SAMPLE_RATE + 3200
