"""The channels of a session: those that are wanted, and those that still say their last words."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator

from captioner.core.counts import AudioCounts
from captioner.core.errors import CaptionerError
from captioner.session.condition import SessionCondition
from captioner.session.pipeline import ChannelPipeline


class ChannelSet:
    """Keeps account of channels that come and go."""

    def __init__(self, condition: SessionCondition) -> None:
        """Begin with none; ``condition`` is told of those that end."""
        self._condition = condition
        self._all: list[ChannelPipeline] = []
        self._leaving: set[ChannelPipeline] = set()
        self._heard_until = 0
        self._lost_samples = 0
        self._counted = AudioCounts()

    def __iter__(self) -> Iterator[ChannelPipeline]:
        """Go through all, whatever comes or goes meanwhile."""
        return iter(tuple(self._all))

    def __len__(self) -> int:
        """Count all."""
        return len(self._all)

    @property
    def names(self) -> set[str]:
        """The names of all."""
        return {channel.name for channel in self._all}

    @property
    def wanted(self) -> list[ChannelPipeline]:
        """Those that were not asked to leave."""
        return [channel for channel in self._all if channel not in self._leaving]

    @property
    def heard_until(self) -> int:
        """Session position just after the newest audio, in samples, over all runs."""
        return max([self._heard_until, *(channel.heard_until for channel in self._all)])

    @property
    def lost_samples(self) -> int:
        """Audio of this run that no recogniser heard."""
        return self._lost_samples + sum(channel.lost_samples for channel in self._all)

    @property
    def counts(self) -> AudioCounts:
        """What became of the audio of all channels that there ever were."""
        return sum((channel.counts for channel in self._all), self._counted)

    @property
    def error(self) -> CaptionerError | None:
        """What ended the run: one channel that works is reason enough to have gone on."""
        errors = [channel.error for channel in self._all if channel.error is not None]
        return errors[0] if errors and len(errors) == len(self._all) else None

    def begin(self) -> None:
        """Forget the last run, but for where its audio ended and what was counted."""
        self._counted = self.counts
        self._all.clear()
        self._leaving.clear()
        self._lost_samples = 0

    def add(self, channel: ChannelPipeline) -> None:
        """Take in ``channel`` and start it."""
        self._all.append(channel)
        channel.start()

    def let_go(self, channels: Collection[ChannelPipeline]) -> None:
        """Note that ``channels`` are not wanted any more, and may end before the others."""
        self._leaving.update(channels)

    async def wait(self) -> None:
        """Return when all have ended."""
        while running := [channel.task for channel in self._all if not channel.task.done()]:
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for channel in [found for found in self._all if found.task.done()]:
                self._note_end(channel)

    async def cancel(self) -> None:
        """End all at once."""
        for channel in self:
            await channel.cancel()

    def renew(self, *, at_once: bool = False) -> None:
        """Have another recognition stream for each."""
        for channel in self._all:
            channel.renew(at_once=at_once)

    async def recover(self, reason: str) -> None:
        """Begin afresh with each; ``reason`` is told."""
        await asyncio.gather(*(channel.recover(reason) for channel in self._all))

    def _note_end(self, channel: ChannelPipeline) -> None:
        self._heard_until = max(self._heard_until, channel.heard_until)
        if channel in self._leaving:
            self._leaving.discard(channel)
            self._all.remove(channel)
            self._lost_samples += channel.lost_samples
            self._counted += channel.counts
            self._condition.channel_removed(channel.name)
        elif channel.error is not None and not all(found.task.done() for found in self._all):
            self._condition.source_lost(channel.name, channel.error)
