"""Turns what a session tells into events of the contract, once for all clients."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from contextlib import suppress
from typing import Final

from captioner.core.errors import CaptionerError
from captioner.core.events import CaptionChanged, GapMarked, HealthChanged, SessionEvent
from captioner.core.health import Health, HealthState
from captioner.telemetry.caption_lines import caption_fields, is_logged
from captioner.transcript.contract import (
    ConnectionEvent,
    ErrorEvent,
    event_from_error,
    event_from_gap,
    event_from_health,
    event_from_segment,
    timestamp,
)
from captioner.web.outbox import Message, Outbox

_DRAIN_S: Final = 2.0


class Hub:
    """Everything is called on the feed's own loop.

    Attributes:
        run: Names this run: segment ids are those of a run, so that a client that connects again
            knows which captions it has already.
    """

    def __init__(self, replay: int) -> None:
        """Begin without clients; ``replay`` finals are told to whoever comes late."""
        self.run = secrets.token_hex(8)
        self._finals: deque[Message] = deque(maxlen=replay)
        self._partials: dict[str, Message] = {}
        self._trouble: Message | None = None
        self._newest = 0
        self._outboxes: set[Outbox] = set()

    @property
    def clients(self) -> int:
        """How many clients listen."""
        return len(self._outboxes)

    def join(self, outbox: Outbox, client_id: str) -> None:
        """Greet a client, tell it what has been said, and all that comes, until it leaves."""
        greeting = ConnectionEvent(
            client_id=client_id,
            message="Captions follow as they come.",
            supported_audio_formats=[],
            run=self.run,
        )
        outbox.put(Message(greeting.to_json(), self._newest))
        for message in (*self._finals, *self._partials.values()):
            outbox.put(message)
        if self._trouble is not None:
            outbox.put(self._trouble)
        self._outboxes.add(outbox)

    def leave(self, outbox: Outbox) -> None:
        """Forget a client."""
        self._outboxes.discard(outbox)

    async def drain(self) -> None:
        """Return when everybody has been told everything, or after a moment."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_S):
                for outbox in tuple(self._outboxes):
                    await outbox.drained()

    def refuse(self, outbox: Outbox, sentence: str, code: str) -> None:
        """Tell one client what is wrong with what it sent."""
        event = ErrorEvent(
            error=sentence, segment_id=self._newest, timestamp=timestamp(), code=code
        )
        outbox.put(Message(event.to_json(), self._newest, f"error {code}", is_passing=True))

    def take(self, event: SessionEvent) -> None:
        """Tell everybody of ``event``, if it is one for them."""
        match event:
            case CaptionChanged(segment=segment):
                self._take_caption(event)
                self._newest = max(self._newest, segment.id)
            case GapMarked(gap=gap):
                self._tell(Message(event_from_gap(gap, self._newest).to_json(), self._newest))
            case HealthChanged(health=health):
                self._take_health(health)
            case _:
                pass

    def take_error(self, error: CaptionerError) -> None:
        """Tell everybody what ended the captions."""
        self._tell(Message(event_from_error(error, self._newest).to_json(), self._newest))

    def _take_caption(self, event: CaptionChanged) -> None:
        segment = event.segment
        key = f"partial {segment.channel}"
        logged = caption_fields(segment) if is_logged() else None
        if segment.is_final:
            text = event_from_segment(segment).to_json()
            message = Message(text, segment.id, key, logged=logged)
            self._partials.pop(segment.channel, None)
            self._finals.append(message)
        elif event.shown:
            text = event_from_segment(segment, event.shown).to_json()
            message = Message(text, segment.id, key, is_passing=True, logged=logged)
            self._partials[segment.channel] = message
        else:
            return  # the stability policy holds all of it back
        self._trouble = None
        self._tell(message)

    def _take_health(self, health: Health) -> None:
        before, self._trouble = self._trouble, None
        if health.state is HealthState.FAILED:
            event = event_from_health(health, self._newest)
            self._trouble = Message(event.to_json(), self._newest, "trouble", is_passing=True)
            if before is None:
                self._tell(self._trouble)

    def _tell(self, message: Message) -> None:
        for outbox in self._outboxes:
            outbox.put(message)
