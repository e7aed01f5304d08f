"""What a soak watches: that a loss is noticed, and that its minutes are as its hours."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import psutil
import pytest

from captioner.core.audio import ms_to_samples, samples_to_ms
from captioner.core.events import CaptionChanged, GapMarked
from captioner.core.segment import Gap, Segment, Word
from scripts.benchmarks.soak.endless_speech import EndlessSpeech, Utterance
from scripts.benchmarks.soak.heap import free_mb
from scripts.benchmarks.soak.hearing import Hearing
from scripts.benchmarks.soak.leg import Memory, Soak, in_own_process
from tests.support.coded_speech import CodeDecoder
from tests.support.wait import until


def said(number: int, utterance: Utterance, *, lacks: int = 0, late_ms: int = 0) -> CaptionChanged:
    words = tuple(
        Word(
            f"w{word.number}",
            samples_to_ms(word.start) + late_ms,
            samples_to_ms(word.end) + late_ms,
        )
        for word in utterance.words[lacks:]
    )
    text = " ".join(word.text for word in words)
    segment = Segment(
        id=number,
        text=text,
        start_ms=words[0].start_ms,
        end_ms=words[-1].end_ms,
        is_final=True,
        words=words,
    )
    return CaptionChanged(segment, text)


def heard() -> tuple[Hearing, Utterance]:
    hearing, utterance = Hearing(), EndlessSpeech(1).utterance()
    hearing.expect(utterance)
    return hearing, utterance


def test_what_is_said_once_in_its_place_is_no_problem() -> None:
    hearing, utterance = heard()
    hearing.note(said(0, utterance))
    hearing.end()
    assert (hearing.problems, hearing.words) == ([], len(utterance.words))


@pytest.mark.parametrize(
    ("spoilt", "told"),
    [({"lacks": 1}, "lost"), ({"late_ms": 3}, "not where it was said")],
)
def test_a_word_that_is_lost_or_misplaced_is_told(spoilt: dict[str, int], told: str) -> None:
    hearing, utterance = heard()
    hearing.note(said(0, utterance, **spoilt))
    hearing.end()
    assert told in hearing.problems[0]


def test_words_that_come_again_and_finals_that_change_are_told() -> None:
    hearing, utterance = heard()
    for number in (0, 1, 1):
        hearing.note(said(number, utterance))
    assert "came again" in hearing.problems[0]
    assert "changed" in hearing.problems[-1]


def test_words_that_never_come_are_told() -> None:
    hearing, utterance = heard()
    hearing.end()
    assert len(hearing.problems) == len(utterance.words)


def test_only_a_device_that_was_away_excuses_a_gap() -> None:
    hearing = Hearing()
    hearing.excuse(ms_to_samples(10_000), ms_to_samples(12_000))
    hearing.note(GapMarked(Gap(10_100, 12_100, "Away")))
    assert hearing.problems == []
    hearing.note(GapMarked(Gap(11_000, 14_000, "Away")))
    assert len(hearing.problems) == 1


def test_memory_that_falls_is_as_good_as_flat() -> None:
    assert Memory(100.0, 120.0, 90.0).is_flat
    assert not Memory(100.0, 120.0, 106.0).is_flat
    assert not Memory(100.0, 120.0, 106.0, error=2.9).is_flat
    assert Memory(100.0, 120.0, 106.0, error=3.1).is_flat


def test_memory_that_is_free_again_is_told() -> None:
    blocks = [bytes(1000) for _ in range(20_000)]
    before = free_mb()
    # Each second one: whole pages would go back to the system.
    del blocks[::2]
    assert free_mb() - before > 5


def test_endless_speech_says_what_it_tells() -> None:
    speech, decoder, told = EndlessSpeech(2), CodeDecoder(), []
    for _ in range(5):
        utterance = speech.utterance()
        told += utterance.words
        assert decoder.feed(utterance.pcm) == list(utterance.words)
    assert [word.number for word in told] == list(range(len(told)))
    cut = utterance.until(utterance.words[1].end - 1)
    assert cut.words == utterance.words[:1]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_ten_minutes_with_faults() -> None:
    leg = in_own_process("faults", 1 / 6, 1)
    assert leg.verdicts == []
    assert sum(leg.happened.values()) > 5


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_soak_that_was_killed_goes_on_after_its_last_finished_leg(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "scripts.benchmarks.soak", "faults", "--into", str(tmp_path)]
    command += ["--hours", "0.02", "--leg-hours", "0.01"]
    kept = tmp_path / "soak-faults-0.01-hours.json"
    soak = await asyncio.create_subprocess_exec(*command)
    try:
        own = psutil.Process(soak.pid)
        await until(kept.exists, limit_s=120)
        await until(own.children)
        (leg,) = own.children()
    finally:
        soak.kill()
        await soak.wait()
    await until(lambda: not leg.is_running())
    finished = Soak.read(kept)
    assert finished is not None
    assert len(finished.legs) == 1
    again = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    assert await again.wait() == 0
    whole = Soak.read(tmp_path / "soak-faults.json")
    assert whole is not None
    assert len(whole.legs) == 2
    assert whole.legs[0] == finished.legs[0]
    assert not kept.exists()
