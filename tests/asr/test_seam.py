"""What repeats the last final is left out, and nothing else is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from captioner.asr.loudness import LoudAudio
from captioner.asr.seam import Seam
from captioner.core.audio import SAMPLE_RATE, AudioChunk, ms_to_samples
from captioner.core.hypothesis import Hypothesis, Word

WORD_MS = 400
CHUNK = 1600


def said(text: str, *, processed_s: float, is_final: bool = False) -> Hypothesis:
    return Hypothesis(text, is_final=is_final, audio_processed_s=processed_s)


def seam(*, loud: bool = True) -> Seam:
    """Return a seam in a session that is loud, or silent, all the time."""
    audio = LoudAudio()
    for start in range(0, 60 * SAMPLE_RATE if loud else 0, CHUNK):
        audio.note(AudioChunk(bytes(2 * CHUNK), start, 0.0))
    return Seam(audio)


def timed(text: str, start_ms: int) -> Hypothesis:
    """Return a final whose words follow each other without a pause."""
    words = tuple(
        Word(word, start_ms + index * WORD_MS, start_ms + (index + 1) * WORD_MS)
        for index, word in enumerate(text.split())
    )
    return Hypothesis(
        text, is_final=True, words=words, audio_processed_s=words[-1].end_ms / 1000 + 0.8
    )


def texts(line: Seam, *hypotheses: Hypothesis) -> list[str | None]:
    taken = [line.take(hypothesis) for hypothesis in hypotheses]
    return [None if new is None else new.text for new in taken]


def test_word_times_tell_where_a_final_ends() -> None:
    line = seam()

    line.take(timed("it was the best", 1000))

    assert line.covered == ms_to_samples(1000 + 4 * WORD_MS)


def test_words_that_end_before_the_seam_are_left_out_by_their_times() -> None:
    line = seam()
    line.take(timed("it was the best", 1000))
    line.new_stream()

    new = line.take(timed("best of times", 1000 + 3 * WORD_MS))

    assert new is not None
    assert new.text == "of times"
    assert [word.text for word in new.words] == ["of", "times"]


def test_times_in_doubt_are_compared_by_their_words() -> None:
    """A caption that we made final ourselves covers its last second in doubt only."""
    line = seam()
    line.settle("it was the best", ms_to_samples(2600))
    line.new_stream()

    new = line.take(timed("The best of times", 1800))

    assert new is not None
    assert new.text == "of times"
    assert [word.text for word in new.words] == ["of", "times"]


def test_other_words_in_doubt_are_kept() -> None:
    line = seam()
    line.settle("it was the best", ms_to_samples(2600))
    line.new_stream()

    new = line.take(timed("Best of times", 2600 - WORD_MS // 2))
    assert new is not None
    assert new.text == "of times"

    line = seam()
    line.settle("it was the", ms_to_samples(2600))
    line.new_stream()

    assert texts(line, timed("Best of times", 2400)) == ["Best of times"]


def test_without_times_a_final_surely_covers_what_its_last_new_partial_had_heard() -> None:
    line = seam()
    line.take(said("it was", processed_s=1.0))
    line.take(said("it was the", processed_s=1.5))
    line.take(said("it was the", processed_s=3.0))

    line.take(said("It was the.", processed_s=9.0, is_final=True))

    assert line.covered == ms_to_samples(1500)


def test_without_times_and_partials_a_final_covers_what_was_worked_through() -> None:
    line = seam()

    line.take(said("It was the best.", processed_s=2.0, is_final=True))

    assert line.covered == ms_to_samples(2000)


def test_repeated_text_is_left_out_after_a_seam_and_held_back_while_it_grows() -> None:
    line = seam()
    line.take(said("it was the best", processed_s=2.0))
    line.take(said("It was the best of times.", processed_s=4.0, is_final=True))
    line.new_stream()

    assert texts(
        line,
        said("of", processed_s=2.5),
        said("of times", processed_s=3.0),
        said("of times it", processed_s=3.5),
        said("of times. It was the age", processed_s=5.0),
        said("Of times. It was the age.", processed_s=6.0, is_final=True),
        said("of times", processed_s=7.0),
    ) == [None, None, "it", "It was the age", "It was the age.", "of times"]


def test_the_rest_of_a_torn_word_goes_with_the_repetition() -> None:
    line = seam()
    line.take(said("it was the best", processed_s=2.0))
    line.take(said("It was the best of times.", processed_s=4.0, is_final=True))
    line.new_stream()

    assert texts(line, said("oft times and", processed_s=4.5)) == ["and"]


def test_words_that_are_said_again_later_are_kept() -> None:
    line = seam()
    line.take(said("no", processed_s=1.0))
    line.take(said("No.", processed_s=1.0, is_final=True))
    line.new_stream()

    assert texts(line, said("No.", processed_s=4.0, is_final=True)) == ["No."]


def test_after_silence_nothing_is_a_repetition() -> None:
    line = seam(loud=False)
    line.take(said("no", processed_s=1.0))
    line.take(said("No.", processed_s=2.0, is_final=True))
    line.new_stream()

    assert line.covered == ms_to_samples(2000)
    assert texts(line, said("no", processed_s=2.5)) == ["no"]


def test_what_is_read_for_the_first_time_later_was_said_later() -> None:
    line = seam()
    line.take(said("no no no", processed_s=2.0))
    line.take(said("No no no.", processed_s=3.0, is_final=True))
    line.new_stream()

    assert texts(
        line,
        said("no", processed_s=3.2),
        said("no", processed_s=3.6),
        said("no no", processed_s=4.0),
        said("No no no.", processed_s=5.0, is_final=True),
    ) == [None, None, "no", "no no."]


def test_nothing_is_left_out_within_a_stream() -> None:
    line = seam()

    assert texts(
        line,
        said("yes", processed_s=1.0),
        said("Yes.", processed_s=2.0, is_final=True),
        said("yes", processed_s=2.5),
        said("Yes.", processed_s=3.0, is_final=True),
    ) == ["yes", "Yes.", "yes", "Yes."]


def test_times_that_are_all_zero_are_no_times() -> None:
    line = seam()
    zeros = tuple(Word(word, 0, 0) for word in ("one", "two"))
    line.take(Hypothesis("one two", is_final=True, words=zeros, audio_processed_s=2.0))
    line.new_stream()

    new = line.take(Hypothesis("three four", is_final=True, words=zeros, audio_processed_s=4.0))

    assert new is not None
    assert new.text == "three four"
    assert line.covered == ms_to_samples(4000)


@given(
    utterances=st.lists(st.integers(1, 6), min_size=1, max_size=6),
    cuts=st.lists(st.integers(0, 5), min_size=6, max_size=6),
    late=st.lists(st.booleans(), min_size=6, max_size=6),
    breaks=st.sets(st.integers(0, 5)),
)
def test_every_word_is_given_once_whatever_is_heard_again(
    utterances: list[int], cuts: list[int], late: list[bool], breaks: set[int]
) -> None:
    """A server without word times, whose stream breaks after some of the finals.

    Every word is another one. Partials show some of an utterance; the final, which may come late,
    has all. The next stream hears again from where the finals surely reach.
    """
    line = seam()
    words: list[tuple[str, float]] = []
    given: list[str] = []
    position = 0.0
    replayed_from: float | None = None
    for index, length in enumerate(utterances):
        begin = len(words)
        for number in range(length):
            position += WORD_MS / 1000
            words.append((f"w{begin + number}", position))
        fresh = words[begin:]
        if replayed_from is not None:
            again = [(word, end) for word, end in words[:begin] if end > replayed_from + 0.3]
            fresh = [*again, *fresh]
        shown = fresh[: min(cuts[index], len(fresh))]
        for count in range(1, len(shown) + 1):
            text = " ".join(word for word, _ in shown[:count])
            line.take(said(text, processed_s=shown[count - 1][1]))
        position += 1.0
        processed = position if late[index] else fresh[-1][1] + 0.1
        final = line.take(
            said(" ".join(word for word, _ in fresh), processed_s=processed, is_final=True)
        )
        if final is not None:
            given += final.text.split()
        replayed_from = None
        if index in breaks:
            line.new_stream()
            replayed_from = line.covered / 16000
    assert given == [word for word, _ in words]
