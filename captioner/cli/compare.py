"""``captioner compare``: how many words of a text are wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from captioner.cli.exit_codes import ExitCode
from captioner.core.errors import InputFileError
from captioner.measure.accuracy import NORMALISER, accuracy
from captioner.measure.result import Accuracy


def compare(
    reference: Annotated[
        Path,
        typer.Argument(help="Text file with what was said.", show_default=False, readable=False),
    ],
    captions: Annotated[
        Path,
        typer.Argument(
            help="Text file with what was recognised.", show_default=False, readable=False
        ),
    ],
    *,
    limit_wer: Annotated[
        float | None, typer.Option(min=0, metavar="PERCENT", help="Most word errors in a hundred.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write the result as JSON, for programs.")
    ] = False,
) -> None:
    """Compare captions with what was said, word by word.

    Case and punctuation do not count. The exit code is 1 when the limit was not kept.

    Examples:
    * captioner compare talk.txt captions.txt
    * captioner compare --limit-wer 10 talk.txt captions.txt
    """
    found = accuracy([(_text(reference), _text(captions))])
    if found is None:
        raise InputFileError(
            f'There are no words in "{reference}".',
            hint="Write what was said into it, as UTF-8 text.",
        )
    typer.echo(found.model_dump_json() if as_json else _sentences(found))
    if limit_wer is not None and 100 * found.wer > limit_wer:
        raise typer.Exit(ExitCode.FAULT)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or "it is not text"
        raise InputFileError(
            f'"{path}" cannot be read: {reason}.', hint="Name a text file in UTF-8."
        ) from error


def _sentences(found: Accuracy) -> str:
    return (
        f"Word error rate: {100 * found.wer:.2f} %. Of {found.words} words "
        f"{found.substitutions} are others, {found.deletions} are missing, and "
        f"{found.insertions} were added.\nCompared: {NORMALISER}."
    )
