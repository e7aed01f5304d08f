"""Outputs and microphones of real sound servers."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from captioner.audio.factory import open_source
from captioner.audio.live import LiveSource, LiveTiming
from captioner.audio.pulse import PulseBackend
from captioner.audio.pulse_devices import list_pulse_devices
from captioner.core.audio import SAMPLE_RATE, SourceOpened
from captioner.core.errors import AudioDeviceError
from captioner.settings.models import AudioSettings
from tests.support.listening import HEARD_WHOLE, Listener, found_in, listening, reference
from tests.support.pulse import SoundServer, wait_until
from tests.support.wait import until

pytestmark = pytest.mark.sound

QUICK = LiveTiming(watchdog_s=0.5, quiet_s=0.1, grace_s=0.1, retry_s=0.3)


def system(name: str | None = None, *, wait: bool = False) -> LiveSource:
    return LiveSource(
        PulseBackend("system", name), chunk_ms=100, timing=QUICK, wait_for_device=wait
    )


def microphone(name: str | None = None, *, wait: bool = False) -> LiveSource:
    return LiveSource(
        PulseBackend("microphone", name), chunk_ms=100, timing=QUICK, wait_for_device=wait
    )


async def play(server: SoundServer, clip: Path, sink: str = "speakers") -> None:
    """Play a clip to its end."""
    player = server.play(clip, sink=sink)
    assert await asyncio.to_thread(player.wait, 20) == 0


def require_heard(heard: Listener, clip: Path) -> int:
    """Check that the clip was heard whole and as loud as it is; return where it began."""
    start, correlation, louder = found_in(heard.samples(), reference(clip))
    assert correlation > HEARD_WHOLE
    assert abs(louder) < 0.5
    return start


@pytest.mark.parametrize(
    ("source", "sink", "opened"),
    [
        ("system", "speakers", SourceOpened("system", "speakers")),
        ("mic", "mic_sink", SourceOpened("microphone", "virtual_mic")),
        ("auto", "speakers", SourceOpened("system", "speakers")),
    ],
)
async def test_what_is_played_is_heard(
    sound_server: SoundServer, short_clip: Path, source: str, sink: str, opened: SourceOpened
) -> None:
    async with listening(open_source(AudioSettings(source=source))) as heard:
        await heard.until(lambda: heard.chunks)
        await play(sound_server, short_clip, sink)
        await heard.until_heard(reference(short_clip))
    assert heard.items[0] == opened
    heard.require_linear()
    require_heard(heard, short_clip)
    assert heard.source.lost_samples == 0
    assert all(chunk.samples == 1600 for chunk in heard.chunks[:-1])


async def test_the_first_chunk_comes_soon_and_chunks_are_timed_honestly(
    sound_server: SoundServer,
) -> None:
    began = time.monotonic()
    async with listening(open_source(AudioSettings(source="system"))) as heard:
        await heard.for_samples(3 * SAMPLE_RATE)
    assert heard.arrived_at[1] - began < 1.0  # about 0.4 s on an idle machine
    chunks = heard.chunks
    for chunk, arrived in zip(chunks, heard.arrived_at[1:], strict=True):
        assert chunk.captured_at <= arrived
    # After the start every chunk is young when it arrives, and they are a chunk's length apart.
    ages = [
        arrived - chunk.captured_at
        for chunk, arrived in zip(chunks[25:], heard.arrived_at[26:], strict=True)
    ]
    assert sorted(ages)[len(ages) // 2] < 0.2
    span = chunks[-2].captured_at - chunks[25].captured_at
    assert span == pytest.approx((chunks[-2].end - chunks[25].end) / SAMPLE_RATE, abs=0.1)


async def test_the_default_output_is_followed(sound_server: SoundServer, short_clip: Path) -> None:
    async with listening(system()) as heard:
        await heard.until(lambda: heard.chunks)
        sound_server.set_default_sink("headphones")
        await heard.until(lambda: len(heard.opened) == 2)
        await play(sound_server, short_clip, "headphones")
        await heard.until_heard(reference(short_clip))
    assert [opened.name for opened in heard.opened] == ["speakers", "headphones"]
    assert heard.losses == []
    heard.require_linear()
    require_heard(heard, short_clip)
    assert heard.source.lost_samples < 0.3 * SAMPLE_RATE


async def test_the_default_microphone_is_followed(
    sound_server: SoundServer, short_clip: Path
) -> None:
    sound_server.add_microphone("headset", heard_from="headphones")
    async with listening(microphone()) as heard:
        await heard.until(lambda: heard.chunks)
        sound_server.set_default_source("headset")
        await heard.until(lambda: len(heard.opened) == 2)
        await play(sound_server, short_clip, "headphones")
        await heard.until_heard(reference(short_clip))
    assert [opened.name for opened in heard.opened] == ["virtual_mic", "headset"]
    heard.require_linear()
    require_heard(heard, short_clip)


async def test_a_named_output_stays_whatever_is_the_default(sound_server: SoundServer) -> None:
    async with listening(system("HEADPH")) as heard:
        await heard.until(lambda: heard.chunks)
        sound_server.set_default_sink("mic_sink")
        await heard.for_samples(SAMPLE_RATE)
    assert [opened.name for opened in heard.opened] == ["headphones"]


@pytest.mark.parametrize(
    ("make", "plug"),
    [
        (system, lambda server: server.add_sink("dock", description="dock")),
        (microphone, lambda server: server.add_microphone("dock")),
    ],
    ids=["output", "microphone"],
)
async def test_a_device_that_is_unplugged_comes_back(
    sound_server: SoundServer,
    short_clip: Path,
    make: Callable[[str], LiveSource],
    plug: Callable[[SoundServer], int],
) -> None:
    module = plug(sound_server)
    async with listening(make("dock")) as heard:
        await heard.until(lambda: heard.chunks)
        unplugged_at = time.monotonic()
        sound_server.remove_module(module)
        await heard.until(lambda: heard.losses)
        assert '"dock"' in heard.losses[0].error.message
        assert heard.losses[0].error.hint
        lost_at = heard.end
        await until(lambda: time.monotonic() > unplugged_at + 0.7)
        plug(sound_server)
        await heard.until(lambda: len(heard.opened) == 2)
        away_s = time.monotonic() - unplugged_at
        await play(sound_server, short_clip, "dock" if make is system else "mic_sink")
        await heard.until_heard(reference(short_clip))
    assert heard.told() == ["SourceOpened", "SourceLost", "SourceOpened"]
    heard.require_linear()
    require_heard(heard, short_clip)
    back = next(chunk for chunk in heard.chunks if chunk.start >= lost_at)
    assert back.lost_before == heard.source.lost_samples
    lost_s = back.lost_before / SAMPLE_RATE
    assert away_s - 0.4 < lost_s < away_s + 0.1


async def test_when_the_default_output_vanishes_the_next_one_is_heard(
    sound_server: SoundServer,
) -> None:
    module = sound_server.add_sink("dock", description="dock")
    sound_server.set_default_sink("dock")
    async with listening(system()) as heard:
        await heard.until(lambda: heard.chunks)
        sound_server.remove_module(module)
        await heard.until(lambda: heard.opened[-1].name != "dock")
        await heard.for_samples(1600)
    heard.require_linear()


async def test_two_sources_at_once_do_not_know_of_each_other(
    sound_server: SoundServer, short_clip: Path, other_clip: Path
) -> None:
    module = sound_server.add_microphone("headset")
    async with listening(system()) as film, listening(microphone("headset")) as person:
        await film.until(lambda: film.chunks)
        await person.until(lambda: person.chunks)
        await asyncio.gather(
            play(sound_server, short_clip, "speakers"), play(sound_server, other_clip, "mic_sink")
        )
        # What is still on its way from a microphone that goes away would be lost with it.
        await person.until_heard(reference(other_clip))
        # The microphone goes away while the film goes on.
        playing = asyncio.create_task(play(sound_server, short_clip, "speakers"))
        mark = film.end
        sound_server.remove_module(module)
        await person.until(lambda: person.losses)
        sound_server.add_microphone("headset")
        await person.until(lambda: len(person.opened) == 2)
        await playing
        correlation = await film.until_heard(reference(short_clip), since=mark)
    for heard in (film, person):
        heard.require_linear()
    require_heard(person, other_clip)
    assert film.source.lost_samples == 0
    assert correlation > HEARD_WHOLE


async def test_silence_is_not_a_dead_device(sound_server: SoundServer) -> None:
    async with listening(system()) as heard:
        await heard.for_samples(3 * SAMPLE_RATE)  # six times the watchdog's limit
    assert len(heard.opened) == 1
    assert heard.losses == []
    assert heard.source.lost_samples == 0
    assert not heard.samples().any()


async def test_a_suspended_output_is_silence_and_wakes_up(
    pulse_server: SoundServer, short_clip: Path
) -> None:
    async with listening(system()) as heard:
        await heard.until(lambda: heard.chunks)
        pulse_server.pactl("suspend-sink", "speakers", "1")
        await heard.for_samples(2 * SAMPLE_RATE)
        pulse_server.pactl("suspend-sink", "speakers", "0")
        await play(pulse_server, short_clip)
        await heard.until_heard(reference(short_clip))
    assert len(heard.opened) == 1
    heard.require_linear()
    assert heard.source.lost_samples == 0
    require_heard(heard, short_clip)


async def test_a_server_that_hangs_is_given_up_and_taken_up_again(
    sound_server: SoundServer,
) -> None:
    source = LiveSource(PulseBackend("system", None, open_limit_s=0.3), chunk_ms=100, timing=QUICK)
    async with listening(source) as heard:
        await heard.for_samples(16_000)
        sound_server.freeze()
        try:
            await heard.until(lambda: heard.losses)
        finally:
            sound_server.thaw()
        await heard.until(lambda: len(heard.opened) == 2)
        await heard.for_samples(1600)
    assert heard.losses[0].error.hint
    heard.require_linear()
    assert heard.source.lost_samples > 0.3 * SAMPLE_RATE


async def test_a_server_that_crashes_and_returns_is_taken_up_again(
    sound_server: SoundServer, short_clip: Path
) -> None:
    async with listening(system()) as heard:
        await heard.until(lambda: heard.chunks)
        await asyncio.to_thread(sound_server.stop)
        await heard.until(lambda: heard.losses)
        await asyncio.to_thread(sound_server.start)
        await heard.until(lambda: heard.opened[-1].name == "speakers" and len(heard.opened) > 1)
        await play(sound_server, short_clip)
        await heard.until_heard(reference(short_clip))
    heard.require_linear()
    require_heard(heard, short_clip)


async def test_an_unknown_device_is_an_error_at_once(sound_server: SoundServer) -> None:
    with pytest.raises(AudioDeviceError, match='no output called "radio"') as caught:
        await anext(system("radio").items())
    assert '"headphones"' in caught.value.hint


async def test_an_unknown_device_is_waited_for_on_request(sound_server: SoundServer) -> None:
    async with listening(system("dock", wait=True)) as heard:
        await heard.until(lambda: heard.losses)
        sound_server.add_sink("dock", description="dock")
        await heard.until(lambda: heard.chunks)
    assert heard.told() == ["SourceLost", "SourceOpened"]
    assert heard.chunks[0].start == 0
    heard.require_linear()


async def test_a_slow_listener_loses_the_oldest_sound_and_is_told(
    sound_server: SoundServer,
) -> None:
    timing = replace(QUICK, buffer_s=0.5)
    source = LiveSource(PulseBackend("system", None), chunk_ms=100, timing=timing)
    heard = Listener(source)
    items = source.items()
    while heard.end < 3 * SAMPLE_RATE:
        heard.items.append(await anext(items))
    await asyncio.sleep(2.0)  # the listener is busy with something else
    while heard.end < 6 * SAMPLE_RATE:
        heard.items.append(await anext(items))
    await items.aclose()
    heard.require_linear()
    assert 0.8 * SAMPLE_RATE < source.lost_samples < 2.0 * SAMPLE_RATE
    assert heard.losses == []


@pytest.mark.parametrize("how", ["close", "aclose", "cancel", "before"])
async def test_nothing_is_left_behind(pulse_server: SoundServer, how: str) -> None:
    def open_files() -> set[Path]:
        return set(Path("/proc/self/fd").iterdir())

    threads, files = set(threading.enumerate()), open_files()
    source = system()
    if how == "before":
        await source.close()
        async for item in source.items():
            pytest.fail(f"{item} came from a closed source")
    elif how == "close":
        async with listening(source) as heard:
            await heard.until(lambda: heard.chunks)
    elif how == "aclose":
        items = source.items()
        await anext(items)
        await items.aclose()
    else:
        listener = Listener(source)
        task = listener.start()
        await listener.until(lambda: listener.chunks)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await until(lambda: set(threading.enumerate()) == threads)
    await until(lambda: open_files() == files)
    outputs = pulse_server.listed("source-outputs")
    assert [output for output in outputs if output["client"] is not None] == []


async def test_capturing_costs_little(sound_server: SoundServer, short_clip: Path) -> None:
    async with listening(system()) as heard:
        await heard.for_samples(SAMPLE_RATE)
        began, at = time.process_time(), heard.end
        await heard.for_samples(3 * SAMPLE_RATE)
        spent = (time.process_time() - began) / ((heard.end - at) / SAMPLE_RATE)
    assert spent < 0.08  # seconds of processor time per second; about 0.015 when measured alone


@pytest.mark.parametrize("master", ["virtual_mic", None], ids=["named", "default"])
async def test_an_echo_canceller_that_is_loaded_is_used_where_it_is_wanted(
    sound_server: SoundServer, master: str | None
) -> None:
    arguments = ["sink_master=speakers", "source_name=clean"]
    arguments += [f"source_master={master}"] if master else []
    canceller = sound_server.pactl("load-module", "module-echo-cancel", *arguments)
    wait_until(lambda: any(each["name"] == "clean" for each in sound_server.listed("sources")))
    sound_server.set_default_source("virtual_mic")
    found = {device.id: device.echo_cancels for device in list_pulse_devices()}
    # PipeWire does not say which microphone it took where none was named.
    is_told = sound_server.kind == "pulseaudio" or master
    assert found["clean"] == ("virtual_mic" if is_told else "")
    assert found["virtual_mic"] is None
    wanted = AudioSettings(source="mic", echo_cancelled=True)
    async with listening(open_source(wanted)) as heard:
        await heard.until(lambda: heard.chunks)
        assert heard.opened[0].name == "virtual_mic, echo cancelled"
        sound_server.pactl("unload-module", canceller)
        await heard.until(lambda: len(heard.opened) == 2)
        assert heard.opened[1].name == "virtual_mic"


async def test_an_echo_canceller_is_left_alone_where_it_is_not_wanted(
    pulse_server: SoundServer,
) -> None:
    pulse_server.pactl("load-module", "module-echo-cancel", "source_master=virtual_mic")
    pulse_server.set_default_source("virtual_mic")
    async with listening(microphone()) as heard:
        await heard.until(lambda: heard.chunks)
        assert heard.opened[0].name == "virtual_mic"


async def test_an_echo_canceller_of_another_microphone_is_left_alone(
    pulse_server: SoundServer,
) -> None:
    pulse_server.add_microphone("headset", heard_from="headphones")
    pulse_server.pactl("load-module", "module-echo-cancel", "source_master=headset")
    pulse_server.set_default_source("virtual_mic")
    wanted = AudioSettings(source="mic", echo_cancelled=True)
    async with listening(open_source(wanted)) as heard:
        await heard.until(lambda: heard.chunks)
        assert heard.opened[0].name == "virtual_mic"
