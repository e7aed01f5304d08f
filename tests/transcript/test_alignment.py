"""Boundaries of an older reading found in a newer one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.transcript import alignment
from captioner.transcript.alignment import map_boundaries

words = st.lists(st.sampled_from(["a", "b", "c", "the", "The,", "—"]), max_size=12)


@pytest.mark.parametrize(
    ("old", "new", "boundaries", "expected"),
    [
        ("a b c d", "a b c d e", [0, 2, 4], [0, 2, 4]),
        ("it was the best", "It was, the best.", [0, 2, 4], [0, 2, 4]),
        ("a b c d", "a x b c d", [0, 2, 4], [0, 3, 5]),
        ("a b c d", "a c d", [0, 2, 4], [0, 1, 3]),
        ("a b c d", "a b x c d", [0, 2, 4], [0, 2, 5]),
        ("a b c d", "a q c d e f", [0, 2, 4], [0, 2, 4]),
        ("a b", "a b x y", [0, 2], [0, 2]),
        ("a b", "a x y z", [0, 2], [0, 2]),
        ("a b c", "", [0, 1, 3], [0, 0, 0]),
        ("", "a b", [0], [0]),
    ],
)
def test_boundaries_follow_the_words_around_them(
    old: str, new: str, boundaries: list[int], expected: list[int]
) -> None:
    assert map_boundaries(old.split(), new.split(), boundaries) == expected


@given(old=words, new=words)
def test_all_boundaries_stay_in_order_and_inside(old: list[str], new: list[str]) -> None:
    mapped = map_boundaries(old, new, range(len(old) + 1))

    assert mapped[0] == 0
    assert mapped == sorted(mapped)
    assert mapped[-1] <= len(new)


@given(old=words, added=words)
def test_added_words_move_no_boundary(old: list[str], added: list[str]) -> None:
    assert map_boundaries(old, old + added, range(len(old) + 1)) == list(range(len(old) + 1))


@given(old=words, new=words)
def test_what_is_too_long_to_align_keeps_its_order(old: list[str], new: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alignment, "_MAX_CELLS", 0)
        mapped = map_boundaries(old, new, range(len(old) + 1))

    assert mapped == sorted(mapped)
    assert mapped[-1] <= len(new)
