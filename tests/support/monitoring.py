"""The rules, the dashboard and the documentation of the metrics, as data."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import yaml

MONITORING: Final = Path(__file__).parents[2] / "resources" / "monitoring"
RULES: Final = MONITORING / "captioner-rules.yml"
RULES_TEST: Final = Path(__file__).parents[1] / "telemetry" / "captioner-rules.test.yml"

_ROW = re.compile(r"^\| `(\w+)(?:\{\w+\})?` \|", re.MULTILINE)


def dashboard() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((MONITORING / "captioner-dashboard.json").read_bytes())
    return loaded


def panels() -> list[dict[str, Any]]:
    """Return the panels that show something."""
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def queries_of(panel: dict[str, Any]) -> list[str]:
    """Return the queries of ``panel``, with every job and machine chosen."""
    return [re.sub(r"\$(job|instance)\b", ".*", each["expr"]) for each in panel["targets"]]


def dashboard_queries() -> list[str]:
    return [query for panel in panels() for query in queries_of(panel)]


def variables() -> list[tuple[str, str]]:
    """Return the metric and the label that each list of the dashboard is made from."""
    asked = [each["query"]["query"] for each in dashboard()["templating"]["list"][1:]]
    found = [re.fullmatch(r"label_values\((\w+), (\w+)\)", query) for query in asked]
    return [(each[1], each[2]) for each in found if each is not None]


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def jobs() -> set[str]:
    """Return the names of the jobs in the example of what to scrape."""
    example = yaml.safe_load((MONITORING / "prometheus.yml").read_text("utf-8"))
    return {job["job_name"] for job in example["scrape_configs"]}


def documented() -> set[str]:
    """Return the names in the tables of the documentation."""
    return set(_ROW.findall((MONITORING / "README.md").read_text("utf-8")))
