from __future__ import annotations

import asyncio
import threading
import time

from captioner.audio.handover import Handover
from captioner.audio.timeline import Timeline
from captioner.core.errors import AudioDeviceError


async def test_blocks_come_out_as_they_went_in() -> None:
    handover = Handover(limit_s=1.0)
    handover.set_rate(1000)
    handover.put(b"a", 100, 1.0)
    handover.put(b"b", 100, 2.0, lost_before=7)
    first, second = await handover.get(1.0), await handover.get(1.0)
    assert first is not None
    assert second is not None
    assert (first.data, first.heard_until, first.lost_before) == (b"a", 1.0, 0)
    assert (second.data, second.lost_before) == (b"b", 7)
    assert second.begins(1000) == 1.9
    assert await handover.get(0.01) is None


async def test_audio_knows_when_it_was_heard_and_when_the_device_gave_it_out() -> None:
    handover = Handover(limit_s=1.0)
    handover.set_rate(16_000)
    timeline = Timeline(1600)
    heard_until = time.monotonic() - 0.05
    timeline.begin(16_000, 1, heard_until - 0.1)
    before = time.monotonic()
    handover.put(bytes(4 * 1600), 1600, heard_until)
    after = time.monotonic()
    block = await handover.get(1.0)
    assert block is not None
    (chunk,) = timeline.take(block)
    assert chunk.captured_at == heard_until
    assert before <= chunk.delivered_at <= after


async def test_the_oldest_is_dropped_and_counted_when_nobody_listens() -> None:
    handover = Handover(limit_s=1.0)
    handover.set_rate(1000)
    for number in range(25):
        handover.put(bytes([number]), 100, float(number))
    kept = []
    while (block := await handover.get(0.0)) is not None:
        kept.append(block)
    assert [block.data[0] for block in kept] == list(range(15, 25))
    assert [block.lost_before for block in kept] == [1500] + [0] * 9


async def test_a_block_longer_than_the_limit_is_kept() -> None:
    handover = Handover(limit_s=1.0)
    handover.set_rate(1000)
    handover.put(b"x", 5000, 1.0)
    block = await handover.get(0.0)
    assert block is not None
    assert block.frames == 5000


async def test_failure_is_told_after_what_was_heard_before_it() -> None:
    handover = Handover(limit_s=1.0)
    handover.set_rate(1000)
    handover.put(b"a", 100, 1.0)
    reason = AudioDeviceError("unplugged")
    handover.fail(reason)
    handover.fail(AudioDeviceError("a later reason"))
    assert await handover.get(1.0) is not None
    assert await asyncio.wait_for(handover.get(60.0), 1.0) is None
    assert handover.failure is reason


async def test_a_waiting_listener_is_woken_from_another_thread() -> None:
    handover = Handover(limit_s=1000.0)
    handover.set_rate(1000)

    def device() -> None:
        for number in range(2000):
            handover.put(number.to_bytes(2, "little"), 10, 0.0)

    thread = threading.Thread(target=device)
    thread.start()
    seen = []
    for _ in range(2000):
        block = await handover.get(5.0)
        assert block is not None
        seen.append(int.from_bytes(block.data, "little"))
    thread.join()
    assert seen == list(range(2000))


async def test_wake_ends_a_wait() -> None:
    handover = Handover(limit_s=1.0)
    waiting = asyncio.create_task(handover.get(60.0))
    await asyncio.sleep(0)
    handover.wake()
    assert await asyncio.wait_for(waiting, 1.0) is None


def test_a_device_that_outlives_the_loop_does_no_harm() -> None:
    async def make() -> Handover:
        handover = Handover(limit_s=1.0)
        handover.set_rate(1000)
        await handover.get(0.0)  # now a notification is wanted
        return handover

    handover = asyncio.run(make())
    handover.put(b"a", 100, 1.0)
    handover.fail(AudioDeviceError("gone"))
