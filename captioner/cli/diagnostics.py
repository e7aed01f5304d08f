"""``captioner diagnostics``: one zip file with all that helps to find out what is wrong."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from captioner.cli.checks import all_checks
from captioner.cli.context import app_context
from captioner.cli.doctor import run_checks
from captioner.session.diagnostics import write_bundle


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

    For whoever helps. No key or password is in it, and no word that was captioned.

    Examples:
    * captioner diagnostics
    * captioner diagnostics --out help.zip
    """
    context = app_context(ctx)
    loaded = context.load()
    now = datetime.now().astimezone()
    target = (out or Path(f"captioner-diagnostics-{now:%Y-%m-%d-%H%M}.zip")).absolute()

    async def pack() -> None:
        checks = [asdict(result) for result in await run_checks(all_checks(context, {}))]
        await write_bundle(target, loaded, context.paths, facts={}, checks=checks)

    asyncio.run(pack())
    typer.echo(json.dumps({"file": str(target)}) if as_json else f"Diagnostics saved as {target}")
