"""The rules and the dashboard: real tools read them, and they ask for metrics that there are."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from captioner.telemetry.metrics import Metrics
from tests.support.clips import clip_folder
from tests.support.metrics import announced_url
from tests.support.monitoring import (
    MONITORING,
    RULES,
    RULES_TEST,
    dashboard,
    dashboard_queries,
    documented,
    rules,
    variables,
)
from tests.support.program import Program
from tests.support.prometheus import Prometheus, run_promtool, running_prometheus
from tests.support.promql import selectors


def test_every_documented_metric_is_looked_at() -> None:
    queries = dashboard_queries() + [rule["expr"] for rule in rules()]
    asked = {each.metric for query in queries for each in selectors(query)}
    asked = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked}
    asked |= {metric for metric, _ in variables()}
    since_the_start = {"captioner_normalized_erasure_ratio", "captioner_engine_real_time_factor"}
    assert documented() - asked == since_the_start | {"captioner_bridge_connections_total"}


def test_the_lists_of_the_dashboard_know_each_process() -> None:
    """Not those on Linux alone, of which there is more to tell."""
    told = Metrics().text().decode()
    for metric, _ in variables():
        assert re.search(rf"^{metric}\{{", told, re.MULTILINE)
        assert not metric.startswith("process_")


def test_alerts_say_what_to_do() -> None:
    for rule in rules():
        if "alert" in rule:
            assert rule["labels"]["severity"] in {"warning", "critical"}
            assert rule["annotations"]["summary"].endswith(".")
            assert rule["annotations"]["action"].endswith(".")


def test_the_dashboard_is_laid_out() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, f"{panel['title']} lies over another panel"
        assert max(x for x, _ in cells) < 24
        taken |= cells
        assert panel["type"] == "row" or (panel["description"] and panel["fieldConfig"])


def test_grafana_knows_every_field_of_the_dashboard() -> None:
    read = Dashboard.from_json(dashboard())
    written = json.loads(json.dumps(read, cls=JSONEncoder))
    assert known_fields(dashboard(), written) == dashboard()


def known_fields(asked: Any, read: Any) -> Any:  # noqa: ANN401  # any JSON
    """Return of ``read`` what ``asked`` has, too: what is left out there has a default."""
    if isinstance(asked, dict):
        return {name: known_fields(asked[name], read[name]) for name in asked if name in read}
    if isinstance(asked, list):
        return [known_fields(*pair) for pair in zip(asked, read, strict=True)]
    return read


def test_promtool_reads_the_files_and_each_alert_speaks_when_it_should(tmp_path: Path) -> None:
    assert "rules found" in run_promtool("check", "config", str(MONITORING / "prometheus.yml"))
    cases = RULES_TEST.read_text("utf-8")
    assert {rule["alert"] for rule in rules() if "alert" in rule} == set(
        re.findall(r'alertname="(\w+)"', cases)
    )
    tried = tmp_path / "rules.test.yml"
    tried.write_text(cases.replace("- RULES", f"- {RULES}"), "utf-8")
    assert "SUCCESS" in run_promtool("test", "rules", str(tried))


@pytest.mark.slow
def test_prometheus_reads_what_runs(mock_program: Program, tmp_path: Path) -> None:
    live, engine = tmp_path / "live", tmp_path / "engine"
    clip = f"file:{clip_folder() / 'two_cities.wav'}"
    mock_program.start(
        *("live", "--source", clip, "--format", "jsonl", "--metrics-port", "0"), output=live
    )
    mock_program.start(
        *("serve", "--engine", "mock", "--port", "0", "--metrics-port", "0"), output=engine
    )
    errors = [output.with_suffix(".err") for output in (live, engine)]
    mock_program.wait_for(lambda: all(map(announced_url, errors)), what="no metrics")
    configuration = yaml.safe_load((MONITORING / "prometheus.yml").read_text())
    configuration["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    configuration["rule_files"] = [str(RULES)]
    for job, error in zip(configuration["scrape_configs"], errors, strict=False):
        job["static_configs"] = [{"targets": [announced_url(error).split("/")[2]]}]
    written = tmp_path / "prometheus.yml"
    written.write_text(yaml.safe_dump(configuration))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with running_prometheus(tmp_path, written, port) as prometheus:
        mock_program.wait_for(lambda: has_figures(prometheus), what="nothing was scraped")
        for query in dashboard_queries():
            prometheus.values(query)
        shown = [query for query in dashboard_queries() if prometheus.values(query)]
        for name in ("captions_total", "queue_seconds", "painted", "sessions", "final_seconds"):
            assert any(name in query for query in shown), name
        groups = prometheus.ask("rules")["groups"]
        assert {rule["health"] for group in groups for rule in group["rules"]} == {"ok"}


def has_figures(prometheus: Prometheus) -> bool:
    """Return whether both have been scraped, a final was said, and the rules were worked out."""
    try:
        up = {labels["job"] for labels, value in prometheus.values("up") if value == 1}
        final = prometheus.values("captioner:end_of_speech_to_final_seconds:p95_5m > 0")
    except OSError:
        return False
    return up >= {"captioner", "captioner-engine"} and bool(final)
