"""One run of audio out of several sources."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from captioner.core.audio import AudioChunk, SourceItem
from captioner.core.errors import InputFileError
from captioner.session.sources import SourceSwitch
from captioner.settings.models import AudioSettings
from tests.support.scripted_source import ScriptedOpener, ScriptedSource

MIC = AudioSettings(source="mic")
SYSTEM = AudioSettings(source="system")


async def everything(switch: SourceSwitch) -> list[SourceItem]:
    async with aclosing(switch.items()) as items:
        return [item async for item in items]


def spans(items: list[SourceItem]) -> list[tuple[int, int]]:
    return [(item.start, item.end) for item in items if isinstance(item, AudioChunk)]


async def test_a_source_that_ends_ends_the_run() -> None:
    source = ScriptedSource()
    source.speak(0.2)
    source.end()
    items = await everything(SourceSwitch(ScriptedOpener(source), MIC, start=160))
    assert items[0] == source.opened
    assert spans(items) == [(160, 1760), (1760, 3360)]
    assert source.closed


async def test_positions_go_on_through_losses_and_switches() -> None:
    first, second = ScriptedSource(), ScriptedSource()
    opener = ScriptedOpener(first, second)
    switch = SourceSwitch(opener, MIC)
    first.speak(0.1)
    first.speak(0.1, lost_s=1.0)
    running = asyncio.create_task(everything(switch))
    await asyncio.sleep(0)
    await switch.switch(SYSTEM)
    second.speak(0.1, lost_s=0.5)
    second.end()
    items = await running
    assert spans(items) == [(0, 1600), (17_600, 19_200), (27_200, 28_800)]
    chunks = [item for item in items if isinstance(item, AudioChunk)]
    assert [chunk.lost_before for chunk in chunks] == [0, 16_000, 8_000]
    assert opener.asked == [MIC, SYSTEM]
    assert first.closed
    assert second.closed


async def test_a_switch_before_the_first_opening_changes_what_is_opened() -> None:
    source = ScriptedSource()
    source.end()
    opener = ScriptedOpener(source)
    switch = SourceSwitch(opener, MIC)
    await switch.switch(SYSTEM)
    await everything(switch)
    assert opener.asked == [SYSTEM]


async def test_closed_before_the_first_opening_opens_nothing() -> None:
    opener = ScriptedOpener()
    switch = SourceSwitch(opener, MIC)
    await switch.close()
    assert await everything(switch) == []
    assert opener.asked == []


async def test_close_wins_over_a_switch() -> None:
    source = ScriptedSource()
    opener = ScriptedOpener(source)
    switch = SourceSwitch(opener, MIC)
    running = asyncio.create_task(everything(switch))
    await asyncio.sleep(0)
    await switch.switch(SYSTEM)
    await switch.close()
    await switch.close()
    await running
    assert opener.asked == [MIC]


async def test_an_error_closes_the_source_that_raised_it() -> None:
    source = ScriptedSource()
    source.push(InputFileError("No audio in it."))
    with pytest.raises(InputFileError):
        await everything(SourceSwitch(ScriptedOpener(source), MIC))
    assert source.closed
