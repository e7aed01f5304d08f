"""What is made of what the model writes."""

from __future__ import annotations

import pytest

from captioner.engine.endpointing import Utterance
from captioner.engine.reading import (
    after_context,
    final_forms,
    find_loop,
    is_all_loop,
    keep_forms,
    tokens_of,
    without_loop,
    without_punctuation,
)
from captioner.engine.rendering import Rendering
from captioner.engine.sanity import is_plausible
from captioner.engine.words import estimate_word_times
from captioner.riva.options import RecognitionOptions


@pytest.mark.parametrize(
    ("written", "tokens"),
    [
        ("In short,, the period", ["In", "short,", "the", "period"]),
        ("Well -- no ... yes", ["Well--", "no...", "yes"]),
        ("... go", ["go"]),
        ("What?! Wait...", ["What?!", "Wait..."]),
        ("", []),
    ],
)
def test_stray_punctuation_is_tidied(written: str, tokens: list[str]) -> None:
    assert tokens_of(written) == tokens


@pytest.mark.parametrize(
    "text",
    [
        "Do you hear me? Do you hear me?",
        "Ah, that's a good story. Ah, that's a good story.",
        "No, no, no, no.",
        "It was the age of wisdom, it was the age of foolishness, it was the epoch of belief",
        "Thank you. Thank you. Thank you.",
    ],
)
def test_speech_that_repeats_itself_is_no_loop(text: str) -> None:
    assert find_loop(text.split()) is None


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (
            "The best of times. The age of wisdom. The age of wisdom. The age of wisdom. The age",
            "The best of times. The age of wisdom.",
        ),
        ("ill to selfish, " + "is to be ill " * 4 + "is to", "ill to selfish, is to be ill"),
        ("so so so so so so so it goes", "so it goes"),
    ],
)
def test_loop_is_cut_to_one_round(text: str, kept: str) -> None:
    tokens = text.split()
    loop = find_loop(tokens)
    assert loop is not None
    assert not is_all_loop(tokens, loop) or loop.length == 1
    assert " ".join(without_loop(tokens, loop)) == kept


def test_nothing_but_a_loop_is_made_up() -> None:
    tokens = ("I want to be a good one. " * 6 + "I want to be").split()
    loop = find_loop(tokens)
    assert loop is not None
    assert is_all_loop(tokens, loop)


@pytest.mark.parametrize(
    ("said", "reading", "rest"),
    [
        ("try again", "Try again. Fail again.", "Fail again."),
        # One word of the context is heard better this time.
        ("ever tried fare again", "Ever tried. Fail again. Fail better.", "Fail better."),
        ("do you hear me", "Do you hear me? Do you hear me?", "Do you hear me?"),
        ("try again", "Try again.", None),
        ("we had everything before us", "Good morning everyone.", None),
        # Where the context ends is anybody's guess.
        ("no no no", "Oh, no no no.", None),
    ],
)
def test_context_is_taken_off(said: str, reading: str, rest: str | None) -> None:
    tokens = after_context(said.split(), reading.split())
    assert (None if tokens is None else " ".join(tokens)) == rest


def test_spelling_stays_as_it_is_shown_but_for_the_last_word() -> None:
    shown = ["It", "was", "the", "best", "of", "times.", "it"]
    assert keep_forms(shown, ["it", "was", "the", "best", "of", "times,", "It", "was"]) == [
        *["It", "was", "the", "best", "of", "times."],
        "It",
        "was",
    ]


@pytest.mark.parametrize(
    ("shown", "reading", "final"),
    [
        ("Ever tried, Ever", "Ever, tried, ever failed.", "Ever tried, ever failed."),
        (
            "about the lights The weather is",
            "About the lights. The weather is.",
            "about the lights. The weather is.",
        ),
        ("that day. I went and", "that day i went and.", "that day i went and."),
        ("yes we do it", "Yes, we did it.", "yes we did it."),
    ],
)
def test_final_decides_where_sentences_end_and_little_else(
    shown: str, reading: str, final: str
) -> None:
    assert " ".join(final_forms(shown.split(), reading.split())) == final


def test_words_without_punctuation() -> None:
    assert without_punctuation("It's well-known, isn't it? Yes.") == "it's well-known isn't it yes"


@pytest.mark.parametrize(
    ("text", "voiced_s", "plausible"),
    [
        ("one two three four five six", 1.5, True),
        ("one two three four five six seven eight nine ten eleven", 0.5, False),
        ("Thank you.", 0.2, False),
        ("Thank you.", 0.6, True),
        ("Yes.", 0.2, True),
    ],
)
def test_plausible_words(text: str, voiced_s: float, *, plausible: bool) -> None:
    assert is_plausible(text.split(), voiced_s) is plausible


def test_estimated_times_are_in_order_inside_the_utterance_and_skip_pauses() -> None:
    voiced = (True,) * 10 + (False,) * 12 + (True,) * 10
    words = estimate_word_times(["Ever", "tried."], Utterance(100, 132, voiced))
    assert [word.text for word in words] == ["Ever", "tried."]
    assert words[0].start_ms == 3200
    assert words[-1].end_ms == 132 * 32
    assert words[0].end_ms <= 3200 + 320
    assert words[1].start_ms >= 3200 + 9 * 32
    assert all(word.confidence == 0.0 for word in words)


def test_more_words_than_frames_still_get_times() -> None:
    words = estimate_word_times(list("abcdefgh"), Utterance(0, 3, (True, True, True)))
    assert len(words) == 8
    assert all(word.start_ms < word.end_ms <= 96 for word in words)


def test_partial_is_split_where_two_readings_agree() -> None:
    rendering = Rendering(RecognitionOptions())
    first = rendering.partial(["It", "was", "the", "beast."], 1.0)
    second = rendering.partial(["It", "was", "the", "best", "of"], 1.5)
    assert first is not None
    assert second is not None
    assert [part.text for part in first.hypotheses] == ["It was the beast"]
    assert [part.text for part in second.hypotheses] == ["It was the", "best of"]
    assert second.hypotheses[0].stability > 0.8 > second.hypotheses[1].stability


def test_half_a_word_is_left_out_but_never_the_first_two() -> None:
    rendering = Rendering(RecognitionOptions())
    early = rendering.partial(["It", "was"], 0.5, is_mid_word=True)
    later = rendering.partial(["It", "was", "the", "fool"], 1.0, is_mid_word=True)
    whole = rendering.partial(["It", "was", "the", "foolishness."], 1.5)
    assert early is not None
    assert later is not None
    assert whole is not None
    texts = [" ".join(part.text for part in one.hypotheses) for one in (early, later, whole)]
    assert texts == ["It was", "It was the", "It was the foolishness"]


def test_agreed_words_are_not_taken_back_on_one_reading() -> None:
    rendering = Rendering(RecognitionOptions())
    rendering.partial(["In", "short", "the"], 1.0)
    rendering.partial(["In", "short", "the", "period"], 1.5)
    assert rendering.partial(["Ensure", "the", "period", "was"], 2.0) is None
    again = rendering.partial(["Ensure", "the", "period", "was", "so"], 2.5)
    assert again is not None
    assert " ".join(part.text for part in again.hypotheses).startswith("Ensure the period")


def test_sentence_begins_with_a_capital() -> None:
    rendering = Rendering(RecognitionOptions())
    assert rendering.final(["ever", "tried."]) == ["Ever", "tried."]
    assert rendering.final(["ever", "failed,"]) == ["Ever", "failed,"]
    assert rendering.final(["no", "matter."]) == ["no", "matter."]
