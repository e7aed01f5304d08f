"""What one client is told, with segment ids that count over all its recordings."""

from __future__ import annotations

from captioner.bridge.contract import NO_RECOGNISER, NoRecogniserEvent
from captioner.core.errors import CaptionerError
from captioner.core.health import Health
from captioner.core.segment import Gap, Segment
from captioner.telemetry.metrics import Metrics
from captioner.transcript.contract import (
    ErrorEvent,
    Event,
    event_from_error,
    event_from_gap,
    event_from_segment,
    timestamp,
)
from captioner.web.outbox import Message, Outbox

_OTHER = "OTHER"


class Teller:
    """Writes events into the outbox of a client.

    Attributes:
        newest: The newest segment.
    """

    def __init__(self, outbox: Outbox, metrics: Metrics) -> None:
        """Begin with segment 0."""
        self._outbox = outbox
        self._metrics = metrics
        self.newest = 0

    def tell(self, event: Event, *, replaces: str = "") -> None:
        """Tell ``event``; it takes the place of one that waits and ``replaces`` the same."""
        self._outbox.put(Message(event.to_json(), self.newest, replaces, is_passing=bool(replaces)))

    def tell_caption(self, segment: Segment, shown: str) -> None:
        """Tell the present state of ``segment``."""
        self.newest = segment.id
        if segment.is_final:
            text = event_from_segment(segment).to_json()
            self._outbox.put(Message(text, segment.id, "partial"))
        elif shown:  # else the stability policy holds all of it back
            self.tell(event_from_segment(segment, shown), replaces="partial")

    def refuse(self, sentence: str, code: str) -> None:
        """Say what is wrong with what the client sent."""
        event = ErrorEvent(error=sentence, segment_id=self.newest, timestamp=timestamp(), code=code)
        self._tell_error(event, replaces=code)

    def tell_trouble(self, health: Health) -> None:
        """Say why there are no captions now; they come again by themselves."""
        record = health.error
        event = NoRecogniserEvent(
            error=health.sentence,
            segment_id=self.newest,
            timestamp=timestamp(),
            category=record["category"] if record else None,
            hint=health.hint or None,
            cause=(record["code"] or None) if record else None,
        )
        self._tell_error(event, replaces=NO_RECOGNISER)

    def tell_failure(self, error: CaptionerError) -> None:
        """Say what ended a recording."""
        self._tell_error(event_from_error(error, self.newest))

    def tell_gap(self, gap: Gap) -> None:
        """Say which audio was lost."""
        self._tell_error(event_from_gap(gap, self.newest))

    def _tell_error(self, event: ErrorEvent, *, replaces: str = "") -> None:
        self._metrics.bridge.errors.labels(event.code or _OTHER).inc()
        self.tell(event, replaces=replaces)
