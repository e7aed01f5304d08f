"""Changed settings reach the file, also when the disk refuses for a while."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

from captioner.gui.settings_writer import SettingsWriter
from captioner.settings.paths import ProfilePaths
from captioner.settings.store import load_settings, save_settings
from tests.support.wait import until


def test_what_the_disk_refused_is_written_with_the_next_change_or_at_the_end(
    tmp_path: Path,
) -> None:
    paths = ProfilePaths.under(tmp_path / "profile")
    folder = paths.settings_file.parent
    faults: list[Any] = []

    async def story() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, fault: faults.append(fault))
        writer = SettingsWriter(partial(save_settings, paths))
        folder.write_text("no folder can be made here")
        writer.change({"overlay.lines": 5})
        await until(lambda: len(faults) == 1)
        writer.change({"audio.source": "mic"})
        await until(lambda: len(faults) == 2)
        folder.unlink()
        writer.change({"overlay.size_percent": 150})
        await writer.finish()

    asyncio.run(story())
    saved = load_settings(paths, environ={}).saved
    assert saved.overlay.lines == 5
    assert saved.audio.source == "mic"
    assert saved.overlay.size_percent == 150
