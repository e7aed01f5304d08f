"""The history's file: found again, searched, deleted for good, upgraded, and recovered."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from captioner.core.errors import ConfigurationError
from captioner.core.hypothesis import Word
from captioner.core.segment import Gap, Segment
from captioner.transcript.export import TranscriptFormat
from captioner.transcript.history import looking
from captioner.transcript.history.database import DAMAGED, open_history
from captioner.transcript.history.exporting import exported
from captioner.transcript.history.records import Batch, KeptSegment, Run
from captioner.transcript.history.recovery import recover, what_is_damaged
from captioner.transcript.history.schema import VERSION, version_of
from captioner.transcript.history.writing import delete_before, delete_runs, keep, tidy

_VERSION_1 = Path(__file__).with_name("version_1.sql")


def batch(key: str, *texts: str, started_at: float = 1000.0) -> Batch:
    """Return a run in which each text takes a second."""
    finals = [
        (
            key,
            KeptSegment(
                Segment(number, text, is_final=True, start_ms=number * 1000, end_ms=number + 900),
                started_at + number,
            ),
        )
        for number, text in enumerate(texts)
    ]
    return Batch(runs={key: Run(key, started_at)}, finals=finals)


def texts(found: list[looking.Found]) -> list[str]:
    return [each.kept.segment.text for each in found]


def test_what_is_kept_is_found_again_whole_and_once(tmp_path: Path) -> None:
    word = Word("Hello", 0, 400, 0.5, 2)
    segment = Segment(
        0, "Hello", is_final=True, start_ms=0, end_ms=400, channel="You", words=(word,)
    )
    news = Batch(
        runs={"a": Run("a", 1000.0, 1010.0, "Speakers", "Embedded engine", "en-US", "m")},
        finals=[("a", KeptSegment(segment, 1001.0))],
        gaps=[("a", Gap(500, 900, "Away", "You"))],
        unfinished={
            ("a", ""): KeptSegment(Segment(1, "and", is_final=False, start_ms=1, end_ms=2), 9)
        },
    )
    path = tmp_path / "new" / "history.db"
    with closing(open_history(path)) as connection:
        keep(connection, news)
        keep(connection, news)  # after an error nobody knows whether it was written
    with closing(open_history(path)) as connection:
        (run,) = looking.runs(connection)
        assert run.run == news.runs["a"]
        assert (run.segments, run.last_at) == (1, 1001.0)
        assert [each.segment for each in looking.segments(connection, run.number)] == [segment]
        assert looking.gaps(connection, run.number) == [Gap(500, 900, "Away", "You")]
        assert [each.segment.text for each in looking.unfinished(connection, run.number)] == ["and"]
        keep(connection, Batch(runs=news.runs, unfinished={("a", ""): None}))
        assert looking.unfinished(connection, run.number) == []
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_search_knows_beginnings_phrases_accents_and_scripts_without_spaces(tmp_path: Path) -> None:
    with closing(open_history(tmp_path / "history.db")) as connection:
        keep(
            connection,
            batch(
                "a", "The cafeteria is open", "open the café", "東京は今日も晴れです", "50%_ off"
            ),
        )
        assert texts(looking.search(connection, "cafe")) == [
            "open the café",
            "The cafeteria is open",
        ]
        assert texts(looking.search(connection, '"is open"')) == ["The cafeteria is open"]
        assert texts(looking.search(connection, "今日")) == ["東京は今日も晴れです"]
        assert texts(looking.search(connection, "%")) == ["50%_ off"]
        assert texts(looking.search(connection, 'AND "OR (NEAR* -x:')) == []
        (found,) = looking.search(connection, "open caf", until=1001.0)
        text = found.kept.segment.text
        assert [text[begin:end] for begin, end in found.marks] == ["cafeteria", "open"]
        (found,) = looking.search(connection, "今日")
        assert found.marks == ((3, 5),)


def test_what_is_deleted_is_nowhere_in_the_files(tmp_path: Path) -> None:
    path = tmp_path / "history.db"

    def is_on_disk(word: bytes) -> bool:
        return any(word in file.read_bytes().lower() for file in tmp_path.iterdir())

    with closing(open_history(path)) as connection:
        keep(connection, batch("a", "zebra xylophone", "old"))
        keep(connection, batch("b", "quagga marimba", "new", started_at=5000.0))
        assert is_on_disk(b"xylophone")
        old = looking.runs(connection)[-1].number
        assert delete_runs(connection, [old, 99]) == 1
        tidy(connection)
        assert not is_on_disk(b"xylophone")
        assert delete_before(connection, 5001.0) == 1
        tidy(connection)
        assert not is_on_disk(b"marimba")
        assert texts(looking.search(connection, "new")) == ["new"]
        assert looking.count(connection) == (1, 1)
        delete_before(connection, 9000.0)
        assert looking.count(connection) == (0, 0)


def test_a_file_of_version_1_is_brought_to_the_present_one(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(_VERSION_1.read_text(encoding="utf-8"))
    with closing(open_history(path)) as connection:
        assert version_of(connection) == VERSION
        assert what_is_damaged(connection) == ""
        (run,) = looking.runs(connection)
        assert (run.number, run.run.source, run.segments) == (3, "Speakers", 2)
        first, second = (each.segment for each in looking.segments(connection, 3))
        assert first.words == (Word("Grüße", 0, 400, 0.9, 0),)
        assert (second.channel, second.promoted) == ("You", True)
        assert [each.segment.text for each in looking.unfinished(connection, 3)] == ["half a sent"]
        assert len(looking.gaps(connection, 3)) == 1
        assert texts(looking.search(connection, "koln")) == ["Grüße aus Köln"]
        assert texts(looking.search(connection, "gr")) == ["Grüße aus Köln"]
        keep(connection, batch("b", "new"))
        assert looking.runs(connection)[0].run.key in {"a", "b"}


def test_a_file_of_a_newer_captioner_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    open_history(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(ConfigurationError, match="version 99"):
        open_history(path)
    with closing(sqlite3.connect(path)) as connection:
        assert version_of(connection) == 99


def test_what_a_damaged_file_still_says_is_in_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    with closing(open_history(path)) as connection:
        for number in range(40):
            keep(connection, batch(f"run {number}", *[f"{n} {'word ' * 40}" for n in range(25)]))
        tidy(connection)
        page = connection.execute("PRAGMA page_size").fetchone()[0]
    content = bytearray(path.read_bytes())
    middle = len(content) // page // 2
    for number in range(middle - 2, middle + 2):
        content[number * page : (number + 1) * page] = b"\xa5" * page
    path.write_bytes(content)
    with closing(open_history(path)) as connection:
        assert what_is_damaged(connection)

    recovery = recover(path)
    assert recovery is not None
    assert recovery.aside.read_bytes() == bytes(content)
    assert 500 < recovery.segments < 1000
    with closing(open_history(path)) as connection:
        assert what_is_damaged(connection) == ""
        assert looking.count(connection)[1] == recovery.segments
        assert len(looking.search(connection, "word", limit=1000)) == recovery.segments
    assert recover(path) is None, "a sound file is left alone"


def test_a_file_that_is_no_database_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    path.write_bytes(b"this is a letter, not a database\n" * 100)
    with pytest.raises(ConfigurationError) as caught:
        open_history(path)
    assert caught.value.code == DAMAGED
    recovery = recover(path)
    assert recovery is not None
    assert recovery.segments == 0
    assert recovery.aside.read_bytes().startswith(b"this is a letter")
    open_history(path).close()


def test_words_are_read_only_where_they_are_asked_for(tmp_path: Path) -> None:
    alone = Word("[1]", 0, 10, 0.5)
    voices = (Word("Yes", 0, 10, 0.5, 1), Word("no", 10, 20, 0.5, 12))
    finals = [
        ("a", KeptSegment(Segment(number, text, True, number, number + 1, words=words), number))  # noqa: FBT003
        for number, (text, words) in enumerate((("[1]", (alone,)), ("Yes no", voices)))
    ]
    with closing(open_history(tmp_path / "history.db")) as connection:
        keep(connection, Batch(runs={"a": Run("a", 0.0)}, finals=finals))
        found = {
            words: [each.segment.words for each in looking.segments(connection, 1, words=words)]
            for words in looking.Words
        }
        text = exported(connection, looking.runs(connection), TranscriptFormat.TXT)
    assert found == {
        looking.Words.ALL: [(alone,), voices],
        looking.Words.VOICES: [(), voices],
        looking.Words.NONE: [(), ()],
    }
    assert text == "[1]\nSpeaker 1: Yes\nSpeaker 12: no\n"
