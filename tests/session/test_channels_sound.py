"""Microphone and system audio of a real sound server: what befalls one costs the other nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from captioner.core.audio import SAMPLE_RATE
from captioner.core.events import GapMarked, SourceChanged
from captioner.core.health import HealthState
from captioner.core.state import SessionState
from captioner.session.controller import CaptionSession
from captioner.settings.models import AudioSettings
from tests.session.test_session import Watcher, settings_for
from tests.support.clips import TWO_CITIES
from tests.support.listening import found_in, reference
from tests.support.pulse import SoundServer
from tests.support.riva_server import RivaServer, ServedStream, final, partial, serve_riva
from tests.support.wait import until

pytestmark = pytest.mark.sound

MOST_LOST_S = 0.3


async def listen(stream: ServedStream) -> None:
    """Hear everything and say so now and then."""
    async for _ in stream.audio():
        await stream.say(partial(f"chunk {len(stream.chunks)}", processed_s=stream.heard_s))


async def note_the_onset(stream: ServedStream) -> None:
    """Say at which chunk the sound begins."""
    async for chunk in stream.audio():
        if np.abs(np.frombuffer(chunk, dtype="<i2")).max() > 0.05 * 32768:
            now_ms = round(1000 * stream.heard_s)
            await stream.say(
                final(
                    "Onset.", processed_s=stream.heard_s, words=[("Onset.", now_ms - 100, now_ms)]
                )
            )
            break
    await stream.hear_all()


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Six seconds of speech without a pause."""
    frames, rate = soundfile.read(TWO_CITIES.path, dtype="int16", frames=6 * 48_000)
    soundfile.write(tmp_path / "clip.wav", frames, rate)
    return tmp_path / "clip.wav"


@asynccontextmanager
async def conversation(server: RivaServer, **devices: str) -> AsyncIterator[Watcher]:
    """Run a session that hears both, and knows them when both are heard."""
    audio = AudioSettings(source="both", **devices)  # type: ignore[arg-type]  # names of devices
    settings = settings_for(server).model_copy(update={"audio": audio})
    session = CaptionSession(settings, patient=True)
    watcher = Watcher(session)
    await session.start()
    try:
        await until(lambda: opened(watcher, "You") and opened(watcher, "Others"))
        await until(lambda: len(server.streams) == 2)
        yield watcher
    finally:
        await session.close()


def opened(watcher: Watcher, channel: str) -> list[str]:
    """Return the devices that a channel has heard, in order."""
    found = [event for event in watcher.events if isinstance(event, SourceChanged)]
    return [event.name for event in found if event.channel == channel]


def lost_s(watcher: Watcher) -> dict[str, float]:
    """Return the seconds that each channel has lost."""
    return {
        channel.name: channel.lost_samples / SAMPLE_RATE for channel in watcher.session._channels
    }


def samples(stream: ServedStream) -> NDArray[np.float64]:
    return np.frombuffer(stream.pcm, dtype="<i2") / 32768


def loudness(stream: ServedStream) -> float:
    return float(np.abs(samples(stream)).max(initial=0))


def require_whole(server: RivaServer, clip: Path) -> None:
    """Check that one stream has heard the clip whole: a piece of 100 ms is missed at once."""
    loudest = max(server.streams, key=loudness)
    _, correlation, louder = found_in(samples(loudest), reference(clip))
    assert correlation > 0.98
    assert abs(louder) < 0.5


async def test_a_microphone_that_goes_and_comes_back_costs_the_system_audio_nothing(
    sound_server: SoundServer, clip: Path
) -> None:
    module = sound_server.add_microphone("desk_mic")
    async with serve_riva(listen) as server, conversation(server, mic_device="desk_mic") as watcher:
        player = sound_server.play(clip)
        await until(lambda: any(loudness(stream) > 0.05 for stream in server.streams))
        await asyncio.to_thread(sound_server.remove_module, module)
        await until(lambda: watcher.session.health.state is HealthState.RECONNECTING)
        assert watcher.session.health.sentence.startswith('You: "desk_mic" cannot be heard')
        assert watcher.session.state is SessionState.STREAMING
        await asyncio.to_thread(sound_server.add_microphone, "desk_mic")
        await until(lambda: len(opened(watcher, "You")) == 2)
        assert await asyncio.to_thread(player.wait, 20) == 0
        await watcher.session.stop()
        require_whole(server, clip)
        lost = lost_s(watcher)
    assert lost["Others"] <= MOST_LOST_S
    assert lost["You"] > 0, "the time without a microphone is counted"
    assert opened(watcher, "Others") == ["speakers"]
    assert watcher.states == [
        SessionState.STARTING,
        SessionState.STREAMING,
        SessionState.STOPPING,
        SessionState.IDLE,
    ]
    gaps = [event.gap for event in watcher.events if isinstance(event, GapMarked)]
    assert {gap.channel for gap in gaps} <= {"You"}


async def test_an_output_that_goes_costs_the_microphone_nothing(
    sound_server: SoundServer, clip: Path
) -> None:
    dock = sound_server.add_sink("dock", description="dock")
    sound_server.set_default_sink("dock")
    async with serve_riva(listen) as server, conversation(server) as watcher:
        player = sound_server.play(clip, sink="mic_sink")
        await until(lambda: any(loudness(stream) > 0.05 for stream in server.streams))
        await asyncio.to_thread(sound_server.remove_module, dock)
        await until(lambda: len(opened(watcher, "Others")) > 1)
        assert await asyncio.to_thread(player.wait, 20) == 0
        await watcher.session.stop()
        require_whole(server, clip)
        assert lost_s(watcher)["You"] <= MOST_LOST_S
    assert opened(watcher, "You") == ["virtual_mic"]


async def test_both_hear_the_same_moment_at_the_same_time(
    sound_server: SoundServer, clip: Path
) -> None:
    """The microphone hears what the output plays, and the clip begins at one session time."""
    sound_server.add_microphone("beside_the_speaker", heard_from="speakers")
    async with (
        serve_riva(note_the_onset) as server,
        conversation(server, mic_device="beside_the_speaker") as watcher,
    ):
        player = sound_server.play(clip)
        await until(lambda: {found.channel for found in watcher.captions} == {"You", "Others"})
        player.terminate()
        await watcher.session.stop()
    onsets = {found.channel: found.words[0].start_ms for found in watcher.captions if found.words}
    assert abs(onsets["You"] - onsets["Others"]) <= 250
