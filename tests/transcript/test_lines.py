"""The line-breaking model: examples for a reader, and its promises as properties."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.transcript.lines import CaptionLines
from captioner.transcript.shown_lines import RunKind, ShownLine, join_lines

ALL = 10_000


def texts(lines: CaptionLines) -> list[str]:
    return [line.text for line in lines.tail(ALL)]


def cells(text: str) -> int:
    """Terminal columns, as far as the tests need them: marks take no room."""
    return sum(not unicodedata.category(code).startswith("M") for code in text)


def test_words_fill_the_active_line_and_then_start_another() -> None:
    lines = CaptionLines(20)

    lines.update(0, "it was the best", is_final=False)
    lines.update(0, "it was the best of times it", is_final=False)

    assert texts(lines) == ["it was the best of", "times it"]


def test_a_change_that_fits_is_made_in_place_above_the_active_line() -> None:
    lines = CaptionLines(20)
    lines.update(0, "it was the best of times it", is_final=False)

    lines.update(0, "It was the rest of times. It was", is_final=True)

    assert texts(lines) == ["It was the rest of", "times. It was"]


def test_a_change_that_does_not_fit_leaves_the_line_as_it_was_read() -> None:
    lines = CaptionLines(20)
    lines.update(0, "it was the best of times it", is_final=False)

    lines.update(0, "it was the very best of times it was", is_final=True)

    assert texts(lines) == ["it was the best of", "times it was"]


def test_a_line_that_kept_its_words_takes_a_later_change_that_fits() -> None:
    lines = CaptionLines(20)
    lines.update(0, "it was the best of times it", is_final=False)
    lines.update(0, "it was the very best of times it", is_final=False)

    lines.update(0, "it was my best of times it", is_final=False)

    assert texts(lines) == ["it was my best of", "times it"]


def test_words_left_out_above_pull_nothing_up() -> None:
    lines = CaptionLines(20)
    lines.update(0, "well it was the best of times", is_final=False)

    lines.update(0, "it was the best of times", is_final=True)

    assert texts(lines) == ["it was the best", "of times"]


def test_a_line_is_never_emptied_above_the_active_one() -> None:
    lines = CaptionLines(10)
    lines.update(0, "once upon a time", is_final=False)

    lines.update(0, "", is_final=True)

    assert texts(lines) == ["once upon", ""]


def test_an_active_line_that_lost_its_words_waits_for_the_next_ones() -> None:
    lines = CaptionLines(10)
    lines.update(0, "once upon a time", is_final=False)
    lines.update(0, "once upon", is_final=False)
    assert texts(lines) == ["once upon", ""]

    lines.update(0, "once upon", is_final=True)
    lines.update(1, "another", is_final=False)

    assert texts(lines) == ["once upon", "another"]


def test_the_next_utterance_goes_on_along_the_line() -> None:
    lines = CaptionLines(30)
    lines.update(0, "It was the best.", is_final=True)
    lines.update(1, "it was", is_final=False)

    (line,) = lines.tail(ALL)
    assert [(run.text, run.kind) for run in line.runs] == [
        ("It was the best.", RunKind.FINAL),
        (" it was", RunKind.PARTIAL),
    ]


def test_another_speaker_starts_a_line_with_the_name() -> None:
    lines = CaptionLines(30)
    lines.update(0, "How are you?", is_final=True, channel="You")
    lines.update(1, "Fine.", is_final=True, channel="Others")
    lines.update(2, "Thanks.", is_final=True, channel="Others")

    assert texts(lines) == ["You: How are you?", "Others: Fine. Thanks."]
    assert lines.tail(1)[0].runs[0].kind is RunKind.LABEL


def test_two_speakers_at_once_each_go_on_below() -> None:
    lines = CaptionLines(30)
    lines.update(0, "and then", is_final=False, channel="You")
    lines.update(1, "sorry", is_final=False, channel="Others")
    lines.update(0, "And then we", is_final=False, channel="You")
    lines.update(1, "Sorry!", is_final=True, channel="Others")
    lines.update(0, "And then we went", is_final=True, channel="You")

    assert texts(lines) == ["You: And then we", "Others: Sorry!", "You: went"]


def test_two_speakers_at_once_do_not_take_turns_word_by_word() -> None:
    lines = CaptionLines(30)
    others = "it was the best of times it was the worst of times"
    you = "I do not think that this is what was said"
    for count in range(1, 13):
        lines.update(0, " ".join(others.split()[:count]), is_final=False, channel="Others")
        lines.update(1, " ".join(you.split()[: count - 1]), is_final=False, channel="You")

    assert texts(lines) == [
        "Others: it was the best of",
        "times",
        "You: I do not think that this",
        "is what",
        "Others: it was the worst of",
        "times",
    ]
    lines.update(1, you, is_final=True, channel="You")
    assert texts(lines)[-1] == "You: was said", "a final does not wait"


def test_a_long_word_is_split_and_whole_again_in_the_joined_text() -> None:
    lines = CaptionLines(10)
    lines.update(0, "a Donaudampfschifffahrt b", is_final=True)

    assert texts(lines) == ["a", "Donaudampf", "schifffahr", "t b"]
    assert join_lines(lines.tail(ALL)) == "a Donaudampfschifffahrt b"


def test_a_part_of_a_word_stands_alone_when_somebody_else_spoke_in_between() -> None:
    lines = CaptionLines(4)
    lines.update(0, "un", is_final=False, channel="Bo")
    lines.update(1, "ab", is_final=False)
    lines.update(0, "unbelievable", is_final=False, channel="Bo")

    assert texts(lines) == ["Bo:", "unbe", "ab", "Bo:", "liev", "able"]
    assert join_lines(lines.tail(ALL)) == "Bo: unbe ab Bo: lievable"


def test_marks_stay_on_their_letters_when_a_word_is_split() -> None:
    lines = CaptionLines(3)
    lines.update(0, "e\u0301" * 3, is_final=True)

    assert texts(lines) == ["e\u0301"] * 3


def test_lost_audio_is_marked_once_and_the_words_go_on_behind_it() -> None:
    lines = CaptionLines(40)
    lines.update(0, "it was the", is_final=False)
    lines.mark("[audio lost]")
    lines.mark("[audio lost]")
    lines.update(0, "it was the best", is_final=False)
    lines.update(0, "It was a best of", is_final=True)

    assert texts(lines) == ["It was a [audio lost] best of"]


def test_a_closed_segment_is_left_alone() -> None:
    lines = CaptionLines(40)
    lines.update(0, "final words", is_final=True)
    lines.update(0, "something else", is_final=True)

    assert texts(lines) == ["final words"]


def test_old_lines_are_forgotten_and_their_segment_goes_on() -> None:
    lines = CaptionLines(5, max_lines=2)
    lines.update(0, "one two three four", is_final=False)
    lines.update(0, "One two three four five", is_final=True)

    assert texts(lines) == ["four", "five"]


def test_another_width_breaks_all_lines_anew() -> None:
    lines = CaptionLines(10)
    lines.update(0, "Donaudampfschiff on the", is_final=True)
    lines.update(1, "river that", is_final=False)

    lines.set_width(30, len)
    assert texts(lines) == ["Donaudampfschiff on the river", "that"]
    lines.update(1, "river that flows", is_final=False)

    assert texts(lines) == ["Donaudampfschiff on the river", "that flows"]


def test_an_empty_display_has_no_lines() -> None:
    lines = CaptionLines(10)
    lines.update(0, "", is_final=False)
    lines.update(1, "  ", is_final=True)

    assert texts(lines) == []
    lines.update(0, "late", is_final=True)
    assert texts(lines) == ["late"]


@dataclass(frozen=True)
class Step:
    """One update; ``channel`` chooses among the open segments."""

    channel: int
    text: str
    is_final: bool


alphabet = st.sampled_from(
    ["a", "bc", "def", "ghij", "שלום", "e\u0301a", "👩\u200d🚀", "unbelievable"]
)
phrases = st.lists(alphabet, max_size=14).map(" ".join)
steps = st.lists(st.builds(Step, st.integers(0, 1), phrases, st.booleans()), max_size=14)
limits = st.integers(4, 16)


def play(lines: CaptionLines, script: list[Step]) -> list[tuple[ShownLine, ...]]:
    """Apply ``script`` and return all lines after each step."""
    open_ids: dict[int, int] = {}
    next_id = 0
    seen = []
    for step in script:
        if step.channel not in open_ids:
            open_ids[step.channel] = next_id
            next_id += 1
        lines.update(
            open_ids[step.channel],
            step.text,
            is_final=step.is_final,
            channel=("", "Bo")[step.channel],
        )
        if step.is_final:
            del open_ids[step.channel]
        seen.append(lines.tail(ALL))
    return seen


@given(script=steps, limit=limits)
def test_no_line_is_ever_too_wide(script: list[Step], limit: int) -> None:
    for shown in play(CaptionLines(limit, measure=cells), script):
        for line in shown:
            assert cells(line.text) <= limit


@given(script=steps, limit=limits)
def test_lines_are_only_added_below(script: list[Step], limit: int) -> None:
    before: tuple[ShownLine, ...] = ()
    for shown in play(CaptionLines(limit, measure=cells), script):
        serials = [line.serial for line in shown]
        assert serials[: len(before)] == [line.serial for line in before]
        assert serials == sorted(set(serials))
        before = shown


@given(script=steps, limit=limits)
def test_a_line_above_the_active_one_is_never_emptied(script: list[Step], limit: int) -> None:
    before: tuple[ShownLine, ...] = ()
    for shown in play(CaptionLines(limit, measure=cells), script):
        for old, new in zip(before[:-1], shown, strict=False):
            assert bool(old.text) == bool(new.text)
        before = shown


@given(words=st.lists(alphabet, max_size=30), cuts=st.sets(st.integers(0, 30)), limit=limits)
def test_growing_captions_never_change_a_line_above(
    words: list[str], cuts: set[int], limit: int
) -> None:
    lines = CaptionLines(limit, measure=cells)
    before: tuple[ShownLine, ...] = ()
    for end in [*sorted(cuts), len(words)]:
        lines.update(0, " ".join(words[:end]), is_final=False)
        shown = lines.tail(ALL)
        assert [line.text for line in before[:-1]] == [
            line.text for line in shown[: max(0, len(before) - 1)]
        ]
        if before:
            assert shown[len(before) - 1].text.startswith(before[-1].text)
        before = shown

    assert join_lines(before) == " ".join(words)


@given(script=steps, limit=limits)
def test_every_word_shown_was_said(script: list[Step], limit: int) -> None:
    seen = play(CaptionLines(limit, measure=cells), script)
    said = {word for step in script for word in step.text.split()} | {"Bo:"}
    last = seen[-1] if seen else ()
    parts = {part for line in last for part in line.text.split()}

    assert all(any(part in word for word in said) for part in parts)


@given(first=phrases, second=phrases, limit=limits)
def test_a_final_is_whole_but_for_lines_that_kept_their_words(
    first: str, second: str, limit: int
) -> None:
    lines = CaptionLines(limit, measure=cells)
    lines.update(0, first, is_final=False)
    before = lines.tail(ALL)
    lines.update(0, second, is_final=True)
    after = lines.tail(ALL)

    frozen = range(len(before) - 1) if before else range(0)
    if all(before[place].text != after[place].text for place in frozen):
        assert join_lines([line for line in after if line.text]).split() == second.split()


@given(script=steps, limit=limits, narrower=limits)
def test_another_width_loses_no_word(script: list[Step], limit: int, narrower: int) -> None:
    lines = CaptionLines(limit, measure=cells)
    play(lines, script)
    before = [word for word in join_lines(lines.tail(ALL)).split() if word != "Bo:"]

    lines.set_width(narrower, cells)

    after = [word for word in join_lines(lines.tail(ALL)).split() if word != "Bo:"]
    assert "".join(after) == "".join(before)
    assert all(cells(line.text) <= narrower for line in lines.tail(ALL))


@given(
    script=steps,
    limit=limits,
    others=st.lists(
        st.tuples(limits, st.integers(1, 4), st.integers(0, 20)), min_size=1, max_size=3
    ),
)
def test_older_lines_broken_bit_by_bit_lose_no_word_and_move_no_line(
    script: list[Step],
    limit: int,
    others: list[tuple[int, int, int]],
) -> None:
    lines = CaptionLines(limit, measure=cells)
    play(lines, script)
    letters = said(lines)

    for other, at_once, words in others:
        lines.set_width(other, cells, at_once=at_once)
        lines.break_older(words)
        newest = {line.serial: line.text for line in lines.tail(ALL)}
    lines.break_older()

    whole = lines.tail(ALL)
    assert said(lines) == letters
    assert newest.items() <= {line.serial: line.text for line in whole}.items()
    assert [line.serial for line in whole] == list(lines.serials)
    assert all(cells(line.text) <= other for line in whole)
    assert not lines.has_older


def test_words_go_on_where_they_were_while_older_lines_wait() -> None:
    lines = CaptionLines(20)
    for number in range(30):
        lines.update(number, f"sentence number {number}", is_final=True, channel="Bo")
    lines.update(30, "an open one", is_final=False, channel="Bo")

    before = lines.set_width(28, len, at_once=3)
    assert [line.text for line in before][-1] == "an open one"
    assert len(before) <= 4
    lines.update(30, "an open one grows", is_final=True, channel="Bo")
    newest = texts(lines)
    assert not newest[0].startswith("Bo:")
    assert newest[-1].endswith("an open one grows")
    was = lines.break_older()

    assert [line.text for line in was][:2] == ["Bo: sentence number", "0 sentence number 1"]
    assert texts(lines)[0] == "Bo: sentence number 0"
    assert texts(lines)[-len(newest) :] == newest


def said(lines: CaptionLines) -> str:
    """All letters in order, labels left out, wherever lines end."""
    return "".join(word for word in join_lines(lines.tail(ALL)).split() if word != "Bo:")


@given(script=steps, limit=limits, kept=st.integers(1, 3))
def test_memory_is_bounded(script: list[Step], limit: int, kept: int) -> None:
    whole = play(CaptionLines(limit, measure=cells), script)
    short = play(CaptionLines(limit, measure=cells, max_lines=kept), script)

    for every, last in zip(whole, short, strict=True):
        assert every[-kept:] == last


@pytest.mark.parametrize("text", ["", " ", "\u200d", "\u0301", "\u202eabc", "a\u00a0b", "🇩🇪🇫🇷"])
def test_odd_text_is_shown_somehow(text: str) -> None:
    lines = CaptionLines(2)
    lines.update(0, text, is_final=False)
    lines.update(0, f"{text} {text}", is_final=True)

    assert len(join_lines(lines.tail(ALL))) <= 2 * len(text) + 1
