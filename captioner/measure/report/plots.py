"""Drawings of measurements as SVG: no scripts, nothing that is loaded from elsewhere."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from typing import Final
from xml.etree.ElementTree import Element

import pygal
from pygal.style import Style

from captioner.measure.notices import counted_streams
from captioner.measure.report.blocks import Plot
from captioner.measure.result import Check, Kind, Measurement, Run, Summary

# It leaves a finder of an old kind among those of the import system, for maps that are not used
# here. Python warns of it at every import of anything that follows.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]

STYLE: Final = Style(
    background="#ffffff",
    plot_background="#ffffff",
    foreground="#333333",
    foreground_strong="#111111",
    foreground_subtle="#555555",
    font_family="sans-serif",
    label_font_size=13,
    major_label_font_size=13,
    legend_font_size=14,
    title_font_size=15,
    value_font_size=12,
    # Paler than what is measured, and unlike the dashes of a limit.
    guide_stroke_color="#dddddd",
    guide_stroke_dasharray="0",
    major_guide_stroke_color="#dddddd",
    major_guide_stroke_dasharray="0",
    # Told apart by brightness, too; each has a contrast of more than 4.5 to white.
    colors=("#0b5cad", "#b45309", "#15803d", "#6d28d9"),
)
"""How all drawings look."""

_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
_SMALL: Final = 10
_EACH_NUMBER: Final = 16  # up to this range each number of streams is written, and no half one
_VALUES: Final = {"print_values": True, "print_values_position": "top"}
_DASHED: Final = {"width": 2, "dasharray": "6, 4"}
_ANSWER: Final = "chunk to answer"
_FINAL: Final = "end of speech to final"


def plots(measured: Measurement, name: str) -> Iterator[Plot]:
    """Yield what is drawn of ``measured``; ``name`` begins the names of the drawings."""
    match measured.kind:
        case Kind.CAPACITY:
            yield _capacity(measured, f"{name}-capacity")
            if measured.counted:
                yield _percentiles(measured.counted[-1], f"{name}-latency")
        case Kind.LOAD:
            for run in measured.runs:
                yield _percentiles(run, f"{name}-latency")
                if len(run.timeline) > 1:
                    yield _timeline(run, f"{name}-timeline")
        case Kind.BENCH:
            yield from _comparison(measured.runs, name)


def _percentiles(run: Run, name: str) -> Plot:
    title = f"Latency with {counted_streams(run.streams)}, ms"
    chart = _chart(pygal.Bar, title, **_VALUES)
    chart.x_labels = ["p50", "p90", "p95", "p99"]
    for label, found in ((_ANSWER, run.chunk_ms), (_FINAL, run.final_ms)):
        if found is not None:
            chart.add(label, [found.p50, found.p90, found.p95, found.p99])
    return _drawn(chart, name, title)


def _timeline(run: Run, name: str) -> Plot:
    title = "95 % of the latencies over the run, ms"
    chart = _chart(pygal.XY, title, x_title="seconds since the beginning", show_dots=False)
    moments = run.timeline
    for label, line in (
        (_ANSWER, [(each.at_s, each.chunk_p95_ms) for each in moments]),
        (_FINAL, [(each.at_s, each.final_p95_ms) for each in moments]),
    ):
        if any(value is not None for _, value in line):
            chart.add(label, [point for point in line if point[1] is not None])
    return _drawn(chart, name, title)


def _capacity(measured: Measurement, name: str) -> Plot:
    title = "95 % of the latencies by the number of streams, ms"
    chart = _chart(pygal.XY, title, x_title="streams at the same time")
    tried = sorted({run.streams for run in measured.runs})
    if tried[-1] - tried[0] <= _EACH_NUMBER:
        chart.x_labels = range(tried[0], tried[-1] + 1)
    for label, found in (
        (_ANSWER, [(run.streams, _p95(run.chunk_ms)) for run in measured.runs]),
        (_FINAL, [(run.streams, _p95(run.final_ms)) for run in measured.runs]),
    ):
        if points := _worst(found):
            chart.add(label, points)
    for check in measured.checks:
        if check.unit == "ms":
            line = [(end, check.limit) for end in (tried[0], tried[-1])]
            chart.add(_limit_label(check), line, show_dots=False, stroke_style=_DASHED)
    return _drawn(chart, name, title)


def _worst(found: Sequence[tuple[int, float | None]]) -> list[tuple[int, float]]:
    """Return one point for each number of streams: what was tried twice has its worse figure."""
    worst: dict[int, float] = {}
    for streams, figure in found:
        if figure is not None:
            worst[streams] = max(figure, worst.get(streams, 0.0))
    return sorted(worst.items())


def _limit_label(check: Check) -> str:
    return f"limit {check.limit:g} ms, {check.what.removesuffix(', 95 %')}"


def _comparison(runs: Sequence[Run], name: str) -> Iterator[Plot]:
    servers = list(dict.fromkeys(run.server for run in runs))
    files = list(dict.fromkeys(run.audio for run in runs))
    for part, title, figure_of in (
        ("wer", "Word error rate, %", _wer),
        ("final", "End of speech to final, p50, ms", _p50),
    ):
        # What was found in real time comes first, where both paces found it.
        figures: dict[tuple[str, str], float] = {}
        for run in sorted(runs, key=lambda run: not run.realtime):
            if (figure := figure_of(run)) is not None:
                figures.setdefault((run.server, run.audio), figure)
        if not figures:
            continue
        chart = _chart(pygal.Bar, title, **_VALUES)
        chart.x_labels = files
        for server in servers:
            chart.add(server, [figures.get((server, file)) for file in files])
        yield _drawn(chart, f"{name}-{part}", title)


def _wer(run: Run) -> float | None:
    return None if run.accuracy is None else round(100 * run.accuracy.wer, 2)


def _p50(run: Run) -> float | None:
    return None if run.final_ms is None else run.final_ms.p50


def _p95(found: Summary | None) -> float | None:
    return None if found is None else found.p95


def _chart(kind: type[pygal.Graph], title: str, **options: object) -> pygal.Graph:
    return kind(
        style=STYLE,
        js=(),
        disable_xml_declaration=True,
        width=800,
        # The title of an axis needs room, and the legend below it, too.
        height=410 if "x_title" in options else 360,
        margin_bottom=50 if "x_title" in options else 20,
        title=title,
        legend_at_bottom=True,
        legend_at_bottom_columns=2,
        range_min=0,
        include_x_axis=True,
        show_minor_x_labels=True,
        truncate_legend=-1,
        truncate_label=-1,
        value_formatter=_number,
        x_value_formatter=_number,
        **options,
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}" if value < _SMALL else f"{value:.0f}"


def _drawn(chart: pygal.Graph, name: str, title: str) -> Plot:
    return Plot(name, title, svg(chart))


def svg(chart: pygal.Graph) -> str:
    """Return a drawing without scripts and comments."""
    chart.add_xml_filter(_without_scripts)
    return _COMMENT.sub("", chart.render(is_unicode=True))


def _without_scripts(root: Element) -> Element:
    """Take out the settings for tooltips, which pygal writes as a script in any case."""
    for parent in list(root.iter()):
        for child in list(parent):
            if str(child.tag).endswith("script"):
                parent.remove(child)
    return root
