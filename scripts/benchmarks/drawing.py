"""Drawings of the benchmark: shares of limits, figures side by side, and over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pygal

from captioner.measure.report.plots import STYLE, svg
from scripts.benchmarks.table import Target

_LOOK: Final[dict[str, object]] = {
    "style": STYLE,
    "js": (),
    "disable_xml_declaration": True,
    "width": 1100,
    "legend_at_bottom": True,
    "truncate_legend": -1,
}
"""What all drawings have in common."""

_MOST: Final = 2.0
"""Longer bars end here: by how much a limit is missed is in the table."""


def drawn(targets: Sequence[Target]) -> str:
    """Return bars that end at 100 where a limit is just kept, as SVG; longer ones miss it."""
    shares = {each.name: share for each in targets if (share := used(each)) is not None}
    title = "how much of the limit is used, %; more than 100 misses it"
    capped = [100 * min(_MOST, share) for share in shares.values()]
    return bars(title, list(shares), {"": capped}, range=(0, 100 * _MOST))


def bars(
    title: str, rows: Sequence[str], series: Mapping[str, Sequence[float | None]], **more: object
) -> str:
    """Return bars from the left, as SVG: a group for each row, one bar in it for each series."""
    chart = pygal.HorizontalBar(
        height=140 + max(26, 14 + 14 * len(series)) * max(1, len(rows)),
        show_legend=len(series) > 1,
        legend_at_bottom_columns=3,
        truncate_label=-1,
        x_title=title,
        **(_LOOK | {"range_min": 0} | more),
    )
    # Bars are drawn from below.
    chart.x_labels = [*reversed(rows)]
    for name, values in series.items():
        chart.add(name, [*reversed(values)])
    return svg(chart)


def lines(
    title: str, x_title: str, series: Mapping[str, Sequence[tuple[float, float | None]]]
) -> str:
    """Return lines from zero on, as SVG; one is broken where it has None."""
    chart = pygal.XY(
        height=410,
        margin_bottom=50,
        title=title,
        x_title=x_title,
        range_min=0,
        include_x_axis=True,
        show_dots=False,
        allow_interruptions=True,
        **_LOOK,
    )
    for name, points in series.items():
        chart.add(name, [*points])
    return svg(chart)


def used(target: Target) -> float | None:
    """Return the share of the limit; None where the limit is zero, which has no shares."""
    if target.at_least:
        return target.limit / target.measured if target.measured else None
    return target.measured / target.limit if target.limit else None
