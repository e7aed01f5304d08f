"""``captioner history encrypt`` and ``decrypt`` with a real keyring, and without one."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from captioner.cli.exit_codes import ExitCode
from captioner.core.segment import Segment
from captioner.transcript.history.database import open_history
from captioner.transcript.history.records import Batch, KeptSegment, Run
from captioner.transcript.history.writing import keep
from tests.support.secret_service import SecretService

SAID = "The heron crossed the marshalling yard"


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """A profile with one caption in its history."""
    with closing(open_history(tmp_path / "p" / "data" / "history.db")) as connection:
        segment = KeptSegment(Segment(0, SAID, is_final=True, start_ms=0, end_ms=900), 1.0)
        keep(connection, Batch(runs={"a": Run("a", 1.0)}, finals=[("a", segment)]))
    return tmp_path / "p"


def captioner(service: SecretService, profile: Path, *words: str) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "captioner", "--profile-dir", str(profile), *words]
    done = subprocess.run(
        command, env=service.environ, check=False, capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout, done.stderr


def readable(profile: Path) -> list[str]:
    return [
        each.name for each in profile.rglob("*") if each.is_file() and b"heron" in each.read_bytes()
    ]


def is_set(profile: Path) -> bool:
    settings = json.loads(next(profile.rglob("settings.json")).read_text(encoding="utf-8"))
    return bool(settings["history"]["encrypted"])


def test_there_and_back_with_the_key_in_the_keyring(
    secret_service: SecretService, profile: Path
) -> None:
    code, out, err = captioner(secret_service, profile, "history", "encrypt")
    assert code == 0, err
    assert out.startswith("The transcripts are encrypted now. ")
    assert out.endswith("history-encrypted.db\n")
    assert is_set(profile)
    assert readable(profile) == []
    code, out, err = captioner(secret_service, profile, "history", "search", "heron")
    assert (code, SAID in out) == (0, True), err
    code, out, err = captioner(secret_service, profile, "history", "check", "--json")
    assert json.loads(out)["is_encrypted"] is True, err
    code, out, err = captioner(secret_service, profile, "history", "decrypt")
    assert out.startswith("The transcripts are no longer encrypted. "), err
    assert not is_set(profile)
    assert readable(profile) == ["history.db"]


def test_without_a_keyring_all_stays_as_it_is(
    no_secret_service: SecretService, profile: Path
) -> None:
    code, _, err = captioner(no_secret_service, profile, "history", "encrypt")
    assert code == ExitCode.UNSUPPORTED
    assert "no keyring" in err
    assert "GNOME Keyring, KWallet" in err
    assert readable(profile) == ["history.db"]
    assert list(profile.rglob("settings.json")) == []
