"""``captioner diagnostics``: one zip file with all that helps to find out what is wrong."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from captioner.cli.checks import all_checks, read_settings
from captioner.cli.context import app_context
from captioner.cli.doctor import run_checks
from captioner.session.diagnostics import write_bundle
from captioner.telemetry.log_lines import with_fields

_log = logging.getLogger(__name__)


def diagnostics(
    ctx: typer.Context,
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The zip file to write; without it, captioner-diagnostics-DATE.zip here.",
            dir_okay=False,
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Say as JSON where the file is, for programs.")
    ] = False,
) -> None:
    """Pack logs, versions, settings, sound devices and the report of doctor into a zip file.

    For whoever helps. No key or password is in it, and no word that was captioned. Settings that
    cannot be used are no obstacle: what is wrong with them is in it, beside the defaults.

    Examples:
    * captioner diagnostics
    * captioner diagnostics --out help.zip
    """
    context = app_context(ctx)
    read = read_settings(context, {})
    now = datetime.now().astimezone()
    target = (out or Path(f"captioner-diagnostics-{now:%Y-%m-%d-%H%M}.zip")).absolute()
    facts: dict[str, str] = {}
    told: dict[str, object] = {"file": str(target)}
    if (error := read.error) is not None:
        facts["Settings"] = "defaults, because those of the user cannot be used; see error.json"
        told["settings_error"] = error.as_record()
        _log.warning(
            "The settings cannot be used, so the defaults are packed. %s %s",
            error.message,
            error.hint,
            extra=with_fields(error=error.as_record()),
        )

    async def pack() -> None:
        checks = [asdict(result) for result in await run_checks(all_checks(read))]
        await write_bundle(
            target, read.loaded, context.paths, facts=facts, checks=checks, error=error
        )

    asyncio.run(pack())
    typer.echo(json.dumps(told) if as_json else f"Diagnostics saved as {target}")
