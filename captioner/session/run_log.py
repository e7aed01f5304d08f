"""What the log says of one run of a session: its own id in each line, and figures at its end."""

from __future__ import annotations

import logging
import secrets
from contextlib import AbstractContextManager

from captioner.core.clock import Clock
from captioner.core.counts import SessionCounts
from captioner.core.errors import CaptionerError
from captioner.core.events import (
    CaptionChanged,
    EndpointHealthChanged,
    EngineChanged,
    GapMarked,
    HealthChanged,
    SessionEvent,
    SourceChanged,
)
from captioner.core.health import SessionFigures
from captioner.session.run_figures import RunFigures
from captioner.telemetry.log_lines import tagged, with_fields

logger = logging.getLogger(__name__)


class RunLog:
    """Listens to a session and writes what explains how it went; never what was said."""

    def __init__(self, clock: Clock) -> None:
        """Prepare; `begin` starts a run."""
        self._clock = clock
        self._run = ""
        self._began = 0.0
        self._figures = RunFigures(SessionCounts())
        self._finals = 0
        self._gaps = 0
        self._told: dict[str, tuple[str, str]] = {}

    def begin(self, counts: SessionCounts) -> None:
        """Start another run, at which the session has counted ``counts``."""
        self._run = secrets.token_hex(4)
        self._began = self._clock.now()
        self._figures = RunFigures(counts)
        self._finals = self._gaps = 0
        self._told = {}

    def lines(self) -> AbstractContextManager[None]:
        """Put the id of the run into each line while this lasts, also of tasks that begin."""
        return tagged(session=self._run)

    def take(self, event: SessionEvent) -> None:
        """Write down or count ``event``."""
        match event:
            case CaptionChanged(segment=segment):
                self._finals += segment.is_final
                self._figures.take(event)
                if logger.isEnabledFor(logging.DEBUG):
                    logger.debug(
                        "Caption",
                        extra=with_fields(
                            channel=segment.channel,
                            segment=segment.id,
                            revision=segment.revision,
                            is_final=segment.is_final,
                            promoted=segment.promoted,
                            start_ms=segment.start_ms,
                            end_ms=segment.end_ms,
                            processing_ms=round(segment.processing_ms, 1),
                        ),
                    )
            case GapMarked():
                self._gaps += 1
            case HealthChanged(health=health):
                if self._is_news("session", health.state, health.hint):
                    logger.info(
                        "Health: %s. %s",
                        health.state,
                        health.sentence,
                        extra=with_fields(
                            health=health.state, hint=health.hint, error=health.error
                        ),
                    )
            case EndpointHealthChanged(health=endpoint):
                if self._is_news(endpoint.server, endpoint.state, endpoint.fix):
                    logger.info(
                        "Server %s: %s. %s",
                        endpoint.server,
                        endpoint.state,
                        endpoint.reason,
                        extra=with_fields(
                            server=endpoint.server, hint=endpoint.fix, error=endpoint.error
                        ),
                    )
            case SourceChanged():
                logger.info("Heard: %s %r", event.kind, event.name)
            case EngineChanged():
                logger.info("Recognised by %s", event.name)
            case _:
                pass

    def _is_news(self, whose: str, state: str, hint: str) -> bool:
        """Return whether more has changed than a number in a sentence, as it does each second."""
        before, self._told[whose] = self._told.get(whose), (state, hint)
        return before != (state, hint)

    def painted(self, waited_s: float) -> None:
        """Count how long words waited for the screen."""
        self._figures.painted.add(1000 * waited_s)

    def end(
        self,
        figures: SessionFigures,
        counts: SessionCounts,
        error: CaptionerError | None,
        *,
        worst_lag_s: float,
    ) -> None:
        """Write how the run went from its beginning to its end."""
        ran_s = self._clock.now() - self._began
        logger.info(
            "The session ran for %.0f s: %d captions, %d losses, %d reconnects",
            ran_s,
            self._finals,
            self._gaps,
            figures.reconnects,
            extra=with_fields(
                summary={
                    "recogniser": figures.recogniser,
                    "ran_s": round(ran_s, 1),
                    "captions": self._finals,
                    "gaps": self._gaps,
                    "lost_ms": figures.lost_ms,
                    "reconnects": figures.reconnects,
                    "worst_lag_s": round(worst_lag_s, 1),
                    **self._figures.summary(counts),
                    "ended_by": "" if error is None else error.category.value,
                }
            ),
        )
