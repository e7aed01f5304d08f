"""What rules, dashboard and their test ask for is what the program tells: labels, values, units."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from captioner.cli.live import LiveFormat
from captioner.core.errors import ErrorCategory
from captioner.core.health import HealthState
from tests.support.monitoring import (
    RULES_TEST,
    dashboard_queries,
    documented,
    jobs,
    panels,
    queries_of,
    rules,
    variables,
)
from tests.support.promql import Selector, groupings, selectors
from tests.telemetry.test_metrics import full_metrics

_OUTPUTS = {str(output) for output in LiveFormat}
_VALUES = {
    # One that failed is gone before anybody could ask: see test_metrics_options and test_figures.
    "health": {str(state) for state in HealthState} - {"failed"},
    "cause": {str(category) for category in ErrorCategory},
    "output": _OUTPUTS,
    "sink": {"history", "save", "export"} | _OUTPUTS,
}
_ANY: set[str] = set()

_UNITS = (
    (r"\b(\w+) / \1_limit\b|_bytes / \w+_bytes\b", "percentunit"),
    (r"_us\b.* / (1e6|1000000)\b", "s"),
    (r"\brate\(\w+_seconds_total\b", "none"),  # seconds in each second
    (r"_real_time_factor\b", "none"),
    (r"_ratio\b|:ratio_|_utilization\b", "percentunit"),
    (r"\brate\(\w+_request_", "reqps"),
    (r"_seconds(_total|_bucket)?\b", "s"),
    (r"_bytes\b", "bytes"),
    (r"_watts\b|_power_usage\b", "watt"),
)
_SHOWN_AS = {"humanizeDuration": "s", "humanizePercentage": "percentunit", "humanize": "none"}


@cache
def series() -> dict[str, dict[str, set[str]]]:
    """Return the labels of all series that there can be, each with its values."""
    target = {"job": jobs(), "instance": _ANY}
    others = {name for name in documented() if not name.startswith("captioner_")}
    others |= {"up", *(rule["record"] for rule in rules() if "record" in rule)}
    found: dict[str, dict[str, set[str]]] = {name: dict(target) for name in others}
    for name in others:
        if name.startswith("nv_inference_"):
            found[name]["model"] = _ANY
    for family in text_string_to_metric_families(full_metrics().text().decode()):
        for sample in family.samples:
            labels = found.setdefault(sample.name, dict(target))
            for label, value in sample.labels.items():
                if label in _VALUES:
                    labels[label] = _VALUES[label]
                else:
                    labels.setdefault(label, set()).add(value)
    return found


def faults(expression: str) -> list[str]:
    """Return what ``expression`` asks for although there is no such thing."""
    asked = list(selectors(expression))
    found = [f"no metric {each.metric}" for each in asked if each.metric not in series()]
    for each in asked:
        found += faults_of(each)
    for labels, part in groupings(expression):
        for each in selectors(part):
            there = series().get(each.metric, {})
            found += [f"{each.metric} has no {label}" for label in labels if label not in there]
    return found


def faults_of(asked: Selector) -> Iterator[str]:
    there = series().get(asked.metric, {})
    for label, written in asked.matchers:
        if label not in there:
            yield f"{asked.metric} has no {label}"
        elif there[label] and written != ".*":
            for value in set(written.split("|")) - there[label]:
                yield f"{label} is never {value}"


def labels_of(expression: str) -> set[str]:
    """Return the labels of what ``expression`` results in."""
    for labels, _ in groupings(expression):
        return set(labels)
    if re.search(r"\b(sum|max|min|avg|count)\s*\(", expression):
        return set()
    return set.intersection(*(set(series()[each.metric]) for each in selectors(expression)))


def unit_of(expression: str) -> str:
    """Return the unit, as Grafana calls it, of what ``expression`` results in."""
    return next((unit for pattern, unit in _UNITS if re.search(pattern, expression)), "none")


def unit_faults(panel: dict[str, Any]) -> set[str]:
    """Return the units of what ``panel`` shows that are not the one that it writes beside it."""
    written = panel["fieldConfig"]["defaults"]["unit"]
    return {unit_of(query) for query in queries_of(panel)} - {written}


def all_queries() -> list[str]:
    return dashboard_queries() + [rule["expr"] for rule in rules()]


def test_queries_ask_for_labels_and_values_that_there_are() -> None:
    assert {query: faults(query) for query in all_queries() if faults(query)} == {}


def test_each_value_label_and_name_is_looked_at() -> None:
    """Mistyped, each of them is noticed."""
    tried = 0
    for query in all_queries():
        for asked in selectors(query):
            assert faults(re.sub(rf"{asked.metric}\b", f"{asked.metric}x", query)), asked.metric
            for label, written in asked.matchers:
                assert faults(re.sub(rf"\b{label}(?=[!=])", f"{label}x", query)), (query, label)
                for value in () if written == ".*" else written.split("|"):
                    tried += 1
                    assert faults(re.sub(rf"\b{value}\b", f"{value}x", query)), (query, value)
        for labels, _ in groupings(query):
            for label in labels:
                assert faults(re.sub(rf"([(, ]){label}(?=[,)])", rf"\1{label}x", query)), query
    assert tried > 10, "values were found"


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ('captioner_sessions{health="reconecting"}', "health is never reconecting"),
        ('captioner_sessions{health=~"reconnecting|failed"}', "health is never failed"),
        ('captioner_sink_failures_total{sink!="histroy"}', "sink is never histroy"),
        ('captioner_sessions{state="listening"}', "captioner_sessions has no state"),
        ('up{job="captoner"} == 0', "job is never captoner"),
        (
            "sum by (cause) (rate(captioner_captions_total[5m]))",
            "captioner_captions_total has no cause",
        ),
        ("rate(captioner_lag_seconds_bucket[5m])", "no metric captioner_lag_seconds_bucket"),
    ],
)
def test_what_there_is_not_is_told(query: str, fault: str) -> None:
    assert faults(query) == [fault]


def test_lists_of_the_dashboard_are_made_from_labels_that_there_are() -> None:
    assert [label for _, label in variables()] == ["job", "instance"]
    for metric, label in variables():
        assert label in series()[metric]


def test_legends_and_alerts_name_labels_of_what_they_show() -> None:
    shown = [
        (target["expr"], target["legendFormat"], r"\{\{(\w+)\}\}")
        for panel in panels()
        for target in panel["targets"]
    ]
    shown += [
        (rule["expr"], " ".join(rule["annotations"].values()), r"\$labels\.(\w+)")
        for rule in rules()
        if "alert" in rule
    ]
    named = [(set(re.findall(pattern, text)), query) for query, text, pattern in shown]
    assert [(labels, query) for labels, query in named if labels - labels_of(query)] == []
    assert sum(bool(labels) for labels, _ in named) > 25, "the names were found"
    assert labels_of("sum by (le, output) (captioner_response_to_painted_seconds_bucket)") == {
        "le",
        "output",
    }


def test_panels_have_the_unit_of_what_they_show() -> None:
    assert {panel["title"]: unit_faults(panel) for panel in panels() if unit_faults(panel)} == {}
    assert {unit_of(query) for query in dashboard_queries()} == {
        *("none", "s", "bytes", "percentunit", "reqps", "watt")
    }
    for panel in panels():
        mistyped = deepcopy(panel)
        mistyped["fieldConfig"]["defaults"]["unit"] = "ms"
        assert unit_faults(mistyped)


def test_alerts_write_values_in_their_unit() -> None:
    alerts = [rule for rule in rules() if "alert" in rule]
    found = [
        (rule["alert"], unit_of(rule["expr"]), _SHOWN_AS[how])
        for rule in alerts
        for how in re.findall(r"\$value \| (\w+)", rule["annotations"]["summary"])
    ]
    assert [each for each in found if each[1] != each[2]] == []
    assert {unit for _, unit, _ in found} == {"s", "percentunit", "none"}


def test_the_test_of_the_rules_invents_no_series() -> None:
    cases = yaml.safe_load(RULES_TEST.read_text("utf-8"))["tests"]
    given = [each["series"] for case in cases for each in case["input_series"]]
    ours = [asked for text in given for asked in selectors(text) if "captioner" in asked.metric]
    for asked in ours:
        assert list(faults_of(asked)) == []
        assert {label for label, _ in asked.matchers} == set(series()[asked.metric])
    assert len(ours) > 20
