"""``captioner devices``: what can be listened to, and how to name it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from captioner.audio.devices import AudioDevice, list_devices

_KINDS: Final = {"system": "Output", "microphone": "Microphone"}
_SOURCES: Final = {"system": "system", "microphone": "mic"}


def devices(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a list of objects for programs.")
    ] = False,
) -> None:
    """List the outputs and microphones that can be heard.

    The default of each kind is marked. Pass a name, or an unmistakable part of it, to `--device`.
    """
    found = list_devices()
    if as_json:
        records = [asdict(device) | {"source": _SOURCES[device.kind]} for device in found]
        typer.echo(json.dumps(records, ensure_ascii=False, indent=2))
    elif found:
        Console().print(_table(found))
    else:
        Console().print(
            "There is no output and no microphone to listen to. "
            "Captioner can still caption files, and raw sound on standard input."
        )


def _table(found: list[AudioDevice]) -> Table:
    table = Table(title="What Captioner can hear")
    table.add_column("Kind")
    table.add_column("--source")
    table.add_column("Name for --device", overflow="fold")
    table.add_column("Default")
    for device in found:
        table.add_row(
            _KINDS[device.kind],
            _SOURCES[device.kind],
            Text(device.name),  # not markup: names may contain brackets
            "yes" if device.is_default else "",
        )
    return table
