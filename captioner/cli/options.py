"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

SourceOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="What to hear: auto, system, mic, file:PATH, or - for raw PCM (16 kHz, mono, "
        "16-bit) on standard input.",
        show_default="auto",
    ),
]

DeviceOption: TypeAlias = Annotated[
    str | None,
    typer.Option(help="Name of the output or microphone, as `captioner devices` lists it."),
]
