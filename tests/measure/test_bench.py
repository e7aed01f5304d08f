"""`captioner bench`: recordings one at a time, through one recogniser or two in turn."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from captioner.cli.exit_codes import ExitCode
from captioner.cli.main import main
from captioner.measure.bench import Bench
from captioner.measure.limits import Limits
from captioner.measure.result import Kind, Measurement
from captioner.measure.target import Target
from captioner.settings.models import Settings
from tests.measure.results import run_of
from tests.measure.speech import WORDS, recognise, recording, write_speech
from tests.support.program import Program
from tests.support.riva_server import ServedStream, final, serve_riva


async def _hears_wrong(stream: ServedStream) -> None:
    await stream.hear_all()
    await stream.say(final(WORDS.replace("best", "rest"), processed_s=0.7))


async def test_two_recognisers_take_turns_and_are_judged_apart(tmp_path: Path) -> None:
    played = await recording(tmp_path / "speech.wav", chunk_ms=100)
    told: list[float] = []
    async with serve_riva(recognise) as good, serve_riva(_hears_wrong) as bad:
        targets = [Target(server.endpoint, Settings()) for server in (good, bad)]
        test = Bench(
            targets,
            [played],
            Limits(wer_percent=10),
            paces=(True, False),
            chunk_ms=100,
            watch=lambda _what, done_s: told.append(done_s),
        )
        found = await test.measure()
    assert found.kind is Kind.BENCH
    names = [target.endpoint.title for target in targets]
    assert [(run.server, run.realtime) for run in found.runs] == [
        (names[0], True),
        (names[1], True),
        (names[0], False),
        (names[1], False),
    ]
    live, wrong, fast, _ = found.runs
    assert live.accuracy is not None
    assert live.accuracy.wer == 0
    assert wrong.accuracy is not None
    assert wrong.accuracy.wer == pytest.approx(1 / 6, abs=1e-4)
    assert wrong.accuracy.cer == pytest.approx(1 / 24, abs=1e-4)
    assert live.final_ms is not None
    assert live.real_time_factor is None
    assert fast.real_time_factor is not None
    assert 0 < fast.real_time_factor < 1
    assert fast.final_ms is fast.chunk_ms is fast.first_partial_ms is None
    assert [check.passed for check in found.checks] == [True, False]
    assert told == sorted(told)


def test_words_of_several_recordings_count_alike() -> None:
    long, short = run_of().accuracy, run_of().accuracy
    assert long is not None
    assert short is not None
    runs = [
        run_of(accuracy=long.model_copy(update={"words": 95})),  # 6 errors
        run_of(accuracy=short.model_copy(update={"words": 5, "deletions": 2})),  # 7 errors
    ]
    (check,) = Limits(wer_percent=13).checks_over(runs)
    assert check.found == 13
    assert check.passed


async def test_the_command_takes_a_reference_from_elsewhere(
    program: Program, tmp_path: Path
) -> None:
    speech = write_speech(tmp_path / "speech.wav")
    words = speech.with_suffix(".txt").rename(tmp_path / "words.md")
    async with serve_riva(_hears_wrong) as server:
        done = await asyncio.to_thread(
            program.run,
            *("bench", "--endpoint", f"127.0.0.1:{server.port}", "--pace", "full", "--json"),
            *("--reference", str(words), "--limit-wer", "5", str(speech)),
        )
    assert done.returncode == ExitCode.FAULT, done.stderr
    found = Measurement.model_validate(json.loads(done.stdout))
    assert [check.passed for check in found.checks] == [False]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--endpoint", "a:1", "--endpoint", "a:1"], ExitCode.CONFIGURATION, "Two different"),
        (["--pace", "full", "--limit-final-p95", "9"], ExitCode.CONFIGURATION, "no latency"),
        (["--reference", "words.txt"], ExitCode.CONFIGURATION, "a sound file, and none is named"),
        (["--reference", "no.txt", "talk.wav"], ExitCode.INPUT_FILE, '"no.txt" cannot be read'),
        (["--endpoint", "127.0.0.1:1"], ExitCode.UNAVAILABLE, "127.0.0.1:1"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_fix(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: list[str],
    code: ExitCode,
    said: str,
) -> None:
    assert main(["--profile-dir", str(tmp_path), "bench", *arguments]) == code
    told = capsys.readouterr().err
    assert said in told
    assert "Fix:" in told
