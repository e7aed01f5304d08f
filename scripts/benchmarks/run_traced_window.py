"""``captioner``, timed from sound to paint: ``run_traced_window RECORD ARGUMENTS``.

Prints "listening" when it does. At the end, RECORD holds a list of JSON objects, one for the first
words and one for the final of each utterance: see `Timed`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from captioner.core.events import CaptionChanged, SessionEvent
    from captioner.gui.bridge import Session
    from captioner.settings.models import Settings


@dataclass(frozen=True, slots=True)
class Timed:
    """A caption that was painted.

    Attributes:
        is_final: False for the first words of an utterance.
        begun_at: When its speech begins, by the recogniser, in monotonic seconds.
        ended_at: When it ends.
        heard_at: When the newest audio was heard that it rests on.
        painted_at: When it was painted.
        stages_ms: How long each stage took in between.
    """

    is_final: bool
    begun_at: float
    ended_at: float
    heard_at: float
    painted_at: float
    stages_ms: dict[str, float]


class _Watch:
    """Times the captions of the session that the window makes."""

    def __init__(self) -> None:
        from captioner.core.clock import SystemClock  # noqa: PLC0415  # the command line comes first
        from captioner.session.trace import LatencyTrace  # noqa: PLC0415  # see above

        self.found: list[Timed] = []
        self._clock = SystemClock()
        self._trace = LatencyTrace(self._clock)
        self._waiting: list[CaptionChanged] = []

    async def make_session(self, settings: Settings, **named: Any) -> Session:  # noqa: ANN401 - handed through
        """Return a session that is timed."""
        from captioner.audio.factory import open_source  # noqa: PLC0415  # see above
        from captioner.session.controller import CaptionSession  # noqa: PLC0415  # see above

        opener = self._trace.wrapped(lambda audio: open_source(audio, wait_for_device=True))
        session = CaptionSession(
            settings, patient=True, opener=opener, tap=self._trace, clock=self._clock, **named
        )
        session.subscribe(self._take)
        await asyncio.sleep(0)
        return session

    def _take(self, event: SessionEvent) -> None:
        from captioner.core.events import CaptionChanged, HealthChanged  # noqa: PLC0415  # see above
        from captioner.core.health import HealthState  # noqa: PLC0415  # see above

        if isinstance(event, CaptionChanged):
            self._trace.reduced(event)
        elif isinstance(event, HealthChanged) and event.health.state is HealthState.LISTENING:
            print("listening", flush=True)

    def note_paints(self) -> None:
        """Let the view tell what it paints."""
        from captioner.gui.overlay.paint_delay import PaintDelay  # noqa: PLC0415  # Qt's turn is later

        begin, end = PaintDelay.begin, PaintDelay.end

        def beginning(delay: PaintDelay, event: CaptionChanged, *, is_seen: bool) -> None:
            begin(delay, event, is_seen=is_seen)
            self._waiting.append(event)

        def ending(delay: PaintDelay) -> None:
            end(delay)
            for event in self._waiting:
                self._painted(event)
            self._waiting.clear()

        setattr(PaintDelay, "begin", beginning)  # noqa: B010  # types would not have it replaced
        setattr(PaintDelay, "end", ending)  # noqa: B010  # see above

    def _painted(self, event: CaptionChanged) -> None:
        caption = self._trace.painted(event)
        if caption is None:
            return
        heard_at, painted_at = caption.moments[0], caption.moments[-1]
        segment = event.segment
        self.found.append(
            Timed(
                caption.is_final,
                heard_at + (segment.start_ms - caption.audio_ms) / 1000,
                heard_at + (segment.end_ms - caption.audio_ms) / 1000,
                heard_at,
                painted_at,
                caption.stages_ms,
            )
        )


def main() -> int:
    """Run it, then write the record."""
    record, *arguments = sys.argv[1:]
    from captioner.gui import app, bridge  # noqa: PLC0415  # as the command line does

    watch = _Watch()
    run = app.run

    def run_watched(*positional: Any, **named: Any) -> int:  # noqa: ANN401  # handed through
        watch.note_paints()
        return run(*positional, **named)

    vars(app)["run"] = run_watched
    vars(bridge)["make_caption_session"] = watch.make_session
    from captioner.cli.main import main as captioner_main  # noqa: PLC0415  # see above

    try:
        return captioner_main(arguments)
    finally:
        found = [asdict(each) for each in watch.found]
        Path(record).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
