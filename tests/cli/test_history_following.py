"""A command that captions does as the settings file says, also where that changes meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from captioner.cli.history_following import history_followed
from captioner.settings.paths import ProfilePaths
from captioner.settings.store import load_settings, save_settings
from captioner.sinks.history import HistorySink
from captioner.transcript.history.database import reading
from captioner.transcript.history.files import encrypted_file
from tests.sinks.test_history import caption
from tests.support.key_ring import Ring
from tests.support.wait import until


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("captioner.cli.history_following._LOOK_EVERY_S", 0.01)


def texts(path: Path) -> list[str]:
    with reading(path) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM segment ORDER BY id")]


async def test_encryption_folder_and_privacy_are_followed(tmp_path: Path, ring: Ring) -> None:
    paths = ProfilePaths.under(tmp_path)
    loaded = load_settings(paths)
    told: list[str] = []
    sink = HistorySink(loaded.settings, paths.data_dir, told.append)
    file = paths.data_dir / "history.db"
    async with history_followed(sink, loaded, paths.settings_file):
        sink(caption(0, "the first"))
        await until(lambda: texts(file) == ["the first"])
        save_settings(paths, {"history.encrypted": True})
        await until(lambda: encrypted_file(file).exists() and not file.exists())
        save_settings(paths, {"history.folder": str(tmp_path / "new")})
        moved = tmp_path / "new" / "history.db"
        await until(lambda: encrypted_file(moved).exists() and not encrypted_file(file).exists())
        save_settings(paths, {"history.is_kept": False})
        await until(lambda: not sink._settings.is_kept)
        sink(caption(1, "in private"))
    await asyncio.to_thread(sink.close)
    assert texts(moved) == ["the first"]
    assert ring.key is not None


async def test_what_the_command_line_said_goes_before(tmp_path: Path) -> None:
    paths = ProfilePaths.under(tmp_path)
    loaded = load_settings(paths, overrides={"history.is_kept": False})
    sink = HistorySink(loaded.settings, paths.data_dir, print)
    async with history_followed(sink, loaded, paths.settings_file):
        save_settings(paths, {"history.is_kept": True, "history.keep_days": 3})
        await until(lambda: sink._settings.keep_days == 3)
        sink(caption(0, "in private"))
    await asyncio.to_thread(sink.close)
    assert not (paths.data_dir / "history.db").exists()
