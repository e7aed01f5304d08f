"""``captioner self-check``: loads one library and says its version, for ``captioner doctor``.

It is a process of its own, because such a library can take the process with it. Users never need
it, so no help lists it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from captioner.cli.exit_codes import ExitCode


class Library(StrEnum):
    """What can be checked."""

    QT = "qt"
    PORTAUDIO = "portaudio"


def self_check(library: Annotated[Library, typer.Argument(help="What to load.")]) -> None:
    """Load a library and say its version."""
    try:
        typer.echo(_load(library))
    except Exception as error:
        typer.echo(f"{type(error).__name__}: {error}", err=True)
        raise typer.Exit(ExitCode.FAULT) from error


def _load(library: Library) -> str:
    # Only the library that is asked for is loaded.
    if library is Library.QT:
        from captioner.gui.display import qt_in_use  # noqa: PLC0415

        return qt_in_use()
    from captioner.audio.portaudio_library import portaudio_in_use  # noqa: PLC0415

    return portaudio_in_use()
