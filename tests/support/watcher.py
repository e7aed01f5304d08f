"""A session that is watched."""

from __future__ import annotations

from captioner.core.events import CaptionChanged, GapMarked, SessionEvent, StateChanged
from captioner.core.segment import Segment
from captioner.core.state import SessionState
from captioner.session.controller import CaptionSession
from tests.support.wait import until


class Watcher:
    """A session with everything it told."""

    def __init__(self, session: CaptionSession) -> None:
        self.session = session
        self.events: list[SessionEvent] = []
        session.subscribe(self.events.append)

    @property
    def states(self) -> list[SessionState]:
        return [event.state for event in self.events if isinstance(event, StateChanged)]

    @property
    def captions(self) -> list[Segment]:
        return [event.segment for event in self.events if isinstance(event, CaptionChanged)]

    @property
    def finals(self) -> list[str]:
        return [segment.text for segment in self.captions if segment.is_final]

    @property
    def gaps(self) -> list[tuple[int, int]]:
        return [
            (event.gap.start_ms, event.gap.end_ms)
            for event in self.events
            if isinstance(event, GapMarked)
        ]

    @property
    def timed(self) -> list[float]:
        return [
            event.since_speech_s
            for event in self.events
            if isinstance(event, CaptionChanged) and event.since_speech_s is not None
        ]

    async def reaches(self, state: SessionState) -> None:
        await until(lambda: self.session.state is state)

    def has_shown(self, text: str) -> bool:
        return any(segment.text == text for segment in self.captions)

    async def shows(self, text: str) -> None:
        await until(lambda: self.has_shown(text))
