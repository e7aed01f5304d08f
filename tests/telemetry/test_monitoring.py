"""The rules and the dashboard: real tools read them, and they ask for metrics that there are."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests.support.clips import clip_folder
from tests.support.metrics import announced_url
from tests.support.program import Program
from tests.support.prometheus import Prometheus, run_promtool, running_prometheus
from tests.telemetry.test_metrics import full_metrics

_FILES = Path(__file__).parents[2] / "resources" / "monitoring"
_RULES = _FILES / "captioner-rules.yml"
_ROW = re.compile(r"^\| `(\w+)(?:\{\w+\})?` \|", re.MULTILINE)
_GRAMMAR = {"by", "without", "or", "and", "unless", "on", "le"}


def dashboard() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((_FILES / "captioner-dashboard.json").read_bytes())
    return loaded


def dashboard_queries() -> list[str]:
    """Return each query of the dashboard, with every job and machine chosen."""
    panels = [panel for panel in dashboard()["panels"] if panel["type"] != "row"]
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    return [re.sub(r"\$(job|instance)\b", ".*", query) for query in queries]


def rules() -> list[dict[str, Any]]:
    return [
        rule for group in yaml.safe_load(_RULES.read_text())["groups"] for rule in group["rules"]
    ]


def metrics_in(expression: str) -> Iterator[str]:
    """Yield the names of metrics in ``expression``."""
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|\b(by|without)\s*\([^)]*\)", " ", expression)
    for found in re.finditer(r"(?<![\w.])([a-zA-Z_:][\w:]*)\s*(\(?)", bare):
        if not found[2] and found[1] not in _GRAMMAR:
            yield re.sub(r"_(bucket|sum|count)$", "", found[1])


def test_every_query_asks_for_a_metric_that_there_is() -> None:
    text = full_metrics().text().decode()
    known = {"up", *re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE)}
    known |= {rule["record"] for rule in rules() if "record" in rule}
    known |= set(_ROW.findall((_FILES / "README.md").read_text("utf-8")))
    queries = dashboard_queries() + [rule["expr"] for rule in rules()]
    asked = {name for query in queries for name in metrics_in(query)}
    assert asked <= known
    assert len(asked) > 35, "the names were found"


def test_every_documented_metric_is_looked_at() -> None:
    queries = dashboard_queries() + [rule["expr"] for rule in rules()]
    asked = {name for query in queries for name in metrics_in(query)}
    documented = set(_ROW.findall((_FILES / "README.md").read_text("utf-8")))
    since_the_start = {"captioner_normalized_erasure_ratio", "captioner_engine_real_time_factor"}
    assert documented - asked == since_the_start | {"captioner_bridge_connections_total"}


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
    assert "rules found" in run_promtool("check", "config", str(_FILES / "prometheus.yml"))
    cases = Path(__file__).with_name("captioner-rules.test.yml").read_text("utf-8")
    assert {rule["alert"] for rule in rules() if "alert" in rule} == set(
        re.findall(r'alertname="(\w+)"', cases)
    )
    tried = tmp_path / "rules.test.yml"
    tried.write_text(cases.replace("- RULES", f"- {_RULES}"), "utf-8")
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
    configuration = yaml.safe_load((_FILES / "prometheus.yml").read_text())
    configuration["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    configuration["rule_files"] = [str(_RULES)]
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
