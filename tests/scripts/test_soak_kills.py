"""What a soak says of a kill of the engine: the engine's own errors are none of it."""

from __future__ import annotations

import pytest

from captioner.core.segment import Segment
from scripts.benchmarks.soak.kills import Kill, in_rounds, left_out, lost

TEXT = "It was the best of times, it was the worst of times."
WITHOUT = TEXT.replace("worst ", "")
BEGINS_MS = (0, 100_000, 200_000, 300_000, 400_000)
IN_THE_THIRD_MS = 250_000


def words_lost(*rounds: str, killed_ms: int = IN_THE_THIRD_MS, peace: str = TEXT) -> int:
    left = [left_out(TEXT, captioned) for captioned in rounds]
    return lost(left, BEGINS_MS, [Kill(killed_ms, starts=1)], left_out(TEXT, peace))


def final(text: str, start_ms: int) -> Segment:
    return Segment(id=0, text=text, start_ms=start_ms, end_ms=start_ms + 500, is_final=True)


def test_nothing_is_lost_where_everything_is_captioned() -> None:
    assert words_lost(*[TEXT] * 5) == 0


@pytest.mark.parametrize(
    ("captioned", "missing"),
    [("It was the best of worst of times.", 4), (TEXT.removesuffix("times."), 1), ("", 12)],
)
def test_words_that_a_killed_round_lacks_are_lost(captioned: str, missing: int) -> None:
    assert words_lost(TEXT, TEXT, captioned, TEXT, TEXT) == missing


def test_a_word_that_is_missing_elsewhere_too_is_the_engines_own_error() -> None:
    assert words_lost(WITHOUT, TEXT, WITHOUT, TEXT, TEXT) == 0
    assert words_lost(TEXT, TEXT, WITHOUT, TEXT, TEXT, peace=WITHOUT) == 0
    assert words_lost(TEXT, TEXT, WITHOUT, TEXT, TEXT) == 1


def test_a_word_that_is_understood_wrongly_is_not_lost() -> None:
    assert words_lost(TEXT, TEXT, TEXT.replace("worst", "first"), TEXT, TEXT) == 0


@pytest.mark.parametrize(
    ("killed_ms", "missing"), [(185_000, 1), (165_000, 0), (315_000, 1), (335_000, 0)]
)
def test_a_kill_reaches_as_far_as_audio_is_kept(killed_ms: int, missing: int) -> None:
    assert words_lost(TEXT, TEXT, WITHOUT, TEXT, TEXT, killed_ms=killed_ms) == missing


def test_a_caption_is_of_the_round_in_which_it_begins() -> None:
    captions = [final("best", 99_900), final("the", 100_000), final("worst", 50)]
    assert in_rounds(captions, BEGINS_MS[:3]) == ["worst best", "the", ""]


def test_a_kill_is_recovered_by_another_engine_that_captions_later_speech() -> None:
    kill = Kill(at_ms=10_000, starts=1)
    kill.note(final("times", 10_500), starts=1)
    kill.note(final("best", 9_500), starts=2)
    assert kill.recovered_s is None
    kill.note(final("times", 10_500), starts=2)
    assert kill.recovered_s is not None
