"""Metrics as a collector reads them."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.request import ProxyHandler, Request, build_opener

from prometheus_client.parser import text_string_to_metric_families

_LIMIT_S = 10.0
_opener = build_opener(ProxyHandler({}))


def samples_of(text: str) -> dict[str, float]:
    """Return each sample by its name, with the values of its labels in braces."""
    return {
        sample.name + "".join(f"{{{value}}}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scrape(url: str, *, token: str = "") -> dict[str, float]:
    """Return what is served at ``url``. Blocks."""
    return samples_of(opened(url, token=token))


def opened(url: str, *, token: str = "") -> str:
    """Return the text at ``url``. Blocks."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = Request(url, headers=headers)  # noqa: S310  # our own
    with _opener.open(request, timeout=_LIMIT_S) as answer:
        text: str = answer.read().decode()
        return text


def announced_url(errors: Path) -> str:
    """Return where a command said that its metrics are; empty before it did."""
    found = re.search(r"^Metrics are served at (\S+)$", errors.read_text(), re.MULTILINE)
    return "" if found is None else found[1]
