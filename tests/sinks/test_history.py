"""The history as a sink: what is kept of a session, how soon, and what a bad disk does to it."""

from __future__ import annotations

import resource
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from captioner.core.events import (
    CaptionChanged,
    EngineChanged,
    GapMarked,
    SourceChanged,
    StateChanged,
)
from captioner.core.segment import Gap, Segment
from captioner.core.state import SessionState
from captioner.settings.models import Settings
from captioner.sinks.history import HistorySink
from captioner.transcript.history import looking
from captioner.transcript.history.database import open_history

PRIVATE = Settings.model_validate({"history": {"is_kept": False}})


def caption(
    number: int, text: str, *, is_final: bool = True, at_ms: int = 0, channel: str = ""
) -> CaptionChanged:
    segment = Segment(number, text, is_final, at_ms, at_ms + 900, channel=channel)
    return CaptionChanged(segment, text)


def wait_for(condition: Callable[[], object], limit_s: float = 10.0) -> None:
    give_up = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < give_up, "the condition did not become true in time"
        time.sleep(0.005)


class Keeping:
    """A sink, what it said, and what is in its file."""

    def __init__(self, folder: Path, settings: Settings | None = None) -> None:
        self.file = folder / "history.db"
        self.told: list[str] = []
        self.sink = HistorySink(settings or Settings(), folder, self.told.append)

    def texts(self) -> list[str]:
        """Return all finals, in the order in which they were written."""
        if not self.file.exists():
            return []
        with closing(sqlite3.connect(self.file)) as connection:
            try:
                return [r[0] for r in connection.execute("SELECT text FROM segment ORDER BY id")]
            except sqlite3.OperationalError:
                return []

    def runs(self) -> list[looking.KeptRun]:
        with closing(open_history(self.file)) as connection:
            return looking.runs(connection)


@pytest.fixture
def keeping(tmp_path: Path) -> Iterator[Keeping]:
    found = Keeping(tmp_path)
    yield found
    found.sink.close()


def test_a_final_is_on_the_disk_within_a_second(keeping: Keeping) -> None:
    keeping.sink(StateChanged(SessionState.STARTING))
    keeping.sink(caption(0, "first", is_final=False))
    keeping.sink(caption(0, "first"))
    began = time.monotonic()
    wait_for(lambda: keeping.texts() == ["first"])
    for number in range(1, 6):
        began = time.monotonic()
        keeping.sink(caption(number, f"word {number}"))
        wait_for(lambda: len(keeping.texts()) == number + 1)  # noqa: B023
        assert time.monotonic() - began < 1.0


def test_a_run_is_described_and_counts_its_own_time(keeping: Keeping) -> None:
    sink = keeping.sink
    sink(StateChanged(SessionState.STARTING))
    sink(SourceChanged("system", "Speakers"))
    sink(EngineChanged("riva.example.org:50051"))
    sink(caption(0, "one", at_ms=100))
    sink(GapMarked(Gap(2000, 2500, "Away")))
    sink(EngineChanged("Embedded engine"))
    sink(StateChanged(SessionState.IDLE))
    sink(StateChanged(SessionState.STARTING))
    sink(SourceChanged("microphone", "Headset"))
    sink(caption(1, "two", at_ms=60_000))
    sink(caption(2, "", at_ms=61_000))
    sink(StateChanged(SessionState.IDLE))
    sink(StateChanged(SessionState.STARTING))  # says nothing, so nothing is kept of it
    sink.close()
    second, first = keeping.runs()
    assert first.run.source == "Speakers"
    assert first.run.engine == "riva.example.org:50051, Embedded engine"
    assert first.run.ended_at is not None
    assert second.run.source == "Headset"
    with closing(open_history(keeping.file)) as connection:
        (said,) = looking.segments(connection, first.number)
        assert said.segment.start_ms == 100
        assert looking.gaps(connection, first.number) == [Gap(2000, 2500, "Away")]
        (said,) = looking.segments(connection, second.number)
        assert said.segment.start_ms == 0
        assert abs(said.spoken_at - time.time()) < 10


def test_private_mode_leaves_no_trace_also_in_the_middle(keeping: Keeping) -> None:
    sink = keeping.sink
    sink(StateChanged(SessionState.STARTING))
    sink(caption(0, "before"))
    sink(caption(1, "half of i", is_final=False))
    sink.apply(PRIVATE)
    sink(caption(1, "half of it"))
    sink(caption(2, "secret"))
    sink(caption(3, "half sec", is_final=False))
    sink.apply(Settings())
    sink(caption(3, "half secret"))
    sink(caption(4, "after"))
    sink.close()
    assert keeping.texts() == ["before", "after"]
    assert len(keeping.runs()) == 2
    content = b"".join(file.read_bytes() for file in keeping.file.parent.iterdir())
    assert b"half" not in content
    assert b"secret" not in content


def test_private_from_the_beginning_makes_no_file(tmp_path: Path) -> None:
    keeping = Keeping(tmp_path / "data", PRIVATE)
    keeping.sink(StateChanged(SessionState.STARTING))
    keeping.sink(caption(0, "secret"))
    keeping.sink.close()
    assert not (tmp_path / "data").exists()


def test_two_writers_of_one_profile_lose_nothing(tmp_path: Path) -> None:
    both = [Keeping(tmp_path), Keeping(tmp_path)]
    for number in range(200):
        for name, keeping in enumerate(both):
            keeping.sink(caption(number, f"{name} says {number}"))
    for keeping in both:
        keeping.sink.close()
    assert sorted(both[0].texts()) == sorted(f"{n} says {m}" for n in (0, 1) for m in range(200))
    assert both[0].told == []


def test_what_comes_while_the_file_is_locked_is_written_later(
    keeping: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "captioner.sinks.history.open_history", lambda p, **more: open_history(p, wait_s=0, **more)
    )
    monkeypatch.setattr("captioner.sinks.history._RETRY_S", 0.05)
    open_history(keeping.file).close()
    with closing(sqlite3.connect(keeping.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for number in range(3):
            keeping.sink(caption(number, f"word {number}"))
        wait_for(lambda: keeping.told)
        other.execute("ROLLBACK")
    wait_for(lambda: len(keeping.texts()) == 3)
    wait_for(lambda: len(keeping.told) == 2)
    assert "Another program holds" in keeping.told[0]
    assert "again" in keeping.told[1]


def test_a_full_disk_is_said_once_and_all_is_written_when_there_is_room(
    keeping: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("captioner.sinks.history._RETRY_S", 0.05)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    keeping.sink(caption(0, "word 0"))
    wait_for(lambda: keeping.texts() == ["word 0"])
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))  # the system refuses to write more
    try:
        for number in range(1, 3000):
            keeping.sink(caption(number, f"word {number} " + "x" * 100))
        wait_for(lambda: keeping.told)
        time.sleep(0.2)  # several attempts
        assert len(keeping.told) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    wait_for(lambda: len(keeping.texts()) == 3000)
    assert [text.split()[1] for text in keeping.texts()] == [str(n) for n in range(3000)]


def test_nothing_but_a_bounded_number_waits_where_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("captioner.sinks.history._MOST_WAITING", 50)
    (tmp_path / "data").write_text("a file, where a folder should be")
    keeping = Keeping(tmp_path / "data")
    for number in range(80):
        keeping.sink(caption(number, f"word {number}"))
    wait_for(lambda: keeping.told)
    assert "cannot be kept" in keeping.told[0]
    keeping.sink.close()
    assert keeping.sink.dropped == 30


def test_a_damaged_file_is_said_and_captions_go_into_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "history.db").write_bytes(b"no database at all" * 500)
    keeping = Keeping(tmp_path)
    wait_for(lambda: keeping.told)
    assert "was damaged and was set aside as history.db.damaged-" in keeping.told[0]
    keeping.sink(caption(0, "goes on"))
    wait_for(lambda: keeping.texts() == ["goes on"])
    keeping.sink.close()


def test_a_file_that_somebody_takes_away_is_made_again(keeping: Keeping) -> None:
    keeping.sink(caption(0, "one"))
    wait_for(lambda: keeping.texts() == ["one"])
    for file in keeping.file.parent.iterdir():
        file.unlink()
    keeping.sink(caption(1, "two"))
    wait_for(lambda: keeping.texts() == ["two"])
    assert len(keeping.runs()) == 1


def test_what_is_older_than_wanted_goes(tmp_path: Path) -> None:
    keeping = Keeping(tmp_path)
    keeping.sink(caption(0, "old"))
    keeping.sink(caption(1, "new"))
    keeping.sink.close()
    with closing(sqlite3.connect(keeping.file)) as connection:
        connection.execute("UPDATE segment SET spoken_at = spoken_at - 86400 * 8 WHERE number = 0")
        connection.commit()
    keeping = Keeping(tmp_path, Settings.model_validate({"history": {"keep_days": 7}}))
    wait_for(lambda: keeping.texts() == ["new"])
    keeping.sink.close()
    assert keeping.told == []


def test_texts_are_never_in_the_log(
    keeping: Keeping, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(0)
    keeping.sink(caption(0, "confidential"))
    wait_for(keeping.texts)
    for file in tmp_path.iterdir():
        file.write_bytes(b"ruined" * 5000)
    keeping.sink(caption(1, "confidential as well"))
    wait_for(lambda: keeping.told)
    keeping.sink.close()
    assert "confidential" not in caplog.text


def test_another_folder_takes_the_transcripts_along(tmp_path: Path) -> None:
    keeping = Keeping(tmp_path / "old")
    keeping.sink(caption(0, "before"))
    wait_for(lambda: keeping.texts() == ["before"])
    elsewhere = Settings.model_validate({"history": {"folder": str(tmp_path / "new" / "place")}})
    keeping.sink.apply(elsewhere)
    keeping.sink(caption(1, "after"))
    keeping.sink.close()
    assert keeping.told == []
    assert list((tmp_path / "old").iterdir()) == []
    keeping.file = tmp_path / "new" / "place" / "history.db"
    assert keeping.texts() == ["before", "after"]
    assert keeping.file.stat().st_mode & 0o777 == 0o600
    assert len(keeping.runs()) == 1


def test_transcripts_that_are_there_already_are_not_written_over(tmp_path: Path) -> None:
    for folder in ("old", "new"):
        keeping = Keeping(tmp_path / folder)
        keeping.sink(caption(0, folder))
        keeping.sink.close()
    keeping = Keeping(tmp_path / "old")
    wait_for(lambda: keeping.sink._cleaned)
    keeping.sink.apply(Settings.model_validate({"history": {"folder": str(tmp_path / "new")}}))
    wait_for(lambda: keeping.told)
    assert "are used from now on" in keeping.told[0]
    keeping.sink(caption(1, "more"))
    keeping.sink.close()
    assert keeping.texts() == ["old"]
    keeping.file = tmp_path / "new" / "history.db"
    assert keeping.texts() == ["new", "more"]


def test_a_folder_that_refuses_is_said_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("captioner.sinks.history._RETRY_S", 0.05)
    keeping = Keeping(tmp_path / "old")
    keeping.sink(caption(0, "before"))
    wait_for(lambda: keeping.texts() == ["before"])
    (tmp_path / "file").touch()
    keeping.sink.apply(Settings.model_validate({"history": {"folder": str(tmp_path / "file")}}))
    keeping.sink(caption(1, "after"))
    wait_for(lambda: keeping.told)
    assert keeping.texts() == ["before"]
    keeping.sink.apply(Settings())
    wait_for(lambda: keeping.texts() == ["before", "after"])
    keeping.sink.close()
