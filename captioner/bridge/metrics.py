"""Figures of the bridge for collectors. None of them tells who said what."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

_LATENCIES_S = (0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)


class BridgeMetrics:
    """All figures; each is a metric of the same name behind ``captioner_bridge_``."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        """Begin with zeros."""
        self._registry = CollectorRegistry()
        self.clients = self._gauge("clients", "Clients that are connected.")
        self.recordings = self._gauge("recordings", "Recordings that go on.")
        self.waiting = self._gauge("recordings_waiting", "Recordings without a recogniser.")
        self.connections = self._counter("connections", "Clients that have connected.")
        self.audio_s = self._counter("audio_seconds", "Audio that came, in seconds.")
        self.lost_s = self._counter("lost_audio_seconds", "Audio that nobody heard, in seconds.")
        self.finals = self._counter("finals", "Captions that are finished.")
        self.errors = Counter(
            "captioner_bridge_errors",
            "Error events that were sent, by their code.",
            ("code",),
            registry=self._registry,
        )
        self.latency_s = Histogram(
            "captioner_bridge_latency_seconds",
            "From audio to the caption that rests on it.",
            buckets=_LATENCIES_S,
            registry=self._registry,
        )

    def text(self) -> bytes:
        """Return all of them in the text format of Prometheus."""
        return generate_latest(self._registry)

    def _gauge(self, name: str, said: str) -> Gauge:
        return Gauge(f"captioner_bridge_{name}", said, registry=self._registry)

    def _counter(self, name: str, said: str) -> Counter:
        return Counter(f"captioner_bridge_{name}", said, registry=self._registry)
