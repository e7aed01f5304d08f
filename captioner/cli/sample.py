"""``captioner sample``: the bundled speech, to try and to prove a recogniser with."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from captioner.audio.sample import SAMPLE_TEXT, sample_path
from captioner.core.errors import ConfigurationError


def sample(
    folder: Annotated[
        Path, typer.Argument(help="Where the two files go.", file_okay=False, show_default=False)
    ],
) -> None:
    """Write the bundled speech sample and its words: sample.wav and sample.txt.

    Example:
    * captioner sample build
    """
    source = sample_path(instead="Take a recording of yours.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / "sample.wav")
        (folder / "sample.txt").write_text(f"{SAMPLE_TEXT}\n", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"The sample cannot be written to {folder}: {error.strerror}.",
            hint="Choose another folder, or make room there.",
        ) from error
    typer.echo(folder / "sample.wav")
