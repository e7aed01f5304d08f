"""How much of each limit is used, as a drawing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pygal

from captioner.measure.report.plots import STYLE, without_scripts
from scripts.benchmarks.table import Target

_MOST: Final = 2.0
"""Longer bars end here: by how much a limit is missed is in the table."""


def drawn(targets: Sequence[Target]) -> str:
    """Return bars that end at 100 where a limit is just kept, as SVG; longer ones miss it."""
    shares = {each.name: share for each in targets if (share := used(each)) is not None}
    chart = pygal.HorizontalBar(
        style=STYLE,
        js=(),
        disable_xml_declaration=True,
        width=1100,
        height=120 + 24 * max(1, len(shares)),
        show_legend=False,
        truncate_label=-1,
        x_title="how much of the limit is used, %; more than 100 misses it",
        range=(0, 100 * _MOST),
    )
    # Bars are drawn from below.
    chart.x_labels = [*reversed(shares)]
    chart.add("", [100 * min(_MOST, share) for share in reversed(shares.values())])
    chart.add_xml_filter(without_scripts)
    return str(chart.render(is_unicode=True))


def used(target: Target) -> float | None:
    """Return the share of the limit; None where the limit is zero, which has no shares."""
    if target.at_least:
        return target.limit / target.measured if target.measured else None
    return target.measured / target.limit if target.limit else None
