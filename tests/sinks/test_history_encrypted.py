"""The history as a sink, encrypted: switched while captions run, and keys that are not there."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from captioner.core.events import StateChanged
from captioner.core.state import SessionState
from captioner.settings.models import Settings
from captioner.transcript.history.converting import convert, share_done
from captioner.transcript.history.database import reading
from captioner.transcript.history.files import encrypted_file, kept_file
from captioner.transcript.history.sealing import sealed_files
from tests.sinks.test_history import Keeping, caption, wait_for
from tests.support.key_ring import Ring
from tests.support.secret_service import SecretService

ENCRYPTED = Settings.model_validate({"history": {"encrypted": True}})


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("captioner.sinks.history._RETRY_S", 0.05)


def texts(path: Path) -> list[str]:
    with reading(path) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM segment ORDER BY id")]


def test_it_is_encrypted_and_made_plain_while_captions_run(tmp_path: Path, ring: Ring) -> None:
    keeping = Keeping(tmp_path)
    other = Keeping(tmp_path)  # as another process, which follows no settings
    keeping.sink(caption(0, "the first"))
    wait_for(lambda: len(keeping.texts()) == 1)
    other.sink(caption(0, "the other one"))
    wait_for(lambda: len(keeping.texts()) == 2)
    for number, settings in enumerate((ENCRYPTED, Settings(), ENCRYPTED), start=1):
        keeping.sink.apply(settings)
        keeping.sink(caption(number, f"number {number}"))
        wait_for(lambda: len(keeping.told) == number)  # noqa: B023
        other.sink(caption(number, f"other {number}"))
        wait_for(lambda: len(texts(keeping.file)) == 2 * number + 2)  # noqa: B023
    keeping.sink.close()
    other.sink.close()
    assert kept_file(keeping.file) == encrypted_file(keeping.file)
    assert not keeping.file.exists()
    assert keeping.told == [
        "The transcripts are encrypted now.",
        "The transcripts are no longer encrypted.",
        "The transcripts are encrypted now.",
    ]
    assert other.told == []
    assert ring.key is not None


def test_the_end_of_the_program_does_not_wait_for_it(
    tmp_path: Path, ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeping = Keeping(tmp_path)
    for number in range(3000):
        keeping.sink(caption(number, f"number {number}"))
    wait_for(lambda: len(keeping.texts()) == 3000)
    monkeypatch.setattr("captioner.transcript.history.copying._AT_ONCE", 2)
    keeping.sink.apply(ENCRYPTED)
    wait_for(lambda: share_done(keeping.file) is not None)
    keeping.sink(caption(3000, "the last one"))
    keeping.sink.close()
    assert keeping.texts()[-1] == "the last one"
    assert share_done(keeping.file) is None

    monkeypatch.setattr("captioner.transcript.history.copying._AT_ONCE", 2000)
    keeping = Keeping(tmp_path, ENCRYPTED)
    wait_for(lambda: keeping.told == ["The transcripts are encrypted now."])
    keeping.sink.close()
    assert texts(keeping.file)[-1] == "the last one"


def test_a_lost_key_is_said_and_the_file_is_set_aside(tmp_path: Path, ring: Ring) -> None:
    keeping = Keeping(tmp_path, ENCRYPTED)
    keeping.sink(caption(0, "what nobody will read"))
    wait_for(lambda: texts(keeping.file) == ["what nobody will read"])
    keeping.sink.close()
    kept = encrypted_file(keeping.file).read_bytes()
    ring.key = secrets.token_hex(32)

    keeping = Keeping(tmp_path, ENCRYPTED)
    wait_for(lambda: keeping.told)
    keeping.sink(caption(0, "and on it goes"))
    wait_for(lambda: texts(keeping.file) == ["and on it goes"])
    keeping.sink.close()
    assert "does not open the transcripts" in keeping.told[0]
    assert "set aside untouched as history-encrypted.db.without-key-" in keeping.told[0]
    (aside,) = tmp_path.glob("*.without-key-*")
    assert aside.read_bytes() == kept


def test_what_is_said_while_the_keyring_is_locked_outlives_the_program(
    tmp_path: Path, ring: Ring
) -> None:
    Keeping(tmp_path, ENCRYPTED).sink.close()
    assert not encrypted_file(tmp_path / "history.db").exists(), "nothing was said yet"
    ring.is_locked = True
    keeping = Keeping(tmp_path, ENCRYPTED)
    keeping.sink(StateChanged(SessionState.STARTING))
    for number in range(3):
        keeping.sink(caption(number, f"unheard of {number}"))
        wait_for(lambda: len(sealed_files(keeping.file)) > number)  # noqa: B023  # on the disk
    keeping.sink.close()
    assert len(keeping.told) == 1
    assert not any(b"unheard of" in file.read_bytes() for file in tmp_path.iterdir())
    assert all(file.stat().st_mode & 0o077 == 0 for file in sealed_files(keeping.file))

    ring.is_locked = False
    keeping = Keeping(tmp_path, ENCRYPTED)
    keeping.sink(caption(0, "after"))
    keeping.sink.close()
    assert texts(keeping.file) == [*(f"unheard of {n}" for n in range(3)), "after"]
    assert sealed_files(keeping.file) == []


def test_what_was_sealed_goes_along_into_a_plain_file(tmp_path: Path, ring: Ring) -> None:
    file = tmp_path / "history.db"
    for is_locked, text in ((False, "open"), (True, "sealed")):
        ring.is_locked = is_locked
        keeping = Keeping(tmp_path, ENCRYPTED)
        keeping.sink(caption(0, text))
        keeping.sink.close()
    ring.is_locked = False
    assert convert(file, encrypted=False)
    assert Keeping.texts(keeping) == ["open", "sealed"]


def test_what_was_sealed_for_a_lost_key_is_left_as_it_is(tmp_path: Path, ring: Ring) -> None:
    for is_locked in (False, True):
        ring.is_locked = is_locked
        keeping = Keeping(tmp_path, ENCRYPTED)
        keeping.sink(caption(0, "for the old key"))
        keeping.sink.close()
    (sealed,) = sealed_files(keeping.file)
    content = sealed.read_bytes()
    ring.is_locked, ring.key = False, secrets.token_hex(32)
    keeping = Keeping(tmp_path, ENCRYPTED)
    keeping.sink(caption(0, "for the new key"))
    wait_for(lambda: encrypted_file(keeping.file).exists() and keeping.told)
    keeping.sink.close()
    assert texts(keeping.file) == ["for the new key"]
    assert sealed.with_suffix(".without-key").read_bytes() == content


def test_a_plain_file_takes_what_waited_for_a_keyring_until_the_end(
    tmp_path: Path, ring: Ring
) -> None:
    keeping = Keeping(tmp_path)
    keeping.sink(caption(0, "plain"))
    wait_for(lambda: keeping.texts() == ["plain"])
    ring.is_locked = True
    keeping.sink.apply(ENCRYPTED)
    wait_for(lambda: keeping.told)
    keeping.sink(caption(1, "still plain"))
    keeping.sink.close()
    assert keeping.texts() == ["plain", "still plain"]


_STORY = """
import json, sys, time
from pathlib import Path
import secretstorage
from secretstorage.util import DBusAddressWrapper, format_secret, open_session
from captioner.core.events import CaptionChanged
from captioner.core.segment import Segment
from captioner.settings.history_key import history_key
from captioner.settings.models import Settings
from captioner.sinks import history
from captioner.transcript.history.converting import share_done
from captioner.transcript.history.database import reading
from captioner.transcript.history.keys import keys_come_from
from tests.sinks.test_history import wait_for

_GNOME = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface"
keys_come_from(history_key)
history._RETRY_S = 0.05
told = []
bus = secretstorage.dbus_init()
secretstorage.get_default_collection(bus).lock()
settings = Settings.model_validate({"history": {"encrypted": True}})
folder = Path(sys.argv[1])
sink = history.HistorySink(settings, folder, told.append)
segment = Segment(0, "said while it was locked", True, 0, 900)
sink(CaptionChanged(segment, segment.text))
wait_for(lambda: told)
time.sleep(0.3)  # several tries: the user is told once, and asked once
files = [each.name for each in folder.iterdir()]
keyring = DBusAddressWrapper("/org/freedesktop/secrets", _GNOME, bus)
password = format_secret(open_session(bus), b"password of a keyring that lives for one test", "")
keyring.call(
    "UnlockWithMasterPassword", "o(oayays)", "/org/freedesktop/secrets/collection/login", password
)
wait_for(lambda: len(told) == 2)
sink.close()
with reading(folder / "history.db") as connection:
    texts = [row[0] for row in connection.execute("SELECT text FROM segment")]
print(json.dumps([told, files, texts, sorted(each.name for each in folder.iterdir())]))
"""


def test_captions_wait_for_a_locked_keyring(secret_service: SecretService, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _STORY, str(tmp_path)],
        env=secret_service.environ,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    told, files_while_locked, found, files = json.loads(done.stdout)
    assert told[0].startswith("The key of the transcripts cannot be had. The keyring (")
    assert "is locked. Unlock the keyring" in told[0]
    assert told[1] == "Transcripts are kept again, with all that waited."
    assert files_while_locked == []
    assert found == ["said while it was locked"]
    assert files == ["history-encrypted.db", "history-encrypted.seal"]
