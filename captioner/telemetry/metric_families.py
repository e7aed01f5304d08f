"""How one metric is made: a number, or numbers by a label, under a name and with what it means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

Family = TypeVar("Family", CounterMetricFamily, GaugeMetricFamily)

_CAPTION_S: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)


def seconds(registry: CollectorRegistry, name: str, said: str) -> Histogram:
    """Return a histogram of how long captions take."""
    return Histogram(name, said, buckets=_CAPTION_S, registry=registry)


def count(
    name: str, said: str, value: float | Mapping[str, float], label: str = ""
) -> CounterMetricFamily:
    """Return what only grows; ``value`` is by the values of ``label`` where there is one."""
    return _filled(CounterMetricFamily(name, said, labels=_labels(label)), value)


def gauge(
    name: str, said: str, value: float | Mapping[str, float], label: str = ""
) -> GaugeMetricFamily:
    """Return what is so at the moment; ``value`` is by the values of ``label``, as above."""
    return _filled(GaugeMetricFamily(name, said, labels=_labels(label)), value)


def _labels(label: str) -> tuple[str, ...]:
    return (label,) if label else ()


def _filled(family: Family, value: float | Mapping[str, float]) -> Family:
    if isinstance(value, Mapping):
        for key, each in value.items():
            family.add_metric((key,), each)
    else:
        family.add_metric((), value)
    return family
