"""All metrics of Captioner: their names, what they mean, and where their values come from.

They follow the conventions of Prometheus. Most are read from what the parts of the program count
anyway, at the moment somebody asks, so that they cost the captions nothing; only durations are
taken in one by one. None of them tells what was said, by whom, or where a server is.

`resources/monitoring/README.md` lists them for users; a test holds the two together.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final, Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from captioner import __version__
from captioner.core.audio import SAMPLE_RATE
from captioner.core.counts import EngineCounts, SessionCounts
from captioner.core.errors import ErrorCategory
from captioner.core.events import CaptionChanged, SessionEvent
from captioner.core.health import Health, HealthState
from captioner.telemetry.metric_families import count, gauge, seconds

# What collectors do not need would be a tenth of the lines.
disable_created_metrics()  # type: ignore[no-untyped-call]  # untyped

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
"""What the text of `Metrics.text` is."""

_USUAL_CAUSES: Final = (ErrorCategory.UNAVAILABLE.value, ErrorCategory.OVERLOADED.value)
_PAINT_S: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)


class MeasuredSession(Protocol):
    """The part of a session that is measured."""

    @property
    def counts(self) -> SessionCounts:
        """What was counted since it was made."""
        ...

    @property
    def health(self) -> Health:
        """How it is now."""
        ...

    def subscribe(self, listener: Callable[[SessionEvent], None]) -> Callable[[], None]:
        """Call ``listener`` with each event; the returned function ends that."""
        ...


class MeasuredSink(Protocol):
    """The part of a sink that is measured."""

    @property
    def failures(self) -> int:
        """How often it could not write."""
        ...

    @property
    def dropped(self) -> int:
        """Events that it had no room for."""
        ...


class Metrics:
    """The metrics of one process, with one registry. Used on the loop's thread."""

    def __init__(self) -> None:
        """Begin with what holds of each process; each part is there once it is used."""
        self._registry = CollectorRegistry()
        version = Info("captioner_build", "Which Captioner this is.", registry=self._registry)
        version.info({"version": __version__})
        ProcessCollector(registry=self._registry)  # on Linux alone it finds something

    def text(self) -> bytes:
        """Return all of them in the text format of Prometheus."""
        return generate_latest(self._registry)

    def follow_sinks(self, sinks: Mapping[str, MeasuredSink]) -> None:
        """Read what ``sinks`` count, by the kind of sink. Called once at most."""
        self._registry.register(_SinkMetrics(sinks))

    def follow_engine(self, counts: Callable[[], EngineCounts | None]) -> None:
        """Read what the embedded engine counts; None while there is none. Called once at most."""
        self._registry.register(_EngineMetrics(counts))

    def follow_feed(self, clients: Callable[[], int], dropped: Callable[[], int]) -> None:
        """Read how many clients a feed has, and how many events it had no time for; once."""
        self._registry.register(_FeedMetrics(clients, dropped))

    @cached_property
    def sessions(self) -> SessionMetrics:
        """Those of caption sessions."""
        return SessionMetrics(self._registry)

    @cached_property
    def bridge(self) -> BridgeMetrics:
        """Those of a bridge, where there is one."""
        return BridgeMetrics(self._registry)


class SessionMetrics(Collector):
    """What caption sessions count and how long captions take, of all sessions together."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Begin without a session."""
        self._sessions: set[MeasuredSession] = set()
        self._past = SessionCounts()
        registry.register(self)
        self._response = seconds(
            registry,
            "captioner_chunk_to_response_seconds",
            "From the newest audio that a caption rests on, as it was captured, to the caption.",
        )
        self._first_partial = seconds(
            registry,
            "captioner_speech_to_first_partial_seconds",
            "From the beginning of an utterance to the first words that are shown of it.",
        )
        self._final = seconds(
            registry,
            "captioner_end_of_speech_to_final_seconds",
            "From the end of the speech in an utterance to its final.",
        )
        self._painted = Histogram(
            "captioner_response_to_painted_seconds",
            "From a caption of the recogniser to when it was written, by the kind of output.",
            ("output",),
            buckets=_PAINT_S,
            registry=registry,
        )
        self._captions = Counter(
            "captioner_captions",
            "Captions by kind: partial, final, or promoted (made final without the recogniser).",
            ("kind",),
            registry=registry,
        )
        for kind in ("partial", "final", "promoted"):
            self._captions.labels(kind)

    def follow(self, session: MeasuredSession) -> Callable[[], None]:
        """Measure ``session`` from now on; the returned function ends that, and keeps the sums."""
        self._sessions.add(session)
        unsubscribe = session.subscribe(self._take)

        def let_go() -> None:
            unsubscribe()
            self._sessions.discard(session)
            self._past += session.counts.past

        return let_go

    def painted(self, event: SessionEvent, output: str) -> None:
        """Note that ``event`` was written to ``output`` right now; may be called by any thread."""
        if isinstance(event, CaptionChanged) and event.told_at:
            self._painted.labels(output).observe(time.monotonic() - event.told_at)

    def _take(self, event: SessionEvent) -> None:
        if not isinstance(event, CaptionChanged):
            return
        segment = event.segment
        kind = "promoted" if segment.promoted else "final" if segment.is_final else "partial"
        self._captions.labels(kind).inc()
        if segment.processing_ms > 0 and not segment.promoted:
            self._response.observe(segment.processing_ms / 1000)
        if event.since_speech_s is not None:
            timed = self._final if segment.is_final else self._first_partial
            timed.observe(event.since_speech_s)

    def collect(self) -> Iterator[Metric]:
        """Read what the sessions count."""
        total = sum((session.counts for session in self._sessions), self._past)
        audio, erasure = total.audio, total.erasure
        for what, samples, said in (
            ("captured", audio.captured, "Audio that sources gave."),
            ("sent", audio.sent, "Audio that recognisers were sent; repeats count again."),
            ("processed", audio.processed, "Audio of it that recognisers have worked through."),
            ("dropped", audio.dropped, "Audio that no recogniser heard."),
        ):
            yield count(f"captioner_audio_{what}_seconds", said, samples / SAMPLE_RATE)
        queue_s = audio.waiting / SAMPLE_RATE
        yield gauge("captioner_audio_queue_seconds", "Audio that waits to be sent.", queue_s)
        said = "Audio by which the recogniser is behind, of the session that is worst."
        yield gauge("captioner_lag_seconds", said, total.lag_s)
        said = "Times that a stream stood again, by the kind of error that had broken it."
        reconnects = dict.fromkeys(_USUAL_CAUSES, 0) | dict(total.reconnects)
        yield count("captioner_reconnects", said, reconnects, "cause")
        said = "Times that the preferred server was left for another one."
        yield count("captioner_failovers", said, total.failovers)
        said = "Sessions for which another server stands in for the preferred one."
        yield gauge("captioner_sessions_on_stand_in", said, total.standing_in)
        said = "Times that words of a caption that were shown were taken back."
        yield count("captioner_partial_revisions", said, erasure.revisions)
        yield count("captioner_erased_words", "Words taken back.", erasure.erased_words)
        yield count("captioner_final_words", "Words of finals.", erasure.final_words)
        said = "Words taken back for each word of the finals, since the start."
        yield gauge("captioner_normalized_erasure_ratio", said, erasure.normalized)
        states = dict.fromkeys(map(str, HealthState), 0)
        for session in self._sessions:
            states[session.health.state] += 1
        yield gauge("captioner_sessions", "Caption sessions by their health.", states, "health")


class BridgeMetrics:
    """What only a bridge has: clients that record."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Begin with zeros."""
        self.clients = Gauge(
            "captioner_bridge_clients", "Clients that are connected.", registry=registry
        )
        self.recordings = Gauge(
            "captioner_bridge_recordings", "Recordings that go on.", registry=registry
        )
        self.waiting = Gauge(
            "captioner_bridge_recordings_waiting",
            "Recordings that go on without a recogniser.",
            registry=registry,
        )
        self.failed = Counter(
            "captioner_bridge_failed_recordings",
            "Recordings that an error ended.",
            registry=registry,
        )
        self.connections = Counter(
            "captioner_bridge_connections", "Clients that have connected.", registry=registry
        )
        self.errors = Counter(
            "captioner_bridge_errors",
            "Error events that clients were sent, by their code.",
            ("code",),
            registry=registry,
        )


class _SinkMetrics(Collector):
    def __init__(self, sinks: Mapping[str, MeasuredSink]) -> None:
        self._sinks = dict(sinks)

    def collect(self) -> Iterable[Metric]:
        """Read what sinks count."""
        failures = {kind: sink.failures for kind, sink in self._sinks.items()}
        dropped = {kind: sink.dropped for kind, sink in self._sinks.items()}
        said = "Times that an output could not be written, by the kind of output."
        yield count("captioner_sink_failures", said, failures, "sink")
        said = "Events that an output had no time for, by the kind of output."
        yield count("captioner_sink_dropped_events", said, dropped, "sink")


class _EngineMetrics(Collector):
    def __init__(self, counts: Callable[[], EngineCounts | None]) -> None:
        self._counts = counts

    def collect(self) -> Iterable[Metric]:
        """Read what the engine counts."""
        found = self._counts()
        if found is None:
            return
        heard_s = found.heard / SAMPLE_RATE
        yield gauge("captioner_engine_ready", "1 where the model is loaded.", found.is_ready)
        yield gauge("captioner_engine_streams", "Streams that are served.", found.streams)
        said = "Streams that may be served at a time."
        yield gauge("captioner_engine_streams_limit", said, found.most_streams)
        said = "Streams that found no place."
        yield count("captioner_engine_refused_streams", said, found.refused)
        yield count("captioner_engine_audio_seconds", "Audio that was taken in.", heard_s)
        said = "Time that decoding took, of all decoders."
        yield count("captioner_engine_decode_seconds", said, found.decode_s)
        said = "Seconds of decoding for each second of audio, since the start."
        yield gauge("captioner_engine_real_time_factor", said, found.real_time_factor)


class _FeedMetrics(Collector):
    def __init__(self, clients: Callable[[], int], dropped: Callable[[], int]) -> None:
        self._clients, self._dropped = clients, dropped

    def collect(self) -> Iterable[Metric]:
        """Read what the feed counts."""
        yield gauge("captioner_feed_clients", "Clients that are connected.", self._clients())
        said = "Events that the feed had no time for."
        yield count("captioner_feed_dropped_events", said, self._dropped())
