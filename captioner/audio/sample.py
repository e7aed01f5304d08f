"""The speech sample that comes with the embedded engine."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Final

from captioner.core.errors import UnsupportedError

_NAME: Final = "two_cities.wav"

SAMPLE_TEXT: Final = (
    "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age "
    "of foolishness, it was the epoch of belief, it was the epoch of incredulity, it was the "
    "season of light, it was the season of darkness, it was the spring of hope, it was the winter "
    "of despair, we had everything before us, we had nothing before us, we were all going direct "
    "to heaven, we were all going direct the other way. In short, the period was so far like the "
    "present period, that some of its noisiest authorities insisted on its being received, for "
    "good or for evil, in the superlative degree of comparison only."
)
"""What is said in it."""


def sample_path(*, instead: str) -> Path:
    """Return where it lies.

    Args:
        instead: What its user can do without it.

    Raises:
        UnsupportedError: It is not installed.
    """
    package = find_spec("moonshine_voice")
    if package is not None and package.origin is not None:
        sample = Path(package.origin).with_name("assets") / _NAME
        if sample.is_file():
            return sample
    raise UnsupportedError(
        "The bundled speech sample is not installed, because there is no embedded engine for "
        "this system.",
        hint=instead,
    )
