"""An encrypted history: nothing to be read in it, the way there and back, and lost keys."""

from __future__ import annotations

import random
import secrets
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from captioner.core.errors import CaptionerError, UnsupportedError
from captioner.core.segment import Gap, Segment
from captioner.transcript.history import keys, looking
from captioner.transcript.history.converting import convert, settle, share_done
from captioner.transcript.history.database import file_size, open_history, reading
from captioner.transcript.history.files import encrypted_file, kept_file
from captioner.transcript.history.moving import move_history
from captioner.transcript.history.records import Batch, KeptSegment, Run
from captioner.transcript.history.recovery import put_away, recover, what_is_damaged
from captioner.transcript.history.schema import MOVED
from captioner.transcript.history.writing import delete_runs, keep, tidy
from tests.support.key_ring import Ring

PLANTED = "The heron crossed the marshalling yard"


@pytest.fixture
def path(tmp_path: Path, ring: Ring) -> Path:
    """A plain history of three runs, the last one deleted."""
    found = tmp_path / "data" / "history.db"
    with closing(open_history(found)) as connection:
        for name in ("a", "b", "gone"):
            say(connection, name, 0, f"{PLANTED}, {name}")
        delete_runs(connection, [3])
        open_one = KeptSegment(Segment(1, "and then", is_final=False, start_ms=5, end_ms=9), 5.0)
        batch = Batch(runs={"b": Run("b", 1.0)}, gaps=[("b", Gap(1, 2, "Away"))])
        batch.unfinished["b", ""] = open_one
        keep(connection, batch)
    return found


def say(connection: sqlite3.Connection, run: str, number: int, *texts: str) -> None:
    """Keep captions in ``run``, the first one as ``number``."""
    finals = []
    for place, text in enumerate(texts, start=number):
        segment = Segment(
            place, text, is_final=True, start_ms=place * 1000, end_ms=place * 1000 + 9
        )
        finals.append((run, KeptSegment(segment, 1.0 + place)))
    keep(connection, Batch(runs={run: Run(run, 1.0)}, finals=finals))


def contents(path: Path) -> tuple[object, ...]:
    with reading(path) as connection:
        runs = looking.runs(connection)
        return (
            runs,
            [list(looking.segments(connection, run.number)) for run in runs],
            [looking.gaps(connection, run.number) for run in runs],
            [looking.unfinished(connection, run.number) for run in runs],
            [found.kept for found in looking.search(connection, "heron yard")],
        )


def texts(path: Path) -> list[str]:
    with reading(path) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM segment ORDER BY id")]


def files_with(text: str, folder: Path) -> list[str]:
    """Return the files in which ``text`` can be read, whatever else is in them."""
    return [
        each.name
        for each in folder.rglob("*")
        if each.is_file() and text.encode() in each.read_bytes()
    ]


def test_there_and_back_everything_is_as_before(path: Path) -> None:
    before = contents(path)
    plain, encrypted = path, encrypted_file(path)
    assert files_with("heron", path.parent) == ["history.db"]
    seen: list[tuple[int, int]] = []
    assert convert(path, encrypted=True, progress=lambda *now: seen.append(now))
    assert seen == [(2, 2)]
    assert contents(path) == before
    assert not plain.exists()
    assert encrypted.stat().st_mode & 0o777 == 0o600
    with closing(open_history(path)) as connection:
        say(connection, "c", 0, f"{PLANTED}, c")
        # As it is written, with everything that lies beside the file.
        assert files_with("heron", path.parent) == []
        assert files_with("marshalling", path.parent) == []
        assert what_is_damaged(connection, thorough=True) == ""
        newest = max(each.number for each in looking.runs(connection))
        assert newest > 3, "no number is given twice"
        delete_runs(connection, [newest])
        tidy(connection)
    assert not convert(path, encrypted=True)
    assert convert(path, encrypted=False)
    assert contents(path) == before
    names = sorted(each.name for each in path.parent.iterdir())
    assert names == ["history-encrypted.seal", "history.db", "history.db.lock"]
    assert files_with("heron", path.parent) == ["history.db"]


def test_a_new_one_begins_encrypted_and_moves_along(path: Path, tmp_path: Path) -> None:
    new = tmp_path / "new" / "history.db"
    with closing(open_history(new, encrypted=True)) as connection:
        say(connection, "a", 0, PLANTED)
    assert kept_file(new) == encrypted_file(new)
    elsewhere = tmp_path / "elsewhere" / "history.db"
    assert move_history(new, elsewhere)
    assert texts(elsewhere) == [PLANTED]
    assert files_with("heron", new.parent) == files_with("heron", elsewhere.parent) == []


def test_who_writes_meanwhile_loses_nothing(path: Path) -> None:
    """Each caption is in the file that counts, or its writer was told to look again."""
    is_over = threading.Event()
    written: list[str] = []

    def write() -> None:
        connection = open_history(path)
        while not is_over.wait(0.005):
            text = f"word {len(written)}"
            try:
                say(connection, "live", len(written), text)
            except CaptionerError as error:
                if error.code != MOVED:
                    raise
                connection.close()
                connection = open_history(path)
            else:
                written.append(text)
        connection.close()

    with closing(open_history(path)) as connection:
        say(connection, "long", 0, *(f"{PLANTED} {number}" for number in range(5000)))
    writer = threading.Thread(target=write)
    writer.start()
    for is_encrypted in (True, False, True):
        assert convert(path, encrypted=is_encrypted)
        so_far = len(written)
        while len(written) < so_far + 5:
            assert writer.is_alive()
    is_over.set()
    writer.join()
    found = texts(path)
    assert set(written) <= set(found)
    assert len(found) == len(set(found))
    assert files_with("heron", path.parent) == []


_CONVERTER = """
import sys
from pathlib import Path
from captioner.transcript.history import keys
from captioner.transcript.history.converting import convert
path, key = Path(sys.argv[1]), sys.argv[2]
keys.keys_come_from(lambda new: key)
print("begin", flush=True)
for turn in range(1000):
    convert(path, encrypted=turn % 2 == 0)
"""


@pytest.mark.parametrize(
    "rounds", [4, pytest.param(25, marks=[pytest.mark.slow, pytest.mark.timeout(600)])]
)
def test_killed_at_any_moment_nothing_is_lost(path: Path, ring: Ring, rounds: int) -> None:
    """The key is one of this test alone, so that it may stand among the arguments."""
    ring.key = secrets.token_hex(32)
    with closing(open_history(path)) as connection:
        say(connection, "long", 0, *(f"{PLANTED} {number}" for number in range(300)))
    before = contents(path)
    moments = random.Random(7)  # noqa: S311  # moments, not secrets
    for _ in range(rounds):
        converter = subprocess.Popen(
            [sys.executable, "-c", _CONVERTER, str(path), ring.key], stdout=subprocess.PIPE
        )
        assert converter.stdout is not None
        converter.stdout.readline()
        time.sleep(moments.uniform(0.0, 0.4))
        is_alive = converter.poll() is None
        converter.kill()
        converter.communicate()
        assert is_alive
        settle(path)
        with closing(open_history(path)) as connection:
            assert what_is_damaged(connection, thorough=True) == ""
        assert contents(path) == before
    convert(path, encrypted=False)
    convert(path, encrypted=True)
    assert contents(path) == before
    assert files_with("heron", path.parent) == []
    names = {each.name for each in path.parent.iterdir()}
    assert names == {"history-encrypted.db", "history-encrypted.seal", "history.db.lock"}


def test_a_plain_file_beside_it_is_taken_in(path: Path, tmp_path: Path) -> None:
    """As an older Captioner would write one, or somebody who brings a copy back."""
    convert(path, encrypted=True)
    before = texts(path)
    other = tmp_path / "other" / "history.db"
    with closing(open_history(other)) as connection:
        say(connection, "a", 0, f"{PLANTED}, a")
        say(connection, "elsewhere", 0, f"{PLANTED}, elsewhere")
    other.rename(path)
    settle(path)
    assert texts(path) == [*before, f"{PLANTED}, elsewhere"]
    assert files_with("heron", path.parent) == []

    path.write_bytes(b"no database at all, though it was to be one" * 100)
    settle(path)
    (aside,) = path.parent.glob("*.damaged-*")
    assert aside.read_bytes().startswith(b"no database")
    assert len(texts(path)) == 3


def test_a_lost_key_and_a_locked_keyring(path: Path, ring: Ring) -> None:
    convert(path, encrypted=True)
    kept = encrypted_file(path).read_bytes()
    ring.is_locked = True
    with pytest.raises(UnsupportedError, match="is locked"):
        open_history(path)
    ring.is_locked = False
    for lost in (None, secrets.token_hex(32)):
        ring.key = lost
        with pytest.raises(CaptionerError) as caught, reading(path):
            pass
        assert caught.value.code == keys.KEY_LOST
        assert "Bring back the keyring" in caught.value.hint
    aside = put_away(path)
    assert aside is not None
    assert aside.read_bytes() == kept
    assert contents(path)[0] == []
    with closing(open_history(path, encrypted=True)) as connection:
        say(connection, "a", 0, "on it goes")
    assert texts(path) == ["on it goes"]
    assert put_away(path) is None


def test_a_damaged_one_is_recovered_encrypted(path: Path) -> None:
    with closing(open_history(path)) as connection:
        say(connection, "long", 0, *(f"{PLANTED} {number}" for number in range(800)))
    convert(path, encrypted=True)
    file = encrypted_file(path)
    content = bytearray(file.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = bytes(4096)
    file.write_bytes(content)
    with closing(open_history(path)) as connection:
        assert what_is_damaged(connection)
    recovery = recover(path)
    assert recovery is not None
    assert 600 < recovery.segments <= 802
    assert recovery.aside.read_bytes()[middle : middle + 4096] == bytes(4096)
    assert len(texts(path)) == recovery.segments
    assert files_with("heron", path.parent) == []


def test_no_room_is_said_before_anything_is_done(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("captioner.transcript.history.converting._ROOM_BYTES", 10**15)
    before = contents(path)
    with pytest.raises(CaptionerError, match="no room on the disk") as caught:
        convert(path, encrypted=True)
    assert "Make room for" in caught.value.hint
    assert contents(path) == before
    assert kept_file(path) == path
    assert share_done(path) is None
    assert file_size(path) > 0


@pytest.fixture(autouse=True)
def _threads_end() -> Iterator[None]:
    before = set(threading.enumerate())  # gRPC keeps one of its own for the whole process
    yield
    begun = set(threading.enumerate()) - before
    assert [each.name for each in begun if each.name.startswith("Thread-")] == []
