"""What the bridge's metrics tell of recordings without captions, which its alerts look at."""

from __future__ import annotations

import asyncio

from tests.support.bridge import TOKEN, ServedBridge, serve_bridge, settings_for
from tests.support.coded_recogniser import recognise
from tests.support.metrics import scrape
from tests.support.riva_handlers import refuse_key
from tests.support.riva_server import serve_riva


async def figures_of(served: ServedBridge) -> dict[str, float]:
    url = f"http://{served.address.host}:{served.address.port}/metrics"
    return await asyncio.to_thread(lambda: scrape(url, token=TOKEN))


async def test_a_recording_that_an_error_ends_is_counted() -> None:
    async with (
        serve_riva(refuse_key) as riva,
        serve_bridge(settings_for(riva.port)) as served,
        served.talker() as talker,
    ):
        await talker.hear("connection")
        assert (await figures_of(served))["captioner_bridge_failed_recordings_total"] == 0.0
        await talker.say("start_recording")
        await talker.send(bytes(32_000))
        await talker.hear("recording_stopped")
        found = await figures_of(served)
    assert found["captioner_bridge_failed_recordings_total"] == 1.0
    assert found["captioner_bridge_recordings"] == 0.0
    assert found["captioner_sessions{failed}"] == 0.0, "it is gone, and not seen to have failed"


async def test_a_recording_without_a_recogniser_is_seen_to_wait() -> None:
    async with serve_riva(recognise) as riva:
        nobody = riva.port
    async with serve_bridge(settings_for(nobody)) as served, served.talker() as talker:
        await talker.say("start_recording")
        await talker.send(bytes(32_000))
        assert (await talker.hear("error"))["code"] == "NO_RECOGNISER"
        found = await figures_of(served)
        assert found["captioner_bridge_recordings_waiting"] == 1.0
        assert found["captioner_sessions{reconnecting}"] == 1.0
        assert found["captioner_bridge_failed_recordings_total"] == 0.0
