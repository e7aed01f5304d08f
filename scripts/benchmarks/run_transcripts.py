"""How soon transcripts are there to be read: ``run_transcripts PROFILE`` on a display.

The profile's newest transcript is opened as a user opens it, in the window of past transcripts and
then in that of this run, and for comparison in an editor of Qt that gets the bare text at once.
Prints a JSON object of milliseconds: from the command to the first paint with text, what of that
the processor worked, and the longest time for which nothing else had its turn until all lines were
there.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import qasync
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QPlainTextEdit

from captioner.core.events import CaptionChanged
from captioner.gui.front_end import FrontEnd
from captioner.gui.garbage import garbage_collected_here
from captioner.gui.transcript.view import TranscriptView
from captioner.settings.paths import ProfilePaths
from captioner.settings.store import load_settings
from captioner.transcript.history import looking
from captioner.transcript.history.database import reading
from tests.support.scripted_session import ScriptedSession

_LOOK_S = 0.004


class _FirstPaint(QObject):
    """Notes when any editor was painted with text in it."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 0.0
        self.used = 0.0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt's name
        if event.type() is QEvent.Type.Paint and not self.at:
            editor = watched.parent()
            if isinstance(editor, QPlainTextEdit) and not editor.document().isEmpty():
                self.at, self.used = time.perf_counter(), time.process_time()
        return False


async def _opened(
    open_it: Callable[[], QPlainTextEdit], is_whole: Callable[[QPlainTextEdit], bool]
) -> dict[str, float]:
    application = QApplication.instance()
    assert application is not None  # noqa: S101  # it is made first of all
    paint = _FirstPaint()
    application.installEventFilter(paint)
    begun = last = time.perf_counter()
    used = time.process_time()
    editor = open_it()
    longest = 0.0
    while not paint.at or not is_whole(editor):
        await asyncio.sleep(_LOOK_S)
        now = time.perf_counter()
        if paint.at and last >= paint.at:
            longest = max(longest, now - last - _LOOK_S)
        last = now
    application.removeEventFilter(paint)
    times = {"first": paint.at - begun, "processor": paint.used - used, "stall": longest}
    return {name: 1000 * seconds for name, seconds in times.items()}


async def _measured(paths: ProfilePaths) -> dict[str, dict[str, float]]:
    session = ScriptedSession()

    async def make(_settings: object) -> ScriptedSession:
        return session

    front_end = FrontEnd(
        load_settings(paths, environ={}),
        paths,
        make_session=make,
        list_devices=list,
        save=lambda _changes, **_options: None,
    )
    front_end.show()
    running = asyncio.create_task(front_end.run())
    await asyncio.sleep(1.0)
    with reading(paths.data_dir / "history.db") as connection:
        newest = looking.runs(connection)[0]
        said = [each.segment for each in looking.segments(connection, newest.number)]
    lines = len(said)
    windows = front_end.windows

    def past() -> QPlainTextEdit:
        windows.open_past()
        return windows._past.view  # type: ignore[union-attr]  # noqa: SLF001

    def present() -> QPlainTextEdit:
        windows.open_transcript()
        return windows._transcript.view  # type: ignore[union-attr]  # noqa: SLF001

    def is_whole(editor: QPlainTextEdit) -> bool:
        return isinstance(editor, TranscriptView) and len(editor.entries) >= lines

    times = {"past": await _opened(past, is_whole)}
    windows._past.hide()  # type: ignore[union-attr]  # noqa: SLF001
    record = windows._recorder.record  # noqa: SLF001
    record.begin_run()
    for segment in said:
        record.take(CaptionChanged(segment, segment.text))
    times["present"] = await _opened(present, is_whole)
    bare = QPlainTextEdit()
    text = "\n".join(segment.text for segment in said)

    def plain() -> QPlainTextEdit:
        bare.resize(800, 600)
        bare.setPlainText(text)
        bare.show()
        return bare

    times["plain"] = await _opened(plain, lambda _editor: True)
    bare.close()
    front_end.ask_to_quit()
    with suppress(asyncio.CancelledError):
        await running
    return times


def main() -> int:
    """Measure, and print what was measured."""
    application = QApplication(sys.argv[:1])
    with qasync.QEventLoop(application) as loop, garbage_collected_here():
        asyncio.set_event_loop(loop)
        times = loop.run_until_complete(_measured(ProfilePaths.under(Path(sys.argv[1]))))
    print(json.dumps(times))
    return 0


if __name__ == "__main__":
    sys.exit(main())
