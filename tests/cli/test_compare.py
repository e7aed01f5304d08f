"""``captioner compare``, and ``captioner sample``, whose words it can be tried with."""

from __future__ import annotations

import json
from pathlib import Path

from captioner.audio.sample import SAMPLE_TEXT
from tests.support.program import Program


def test_words_are_compared_and_a_limit_is_held(program: Program, tmp_path: Path) -> None:
    said, heard = tmp_path / "said.txt", tmp_path / "heard.txt"
    said.write_text("Ever tried. Ever failed.\nNo matter, it's fine.", encoding="utf-8")
    heard.write_text("ever tried ever sailed no matter it's", encoding="utf-8")
    done = program.run("compare", "--json", str(said), str(heard))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["words"], found["substitutions"], found["deletions"]) == (8, 1, 1)
    assert found["wer"] == 0.25
    over = program.run("compare", "--limit-wer", "24.9", str(said), str(heard))
    assert over.returncode == 1
    assert "Word error rate: 25.00 %. Of 8 words 1 are others, 1 are missing" in over.stdout
    said.write_text(" ", encoding="utf-8")
    empty = program.run("compare", str(said), str(heard))
    assert (empty.returncode, "There are no words" in empty.stderr) == (11, True)


def test_sample_comes_with_its_words(program: Program, tmp_path: Path) -> None:
    done = program.run("sample", str(tmp_path / "new"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "new/sample.wav").stat().st_size > 1_000_000
    assert (tmp_path / "new/sample.txt").read_text(encoding="utf-8").strip() == SAMPLE_TEXT
    (tmp_path / "file").touch()
    assert program.run("sample", str(tmp_path / "file/x")).returncode == 3
