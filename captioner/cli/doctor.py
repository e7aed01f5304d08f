"""``captioner doctor``: whether every part works, and the fix for each that does not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from captioner import __version__
from captioner.cli.check import Check, CheckResult, CheckStatus, results_of
from captioner.cli.checks import all_checks, read_settings
from captioner.cli.context import AppContext, app_context
from captioner.cli.endpoint_checks import as_record, details, verdict
from captioner.cli.exit_codes import ExitCode
from captioner.cli.options import (
    CaFileOption,
    LanguageOption,
    ModelOption,
    ServerOption,
    TlsOption,
    recogniser_overrides,
)
from captioner.core.errors import ConfigurationError
from captioner.session.examination import ExaminedEndpoint, examine
from captioner.settings.models import Settings

_STYLES: Final = {
    CheckStatus.OK: "green",
    CheckStatus.WARNING: "bold yellow",
    CheckStatus.FAILED: "bold red",
}


def doctor(
    ctx: typer.Context,
    *,
    endpoint: Annotated[
        bool,
        typer.Option(
            "--endpoint",
            help="Check only the servers, and tell all that can be known of each: with --server "
            "this one, otherwise every server of the settings.",
        ),
    ] = False,
    server: ServerOption = None,
    tls: TlsOption = None,
    ca_file: CaFileOption = None,
    model: ModelOption = None,
    language: LanguageOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write the report as JSON, for programs.")
    ] = False,
) -> None:
    """Check that all parts work, and name the fix where not.

    Listens to each sound device for a second. The exit code is 1 when a check failed; a warning
    names something that Captioner can do without.

    Examples:
    * captioner doctor
    * captioner doctor --endpoint
    * captioner doctor --endpoint --server riva.example.org:443 --tls
    """
    context = app_context(ctx)
    overrides = recogniser_overrides(server, tls, ca_file, model, language)
    if endpoint:
        failed = _check_servers(context, overrides, only_first=server is not None, as_json=as_json)
    else:
        failed = _check_all(context, overrides, as_json=as_json)
    if failed:
        raise typer.Exit(ExitCode.FAULT)


def _check_all(context: AppContext, overrides: dict[str, object], *, as_json: bool) -> bool:
    """Run every check; return whether one failed."""
    results = asyncio.run(run_checks(all_checks(read_settings(context, overrides))))
    failed = any(result.status is CheckStatus.FAILED for result in results)
    if as_json:
        checks = [asdict(result) for result in results]
        typer.echo(json.dumps({"captioner": __version__, "ok": not failed, "checks": checks}))
    else:
        _show(results)
    return failed


def _check_servers(
    context: AppContext, overrides: dict[str, object], *, only_first: bool, as_json: bool
) -> bool:
    """Examine the servers of the settings; return whether one cannot be used.

    Raises:
        ConfigurationError: There is none.
    """
    settings = context.load(overrides).settings
    if not settings.endpoints:
        raise ConfigurationError(
            "There is no server to check: the settings name none.",
            hint="Give one: --server HOST:PORT, or RIVA_HOST.",
        )
    examined = asyncio.run(_examine(settings, only_first=only_first))
    failed = any(verdict(found).status is CheckStatus.FAILED for found in examined)
    if as_json:
        servers = [as_record(found) for found in examined]
        typer.echo(json.dumps({"captioner": __version__, "ok": not failed, "endpoints": servers}))
    else:
        console = Console(highlight=False)
        for found in examined:
            console.print(_table([verdict(found), *details(found)]))
    return failed


async def _examine(settings: Settings, *, only_first: bool) -> list[ExaminedEndpoint]:
    servers = settings.endpoints
    if only_first:
        servers = (settings.servers or servers)[:1]
    found = []
    with Console(stderr=True).status("") as status:
        for server in servers:
            status.update(f"Asking {server.name or server.account}")
            found.append(await examine(server, settings, thorough=True))
    return found


async def run_checks(checks: Sequence[Check]) -> list[CheckResult]:
    """Run the checks, and show on a terminal which one it is."""
    with Console(stderr=True).status("") as status:

        def begins(number: int, check: Check) -> None:
            status.update(f"Checking {number} of {len(checks)}: {check.title}")

        return await results_of(checks, begins=begins)


def _show(results: Sequence[CheckResult]) -> None:
    console = Console(highlight=False)
    console.print(_table(results))
    counts = {status: sum(r.status is status for r in results) for status in CheckStatus}
    console.print(
        f"\n{counts[CheckStatus.OK]} ok, {counts[CheckStatus.WARNING]} warnings, "
        f"{counts[CheckStatus.FAILED]} failed"
    )


def _table(results: Iterable[CheckResult]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for result in results:
        found = Text(result.detail)
        if result.fix:
            found.append("\nFix: ", style="bold").append(result.fix)
        table.add_row(Text(result.status, style=_STYLES[result.status]), Text(result.name), found)
    return table
