"""Where utterances begin and end."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from captioner.engine.endpointing import (
    ONSET_FRAMES,
    PAUSE_FRAMES,
    Boundary,
    Ended,
    Endpointer,
    Paused,
    hangover,
)

_LONGEST = 375


def _run(flags: Iterable[bool], levels: Iterable[float] | None = None) -> list[Boundary]:
    endpointer = Endpointer()
    flags = list(flags)
    boundaries = [
        endpointer.push(is_voice=flag, level=level)
        for flag, level in zip(flags, levels or [1.0] * len(flags), strict=True)
    ]
    return [boundary for boundary in boundaries if boundary is not None]


def test_short_noise_is_no_utterance() -> None:
    assert _run(([True] * (ONSET_FRAMES - 1) + [False] * 20) * 5) == []


def test_utterance_begins_with_its_first_frame_of_voice_and_ends_with_its_last() -> None:
    boundaries = _run([False] * 10 + [True] * 20 + [False] * 40)
    assert [type(boundary) for boundary in boundaries] == [Paused, Ended]
    utterance = boundaries[-1].utterance
    assert (utterance.start, utterance.end) == (10, 30)
    assert utterance.voiced == (True,) * 20
    assert boundaries[0].utterance == utterance


def test_pause_shorter_than_the_hangover_does_not_end_it() -> None:
    pause = hangover(20) - 1
    boundaries = _run([True] * 20 + [False] * pause + [True] * 20 + [False] * 40)
    ended = [boundary for boundary in boundaries if isinstance(boundary, Ended)]
    assert [(one.utterance.start, one.utterance.end) for one in ended] == [(0, 40 + pause)]


def test_long_utterance_ends_at_a_shorter_pause() -> None:
    pause = hangover(120)
    assert pause < hangover(20)
    boundaries = _run([True] * 120 + [False] * pause)
    assert isinstance(boundaries[-1], Ended)


def test_endless_speech_is_cut_where_it_is_quietest() -> None:
    levels = [1.0] * (2 * _LONGEST)
    for frame in range(298, 303):
        levels[frame] = 0.1
    boundaries = _run([True] * (2 * _LONGEST), levels)
    first = boundaries[0].utterance
    assert (first.start, first.end, first.cut_before, first.cut_after) == (0, 300, False, True)
    second = boundaries[1].utterance
    assert second.start == 300
    assert second.cut_before


def test_end_now_ends_what_is_open_and_only_that() -> None:
    endpointer = Endpointer()
    assert endpointer.end_now() is None
    for _ in range(10):
        endpointer.push(is_voice=True, level=1.0)
    ended = endpointer.end_now()
    assert ended is not None
    assert (ended.utterance.start, ended.utterance.end) == (0, 10)
    assert endpointer.end_now() is None


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 60)), max_size=60))
def test_utterances_keep_order_and_all_long_voice(runs: list[tuple[bool, int]]) -> None:
    flags = [flag for flag, length in runs for _ in range(length)] + [False] * 40
    utterances = [one.utterance for one in _run(flags) if isinstance(one, Ended)]
    covered = [False] * len(flags)
    before = 0
    for utterance in utterances:
        assert before <= utterance.start < utterance.end
        assert utterance.end - utterance.start <= _LONGEST
        assert utterance.voiced == tuple(flags[utterance.start : utterance.end])
        covered[utterance.start : utterance.end] = [True] * (utterance.end - utterance.start)
        before = utterance.end
    position = 0
    for flag, group in _groups(flags):
        if flag and group >= ONSET_FRAMES:
            assert all(covered[position : position + group])
        position += group


def test_pause_is_told_once_before_the_end() -> None:
    boundaries = _run([True] * 20 + [False] * PAUSE_FRAMES)
    assert [type(boundary) for boundary in boundaries] == [Paused]


def _groups(flags: list[bool]) -> list[tuple[bool, int]]:
    groups: list[tuple[bool, int]] = []
    for flag in flags:
        if groups and groups[-1][0] == flag:
            groups[-1] = (flag, groups[-1][1] + 1)
        else:
            groups.append((flag, 1))
    return groups
