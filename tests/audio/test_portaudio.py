"""Microphones through PortAudio: ALSA devices that a private PulseAudio stands behind."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from captioner.audio.factory import open_source
from captioner.audio.linux import LinuxBackend
from captioner.audio.live import LiveSource, LiveTiming
from captioner.audio.portaudio import PortAudioBackend
from captioner.audio.portaudio_host import PortAudioHost
from captioner.audio.portaudio_library import load_private
from captioner.core.audio import SAMPLE_RATE, SourceOpened
from captioner.core.errors import AudioDeviceError
from captioner.settings.models import AudioSettings
from tests.support.listening import HEARD_WHOLE, found_in, listening, reference
from tests.support.pulse import SoundServer, wait_until
from tests.support.wait import until

pytestmark = pytest.mark.sound

QUICK = LiveTiming(watchdog_s=0.7, grace_s=0.1, retry_s=0.3)

_DEVICES = """
pcm.headset { type pulse device "virtual_mic" hint { show on description "Headset" } }
pcm.tape { type pulse device "headphones.monitor" hint { show on description "Tape" } }
pcm.plugged { type pulse device "plugged" hint { show on description "Plugged" } }
pcm.broken { type pulse device "nothing" hint { show on description "Broken" } }
"""


@pytest.fixture
def alsa(pulse_server: SoundServer) -> SoundServer:
    """ALSA devices "headset", "tape", "broken" and "default"."""
    with Path(os.environ["ALSA_CONFIG_PATH"]).open("a", encoding="utf-8") as asoundrc:
        asoundrc.write(_DEVICES)
    return pulse_server


@pytest.fixture
def host() -> PortAudioHost:
    return PortAudioHost()


def microphone(host: PortAudioHost, name: str | None) -> LiveSource:
    return LiveSource(PortAudioBackend("microphone", name, host=host), chunk_ms=100, timing=QUICK)


def test_inputs_are_listed(alsa: SoundServer, host: PortAudioHost) -> None:
    found = {device.name: device for device in host.list_inputs()}
    assert {"headset", "tape", "default"} <= set(found)
    assert found["default"].is_default
    assert {device.kind for device in found.values()} == {"microphone"}


async def test_what_is_said_is_heard(
    alsa: SoundServer, host: PortAudioHost, short_clip: Path
) -> None:
    async with listening(microphone(host, "HEADSET")) as heard:
        await heard.until(lambda: heard.chunks)
        player = alsa.play(short_clip, sink="mic_sink")
        assert await asyncio.to_thread(player.wait, 20) == 0
        await heard.until_heard(reference(short_clip))
    assert heard.items[0] == SourceOpened("microphone", "headset")
    heard.require_linear()
    assert heard.source.lost_samples == 0
    _, correlation, louder = found_in(heard.samples(), reference(short_clip))
    assert correlation > HEARD_WHOLE
    assert abs(louder) < 0.5
    assert all(
        -0.001 < arrived - chunk.captured_at < 1.5
        for arrived, chunk in zip(heard.arrived_at[1:], heard.chunks, strict=True)
    )


async def test_a_device_that_cannot_be_opened_says_so(
    alsa: SoundServer, host: PortAudioHost
) -> None:
    with pytest.raises(AudioDeviceError, match='"broken" cannot be opened') as caught:
        await anext(microphone(host, "broken").items())
    assert caught.value.hint


async def test_an_unknown_name_lists_what_there_is(alsa: SoundServer, host: PortAudioHost) -> None:
    with pytest.raises(AudioDeviceError, match='called "radio"') as caught:
        await anext(microphone(host, "radio").items())
    assert '"headset"' in caught.value.hint


@pytest.mark.slow
async def test_a_device_that_dies_is_opened_again_by_name(
    alsa: SoundServer, host: PortAudioHost, short_clip: Path
) -> None:
    async with listening(microphone(host, "headset")) as heard:
        await heard.for_samples(SAMPLE_RATE)
        await asyncio.to_thread(alsa.stop)
        await heard.until(lambda: heard.losses)
        await asyncio.to_thread(alsa.start)
        await heard.until(lambda: len(heard.opened) == 2, limit_s=20)
        player = alsa.play(short_clip, sink="mic_sink")
        assert await asyncio.to_thread(player.wait, 20) == 0
        await heard.until_heard(reference(short_clip))
    assert heard.told() == ["SourceOpened", "SourceLost", "SourceOpened"]
    heard.require_linear()
    assert heard.source.lost_samples > 0.5 * SAMPLE_RATE
    assert found_in(heard.samples(), reference(short_clip))[1] > HEARD_WHOLE


@pytest.mark.slow
async def test_looking_for_a_device_costs_another_stream_little(
    alsa: SoundServer, host: PortAudioHost
) -> None:
    async with listening(microphone(host, "tape")) as tape:
        await tape.for_samples(2 * SAMPLE_RATE)
        with pytest.raises(AudioDeviceError):  # PortAudio is restarted to look for it
            await anext(microphone(host, "radio").items())
        await tape.for_samples(3 * SAMPLE_RATE)
        with pytest.raises(AudioDeviceError):  # but not again so soon
            await anext(microphone(host, "radio").items())
        await tape.for_samples(8_000)
    tape.require_linear()
    assert tape.losses == []
    assert len(tape.opened) == 2


async def test_nothing_is_left_behind(alsa: SoundServer, host: PortAudioHost) -> None:
    async def listen_a_little() -> None:
        async with listening(microphone(host, "headset")) as heard:
            await heard.until(lambda: heard.chunks)

    def open_files() -> set[Path]:
        return set(Path("/proc/self/fd").iterdir())

    await listen_a_little()  # ALSA keeps what it has loaded
    threads, files = set(threading.enumerate()), open_files()
    await listen_a_little()
    await until(lambda: {t for t in threading.enumerate() if t.is_alive()} <= threads)
    await until(lambda: len(open_files()) <= len(files))


@pytest.fixture
def hidden_server(
    alsa: SoundServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[], None]:
    """Let only ALSA see the server; the function that is returned lets everyone see it."""
    address = os.environ["PULSE_SERVER"]
    shown = tmp_path / "socket"
    monkeypatch.setenv("PULSE_SERVER", f"unix:{shown}")
    asoundrc = Path(os.environ["ALSA_CONFIG_PATH"])
    text = asoundrc.read_text(encoding="utf-8")
    with_server = text.replace("type pulse", f'type pulse server "{address}"')
    asoundrc.write_text(with_server, encoding="utf-8")
    return lambda: shown.symlink_to(address.removeprefix("unix:"))


async def test_linux_moves_to_the_sound_server_when_one_appears(
    hidden_server: Callable[[], None],
) -> None:
    source = LiveSource(LinuxBackend("microphone", None), chunk_ms=100, timing=QUICK)
    async with listening(source) as heard:
        await heard.until(lambda: heard.chunks)
        assert heard.opened[0].name == "default"
        hidden_server()
        await heard.until(lambda: len(heard.opened) == 2)
        assert heard.opened[1].name == "virtual_mic"
        await heard.for_samples(8_000)
    heard.require_linear()


async def test_system_audio_without_a_sound_server_says_what_is_needed(
    hidden_server: Callable[[], None],
) -> None:
    with pytest.raises(AudioDeviceError, match="needs PulseAudio or PipeWire") as caught:
        await anext(open_source(AudioSettings(source="system")).items())
    assert "systemctl" in caught.value.hint


def kill_recording(server: SoundServer, folder: Path, *, but: str) -> None:
    """End every recording of ``server`` but that of source ``but``, as when a device dies."""
    socket_path = folder / "cli"
    server.pactl("load-module", "module-cli-protocol-unix", f"socket={socket_path}")
    kept = next(source["index"] for source in server.listed("sources") if source["name"] == but)
    dying = [each for each in server.listed("source-outputs") if each["source"] != kept]
    assert dying
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(socket_path))
        for each in dying:
            line.sendall(f"kill-source-output {each['index']}\n".encode())
        wait_until(lambda: len(server.listed("source-outputs")) == 1)


@pytest.mark.slow
async def test_losing_one_device_costs_another_at_most_300_ms(
    alsa: SoundServer, host: PortAudioHost, tmp_path: Path
) -> None:
    """PortAudio has to be restarted to find the lost one again: its own, and not the other's."""
    module = alsa.add_microphone("plugged")
    other = PortAudioHost(load_private)
    async with listening(microphone(other, "tape")) as tape:
        await tape.for_samples(2 * SAMPLE_RATE)
        async with listening(microphone(host, "plugged")) as lost:
            await lost.for_samples(SAMPLE_RATE)
            # The server moves the stream to another microphone; a real device ends it.
            await asyncio.to_thread(alsa.remove_module, module)
            await asyncio.to_thread(kill_recording, alsa, tmp_path, but="headphones.monitor")
            await lost.until(lambda: lost.losses)
            await asyncio.to_thread(alsa.add_microphone, "plugged")
            await lost.until(lambda: len(lost.opened) == 2, limit_s=60)
            await tape.for_samples(SAMPLE_RATE)
    assert lost.told() == ["SourceOpened", "SourceLost", "SourceOpened"]
    assert len(tape.opened) == 1
    assert tape.source.lost_samples <= 0.3 * SAMPLE_RATE
    tape.require_linear()
