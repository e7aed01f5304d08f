"""``captioner report``: measurements as something to read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from captioner.measure.reading import read_result
from captioner.measure.report.files import write_report


def report(
    results: Annotated[
        list[Path],
        typer.Argument(
            metavar="RESULTS",
            help="JSON files that loadtest, bench and the steps 120 and 135 wrote.",
            show_default=False,
            readable=False,
        ),
    ],
    *,
    out: Annotated[Path, typer.Option("--out", help="Folder for the report.", show_default=False)],
) -> None:
    """Make a report of measurements: Markdown, and a page with plots that needs nothing else.

    Examples:
    * captioner report results/load-20261125-173000.json --out report
    * captioner report results/*.json --out report
    """
    for written in write_report([read_result(path) for path in results], out):
        typer.echo(f"Written: {written}")
