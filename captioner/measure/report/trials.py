"""From a recording that was captioned as a user does it to what a report says of that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from captioner.measure.accuracy import NORMALISER
from captioner.measure.captioned import Captioned, Trial
from captioner.measure.report.blocks import Block, Grid, Heading

TITLES: Final = {Trial.END_TO_END: "From sound to captions", Trial.FAULT: "Server killed"}
_WAYS: Final = {
    "sound": "as the sound of an output, as a user hears it",
    "file": "as a file, in real time",
}


def trial_verdict(tried: Captioned) -> str:
    """Return what came of it, in a word."""
    return "passed" if tried.passed else "failed"


def trial_section(tried: Captioned, number: int) -> Iterator[Block]:
    """Yield the part of a report on ``tried``."""
    yield Heading(f"{number}. {TITLES[tried.trial]}: {trial_verdict(tried)}", 2)
    yield Grid(("figure", "found"), list(_figures(tried)))
    yield Grid(("conditions", ""), list(_conditions(tried)), labels=2)


def _figures(tried: Captioned) -> Iterator[tuple[str, str]]:
    words = tried.words
    yield "word errors", f"{100 * words.wer:.2f} % (limit {tried.limit_wer_percent:g} %)"
    yield "words that were said", str(words.words)
    yield "taken for others", str(words.substitutions)
    yield "missing", str(words.deletions)
    yield "added", str(words.insertions)
    yield "longest time between two captions", f"{tried.longest_pause_s:.1f} s"
    if tried.away_s is not None:
        yield "server was away for", f"{tried.away_s:g} s"
    if tried.restarted is not None:
        yield "server came back by itself", "yes" if tried.restarted else "NO"


def _conditions(tried: Captioned) -> Iterator[tuple[str, str]]:
    yield "server", tried.server
    yield "begun", f"{tried.begun_at:%Y-%m-%d %H:%M:%S} UTC"
    yield "played", f"{tried.audio}, {_WAYS[tried.way]}"
    yield "words compared as", NORMALISER
