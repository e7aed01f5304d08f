"""Which recordings are played, and what is said in them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from captioner.audio.sample import SAMPLE_TEXT, sample_path
from captioner.core.errors import ConfigurationError, InputFileError
from captioner.measure.track import Recording, read_recording

_INSTEAD: Final = "Name a sound file of yours after the options."


async def recordings(
    files: Sequence[Path], *, chunk_ms: int, reference: Path | None = None
) -> list[Recording]:
    """Read the sound files, each with the ``.txt`` beside it that tells what is said in it.

    Args:
        files: What is played; none plays the sample that comes with the embedded engine.
        chunk_ms: Length of the chunks in which it is sent.
        reference: The text of the only file, where it lies elsewhere.

    Raises:
        CaptionerError: There is nothing to play, or it cannot be read.
    """
    if reference is not None and not files:
        raise ConfigurationError(
            f'"{reference}" is the reference of a sound file, and none is named.',
            hint="Name the recording before --reference, or leave --reference out: the sample that "
            "is played without a file has its own words.",
        )
    if reference is not None and len(files) != 1:
        raise ConfigurationError(
            f'"{reference}" is the reference of one sound file, and {len(files)} are named.',
            hint="Put the words of each file into a .txt of the same name beside it.",
        )
    played = [(path, reference_of(path, reference)) for path in files]
    if not played:
        played = [(sample_path(instead=_INSTEAD), SAMPLE_TEXT)]
    return [
        await read_recording(path, chunk_ms=chunk_ms, reference=reference)
        for path, reference in played
    ]


def reference_of(path: Path, named: Path | None = None) -> str | None:
    """Return what is said in ``path``; None where there is no text file of its name.

    Args:
        path: The sound file.
        named: Its text file, where it is not the one beside it.

    Raises:
        InputFileError: It cannot be used.
    """
    text_file = named or path.with_suffix(".txt")
    hint = "It holds the words of the recording as UTF-8 text; put it right, or leave it out."
    try:
        text = text_file.read_text(encoding="utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise InputFileError(f'The reference "{text_file}" is not text.', hint=hint) from error
    except OSError as error:
        if named is None and isinstance(error, FileNotFoundError):
            return None
        raise InputFileError(
            f'The reference "{text_file}" cannot be read: {error.strerror}.', hint=hint
        ) from error
    if not text:
        raise InputFileError(f'The reference "{text_file}" is empty.', hint=hint)
    return text


def require_words(played: Sequence[Recording], duration_s: float | None) -> None:
    """See to it that words can be compared, before anything is played for it.

    Args:
        played: What is played.
        duration_s: How long each stream plays at least; None plays everything once.

    Raises:
        ConfigurationError: There is no reference, or no recording would be played to its end.
    """
    known = [each for each in played if each.reference is not None]
    if not known:
        raise ConfigurationError(
            "There is nothing to compare the words with.",
            hint="Put what is said in a sound file into a .txt of the same name beside it.",
        )
    longest_s = max(each.seconds for each in known)
    if duration_s is not None and duration_s < longest_s:
        raise ConfigurationError(
            f"In {duration_s:g} seconds no stream plays its recording to the end, so that its "
            "words could be compared.",
            hint=f"Measure for longer, --duration {math.ceil(longest_s)}s, or leave the limit on "
            "word errors out.",
        )
