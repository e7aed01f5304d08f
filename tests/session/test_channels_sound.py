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
from captioner.settings.models import AudioSettings, Settings
from tests.session.test_session import settings_for
from tests.support.clips import BECKETT, TWO_CITIES, word_error_rate
from tests.support.listening import found_in, reference
from tests.support.pulse import SoundServer
from tests.support.riva_server import RivaServer, ServedStream, final, partial, serve_riva
from tests.support.wait import until
from tests.support.watcher import Watcher

pytestmark = pytest.mark.sound

MOST_LOST_S = 0.3
SAID = (
    "It was the best of times, it was the worst of times, it was the age of wisdom, "
    "it was the age of foolishness"
)
"""The first nine seconds of the speech."""

ECHOED_WORDS = 20


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


def cut(folder: Path, seconds: int) -> Path:
    """Return the beginning of the speech as a clip."""
    frames, rate = soundfile.read(TWO_CITIES.path, dtype="int16", frames=seconds * 48_000)
    soundfile.write(folder / "clip.wav", frames, rate)
    return folder / "clip.wav"


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Six seconds of speech."""
    return cut(tmp_path, 6)


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


def said(watcher: Watcher, channel: str) -> str:
    """Return the finished captions of a channel."""
    found = [caption for caption in watcher.captions if caption.channel == channel]
    return " ".join(caption.text for caption in found if caption.is_final)


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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
async def test_what_the_loudspeaker_says_appears_once_and_what_you_say_too(
    pulse_server: SoundServer, tmp_path: Path
) -> None:
    """The real engine hears a clip on both channels, then another voice at the microphone."""
    # The microphone hears the loudspeaker a moment later, as across a desk.
    pulse_server.pactl(
        *("load-module", "module-loopback", "source=speakers.monitor", "sink=mic_sink"),
        "latency_msec=150",
    )
    session = CaptionSession(Settings(audio=AudioSettings(source="both")))
    watcher = Watcher(session)
    await session.start()
    try:
        await until(lambda: opened(watcher, "You") and opened(watcher, "Others"))
        await watcher.reaches(SessionState.STREAMING)
        player = pulse_server.play(cut(tmp_path, 9))
        assert await asyncio.to_thread(player.wait, 30) == 0
        # However slow the machine is: both have been read to the end.
        await until(lambda: "foolishness" in said(watcher, "Others").lower(), limit_s=30)
        await until(lambda: session.echo.words >= ECHOED_WORDS, limit_s=30)
        yours = [found for found in watcher.captions if found.channel == "You" and found.text]
        assert yours == []
        player = pulse_server.play(BECKETT.path, sink="mic_sink")
        assert await asyncio.to_thread(player.wait, 30) == 0
        await until(lambda: "again" in said(watcher, "You").lower(), limit_s=30)
        await session.stop()
    finally:
        await session.close()
    assert word_error_rate(SAID, said(watcher, "Others")) <= 0.1
    assert word_error_rate(BECKETT.text, said(watcher, "You")) <= 0.5  # a hard clip for the model
    assert session.echo.utterances >= 1
