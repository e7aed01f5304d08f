"""Eight hours of captions in a few minutes: ``run_hours FOLDER [--hours N]``.

The real window and everything behind it, with a session that says 160 words a minute. After each
hour it prints a JSON object: resident memory in megabytes, and the median and 99th
percentile of the time that a paint of the captions took, in milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
import traceback
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

import psutil

from captioner.settings.models import Settings
from captioner.settings.paths import ProfilePaths
from captioner.settings.store import load_settings
from tests.support.scripted_session import ScriptedSession, caption

_WORDS_AN_HOUR: Final = 60 * 160
_WORDS_AN_UTTERANCE: Final = 16
_WORDS_A_FRAME: Final = 20
_FRAME_S: Final = 0.036
_SPEECH: Final = (
    "it was the best of times and then the worst of times as some of the noisiest "
    "authorities insisted on its being received for good or for evil"
)
_VOCABULARY: Final = tuple(_SPEECH.split())


class _Hours(ScriptedSession):
    """Talks as soon as it is started, and quits when it has said everything."""

    def __init__(self, words: int) -> None:
        """Prepare to say ``words`` words."""
        super().__init__()
        self._words = words
        self._talking: asyncio.Task[None] | None = None
        self.paints: list[float] = []

    @property
    def has_said_everything(self) -> bool:
        """Whether all hours are over."""
        talking = self._talking
        return (
            talking is not None
            and talking.done()
            and not talking.cancelled()
            and (talking.exception() is None)
        )

    async def start(self) -> None:
        await super().start()
        if self._talking is None:
            self._talking = asyncio.create_task(self._talk(), name="talk")
            self._talking.add_done_callback(_quit)

    async def _talk(self) -> None:
        process = psutil.Process()
        said: list[str] = []
        segment = 0
        for number in range(self._words):
            said.append(_VOCABULARY[number * 7 % len(_VOCABULARY)])
            is_final = len(said) == _WORDS_AN_UTTERANCE
            self.emit(caption(segment, " ".join(said), is_final=is_final))
            if is_final:
                segment += 1
                said = []
            if number % _WORDS_A_FRAME == 0:
                await asyncio.sleep(_FRAME_S)
            if (number + 1) % _WORDS_AN_HOUR == 0:
                self._tell(process)

    def _tell(self, process: psutil.Process) -> None:
        paints = self.paints.copy()
        self.paints.clear()
        print(
            json.dumps(
                {
                    "memory_mb": process.memory_info().rss / 1e6,
                    "paint_ms": 1000 * median(paints),
                    "paint_p99_ms": 1000 * quantiles(paints, n=100)[98],
                }
            ),
            flush=True,
        )


def _quit(talking: asyncio.Task[None]) -> None:
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415  # loaded by the program

    if not talking.cancelled() and (error := talking.exception()) is not None:
        traceback.print_exception(error)
    QApplication.quit()


def _note_paints(paints: list[float]) -> None:
    """Add how long each paint of the captions takes, in seconds, to ``paints``."""
    from captioner.gui.overlay.view import CaptionView  # noqa: PLC0415  # Qt's turn comes later

    paint = CaptionView.paintEvent

    def timed(self: CaptionView, event: Any) -> None:  # noqa: ANN401  # handed through
        begun = time.perf_counter()
        paint(self, event)
        paints.append(time.perf_counter() - begun)

    # Qt looks a method up once for each window: this has to come before the first.
    setattr(CaptionView, "paintEvent", timed)  # noqa: B010  # types would not have it replaced


def main() -> int:
    """Run it to the end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hours", type=int, default=8)
    options = parser.parse_args()
    paths = ProfilePaths.under(options.folder)
    session = _Hours(options.hours * _WORDS_AN_HOUR)

    async def make(_settings: Settings) -> ScriptedSession:
        return session

    _note_paints(session.paints)
    from captioner.gui.app import run  # noqa: PLC0415  # as the command line does

    ended = run(load_settings(paths, environ={}), paths, make_session=make)
    return ended or int(not session.has_said_everything)


if __name__ == "__main__":
    raise SystemExit(main())
