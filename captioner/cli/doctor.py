"""``captioner doctor``: whether every part works, and the fix for each that does not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from captioner import __version__
from captioner.cli.checks import Check, CheckResult, CheckStatus, all_checks
from captioner.cli.context import app_context
from captioner.cli.exit_codes import ExitCode

_STYLES: Final = {
    CheckStatus.OK: "green",
    CheckStatus.WARNING: "bold yellow",
    CheckStatus.FAILED: "bold red",
}


def doctor(
    ctx: typer.Context,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write the report as JSON, for programs.")
    ] = False,
) -> None:
    """Check that all parts work, and name the fix where not.

    Listens to each sound device for a second. The exit code is 1 when a check failed; a warning
    names something that Captioner can do without.
    """
    results = asyncio.run(_run(all_checks(app_context(ctx))))
    failed = any(result.status is CheckStatus.FAILED for result in results)
    if as_json:
        checks = [asdict(result) for result in results]
        typer.echo(json.dumps({"captioner": __version__, "ok": not failed, "checks": checks}))
    else:
        _show(results)
    if failed:
        raise typer.Exit(ExitCode.FAULT)


async def _run(checks: Sequence[Check]) -> list[CheckResult]:
    """Run the checks one after the other, so that none disturbs what another measures."""
    results: list[CheckResult] = []
    console = Console(stderr=True)
    with console.status("") as status:
        for number, check in enumerate(checks, start=1):
            status.update(f"Checking {number} of {len(checks)}: {check.title}")
            results += await check.results()
    return results


def _show(results: Sequence[CheckResult]) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for result in results:
        found = Text(result.detail)
        if result.fix:
            found.append("\nFix: ", style="bold").append(result.fix)
        table.add_row(Text(result.status, style=_STYLES[result.status]), Text(result.name), found)
    console = Console(highlight=False)
    console.print(table)
    counts = {status: sum(r.status is status for r in results) for status in CheckStatus}
    console.print(
        f"\n{counts[CheckStatus.OK]} ok, {counts[CheckStatus.WARNING]} warnings, "
        f"{counts[CheckStatus.FAILED]} failed"
    )
