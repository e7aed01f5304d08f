"""Messages to values and back: every unit, every field."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from riva.client.proto import riva_asr_pb2, riva_audio_pb2

from captioner.core.hypothesis import Hypothesis, Word
from captioner.riva.options import Endpointing, Phrase, RecognitionOptions
from captioner.riva.results import (
    audio_processed_s,
    hypotheses_from_response,
    streaming_response_from,
)
from captioner.riva.serving import options_from
from captioner.riva.text import plain
from tests.support.riva_server import Result, final, partial


def response(*results: Result) -> riva_asr_pb2.StreamingRecognizeResponse:
    return riva_asr_pb2.StreamingRecognizeResponse(results=results)


def test_an_empty_response_says_nothing() -> None:
    assert hypotheses_from_response(response()) == []
    assert hypotheses_from_response(response(riva_asr_pb2.StreamingRecognitionResult())) == []
    assert audio_processed_s(response()) == 0.0


def test_a_stable_head_and_an_unstable_tail_are_one_hypothesis() -> None:
    (hypothesis,) = hypotheses_from_response(
        response(
            partial(" we hold", stability=0.95, processed_s=1.5),
            partial("these truths", stability=0.8, processed_s=2.0),
            partial(" to bee", stability=0.2, processed_s=2.5),
            partial(" self", stability=0.9),
        )
    )
    assert hypothesis.text == "we hold these truths to bee self"
    assert hypothesis.stable_chars == len("we hold these truths"), "what follows an unsteady part"
    assert hypothesis.stability == pytest.approx(0.2)
    assert hypothesis.audio_processed_s == 2.5


def test_finals_come_one_by_one_before_the_partial_that_follows_them() -> None:
    found = hypotheses_from_response(
        response(final(" One.", confidence=-0.25), final(" Two."), partial(" thr"))
    )
    assert [(each.text, each.is_final) for each in found] == [
        ("One.", True),
        ("Two.", True),
        ("thr", False),
    ]
    assert found[0].confidence == -0.25


def test_a_partial_before_a_final_of_the_same_response_is_out_of_date() -> None:
    found = hypotheses_from_response(response(partial("on"), final("One.")))
    assert [each.text for each in found] == ["One."]


def test_only_the_best_alternative_counts() -> None:
    result = riva_asr_pb2.StreamingRecognitionResult(
        alternatives=[
            riva_asr_pb2.SpeechRecognitionAlternative(transcript="best", confidence=0.75),
            riva_asr_pb2.SpeechRecognitionAlternative(transcript="worse", confidence=0.5),
        ],
        is_final=True,
    )
    (hypothesis,) = hypotheses_from_response(response(result))
    assert (hypothesis.text, hypothesis.confidence) == ("best", 0.75)


def test_times_go_through_the_map_and_ends_stay_with_their_word() -> None:
    """Between stream time 999 and 1000 the session lost a minute."""
    (hypothesis,) = hypotheses_from_response(
        response(
            final(
                "a b c", processed_s=2, words=[("a", 0, 999), ("b", 999, 1000), ("c", 1000, 1000)]
            )
        ),
        to_session_ms=lambda ms: ms if ms < 1000 else ms + 60_000,
    )
    assert hypothesis.words == (Word("a", 0, 999), Word("b", 999, 1000), Word("c", 61_000, 61_001))
    assert hypothesis.audio_processed_s == 62.0


def test_what_was_sent_stands_in_for_progress_that_is_not_told() -> None:
    told, untold = (
        hypotheses_from_response(response(each), sent_s=9.0)[0]
        for each in (partial("x", processed_s=3.0), partial("x"))
    )
    assert told.audio_processed_s == 3.0
    assert untold.audio_processed_s == 9.0


WORDS = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=8)
TIMES = st.lists(st.integers(0, 10**6), min_size=2, max_size=2, unique=True).map(sorted)


@settings(derandomize=True, deadline=None)
@given(
    words=st.lists(st.tuples(WORDS, TIMES, st.integers(0, 4)), min_size=1, max_size=6),
    leading_space=st.booleans(),
)
def test_a_final_survives_the_way_to_the_wire_and_back(
    words: list[tuple[str, list[int], int]], *, leading_space: bool
) -> None:
    hypothesis = Hypothesis(
        text=" ".join(word for word, _, _ in words),
        is_final=True,
        stability=1.0,
        confidence=0.5,
        words=tuple(
            Word(word, start, end, confidence=0.25, speaker=speaker)
            for word, (start, end), speaker in words
        ),
        audio_processed_s=12.5,
        stable_chars=len(" ".join(word for word, _, _ in words)),
    )
    message = streaming_response_from([hypothesis], leading_space=leading_space, word_times=True)
    again = riva_asr_pb2.StreamingRecognizeResponse.FromString(message.SerializeToString())
    assert again.results[0].alternatives[0].transcript.startswith(" ") is leading_space
    assert again.results[0].channel_tag == 1
    assert hypotheses_from_response(again) == [hypothesis]


def test_words_go_out_with_finals_only_and_when_asked_for() -> None:
    word = (Word("w", 1, 2),)
    spoken = [Hypothesis("w", words=word), Hypothesis("w", is_final=True, words=word)]
    asked = streaming_response_from(spoken, word_times=True).results
    assert [len(result.alternatives[0].words) for result in asked] == [0, 1]
    unasked = streaming_response_from(spoken).results
    assert [len(result.alternatives[0].words) for result in unasked] == [0, 0]


def test_options_become_the_message() -> None:
    config = RecognitionOptions(
        language="de-DE", model="m", sample_rate=8000, punctuation=False, word_times=False
    ).to_streaming_config()
    assert config.interim_results
    assert config.config.encoding == riva_audio_pb2.AudioEncoding.LINEAR_PCM
    assert (config.config.language_code, config.config.model) == ("de-DE", "m")
    assert config.config.sample_rate_hertz == 8000
    assert not config.config.enable_automatic_punctuation
    assert not config.config.enable_word_time_offsets
    assert not RecognitionOptions(interim_results=False).to_streaming_config().interim_results


def test_a_server_reads_what_a_client_asked_for() -> None:
    options = RecognitionOptions(
        language="de-DE",
        model="m",
        sample_rate=8000,
        punctuation=False,
        inverse_text_normalization=False,
        profanity_filter=True,
        word_times=False,
        interim_results=False,
        boosted=(Phrase("a b", 2.5), Phrase("c", -4.0)),
        endpointing=Endpointing(160, 0.25, 800, 0.0, 240, 0.5),
        diarization=True,
        max_speakers=2,
        custom=(("vad", "silero"),),
    )
    usual = RecognitionOptions()
    assert all(getattr(options, each.name) != getattr(usual, each.name) for each in fields(options))
    for one in (options, usual):
        message = one.to_streaming_config()
        read = options_from(message.config, interim_results=message.interim_results)
        assert read == one


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("  a \n b\t", "a b"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("\x00\x07 \x9b2J", "2J"),
        ("\x01", ""),
        ("שלום עולם", "שלום עולם"),
        ("👩\u200d🚀 é", "👩\u200d🚀 é"),
        ("a\u00a0b\u2028c", "a b c"),
    ],
)
def test_plain_text(said: str, shown: str) -> None:
    assert plain(said) == shown
