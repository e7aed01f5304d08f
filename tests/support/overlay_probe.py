"""Runs the real program and answers questions about its window, for tests that watch it.

``python -m tests.support.overlay_probe [--scripted] ARGUMENTS`` is ``captioner ARGUMENTS``, but
reads one JSON object a line from standard input and answers each with one on standard output. It
begins when the window has appeared and the session is made. The program's own loop reads the
questions, so an answer shows what is true at that moment. There is no thread here: two threads that
load Qt's classes at the same time can wait for each other for ever.
``--scripted`` puts a `ScriptedSession` in the place of the real one, and events can be sent to it.

`tests.support.watched_overlay` is the other end of the pipe.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from captioner.core.audio import AudioLevel
from captioner.core.counts import AudioCounts, EngineCounts, ErasureCounts, SessionCounts
from captioner.core.events import (
    CaptionChanged,
    EngineChanged,
    GapMarked,
    HealthChanged,
    LevelChanged,
    SessionEvent,
    SourceChanged,
    StateChanged,
)
from captioner.core.health import Health, HealthState, SessionFigures
from captioner.core.segment import Gap, Segment
from captioner.core.state import SessionState
from tests.support.scripted_session import ScriptedSession, caption

if TYPE_CHECKING:
    from captioner.gui.bridge import Session, SessionFactory
    from captioner.gui.overlay.window import Overlay
    from captioner.settings.models import Settings

_scripted = ScriptedSession()


def _event(record: dict[str, Any]) -> SessionEvent:
    match record["event"]:
        case "caption":
            return caption(
                record["id"],
                record["text"],
                is_final=record.get("final", False),
                channel=record.get("channel", ""),
            )
        case "health":
            health = Health(
                HealthState(record["state"]), record["sentence"], record.get("hint", "")
            )
            return HealthChanged(health)
        case "state":
            return StateChanged(SessionState(record["state"]))
        case "source":
            return SourceChanged(record["kind"], record["name"])
        case "engine":
            return EngineChanged(record["name"], is_mock=record["is_mock"])
        case "level":
            return LevelChanged(AudioLevel(record["rms"], record["peak"]))
        case "gap":
            return GapMarked(Gap(0, 1000, "Some audio was lost here."))
    raise ValueError(record)


def _counts(record: dict[str, Any]) -> SessionCounts:
    return SessionCounts(
        AudioCounts(**record["audio"]),
        ErasureCounts(**record["erasure"]),
        record["reconnects"],
        record["failovers"],
    )


def _overlay() -> Overlay:
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415  # the program decides when Qt loads

    from captioner.gui.overlay.window import Overlay  # noqa: PLC0415  # see above

    return next(w for w in QApplication.topLevelWidgets() if isinstance(w, Overlay))


def _look(overlay: Overlay) -> dict[str, Any]:
    from PySide6.QtGui import QGuiApplication  # noqa: PLC0415  # see above

    place = overlay.geometry()
    return {
        "platform": QGuiApplication.platformName(),
        "painted": overlay.view.painted.text,
        "shown": [line.text for line in overlay.view.shown],
        "message": overlay.view.message and overlay.view.message.sentence,
        "status": overlay.status.text,
        "health": overlay.dot.state.value,
        "tooltip": overlay.dot.toolTip(),
        "paints": overlay.view.paints,
        "is_active": overlay.isActiveWindow(),
        "is_visible": overlay.isVisible(),
        "is_arranging": overlay.is_arranging,
        "is_held": overlay.is_held,
        "place": [place.x(), place.y(), place.width(), place.height()],
        "commands": _scripted.commands,
        "cpu_s": time.process_time(),
    }


def _fail_in_slot(overlay: Overlay) -> None:
    from PySide6.QtCore import QTimer  # noqa: PLC0415  # see above

    def fail() -> None:
        raise RuntimeError("a fault made for a test")

    QTimer.singleShot(0, overlay, fail)


def _restyle(overlay: Overlay, settings: dict[str, Any]) -> None:
    from captioner.settings.overlay import OverlaySettings  # noqa: PLC0415  # see above

    overlay.restyle(OverlaySettings.model_validate(settings))


def _open_page(key: str) -> None:
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415  # see above

    from captioner.gui.preferences.dialog import Preferences  # noqa: PLC0415  # see above

    for window in QApplication.topLevelWidgets():
        if isinstance(window, Preferences):
            window.open_page(key)


def _labels() -> list[str]:
    """Return all text that labels of any window show."""
    from PySide6.QtWidgets import QApplication, QLabel  # noqa: PLC0415  # see above

    labels = [each for each in QApplication.allWidgets() if isinstance(each, QLabel)]
    return [label.text() for label in labels if label.isVisible()]


def _live_through(levels: list[float], delays: list[float]) -> None:
    """Let the status know of seconds that have passed: how loud, and how long captions took."""
    from captioner.gui.health.last_minutes import LastMinutes  # noqa: PLC0415  # see above

    kept = next(each for each in gc.get_objects() if isinstance(each, LastMinutes))
    counts = _scripted.counts
    for place, (level, delay_s) in enumerate(zip(levels, delays, strict=True)):
        at = time.monotonic() - len(levels) + place
        vars(kept)["_now"] = lambda at=at: at
        erased = counts.erasure.erased_words * (place + 1) // len(levels)
        _scripted.counts = replace(counts, erasure=ErasureCounts(erased_words=erased))
        work_s = 0.2 + place % 7 / 50
        heard = EngineCounts(heard=16_000, decode_s=work_s)
        engine = (_scripted.engine_counts or EngineCounts()) + heard
        _scripted.engine_counts = replace(engine, is_ready=True, streams=1)
        kept._on_level(LevelChanged(AudioLevel(level, level)))
        is_final, took_ms = place % 8 == 7, 1000 * delay_s
        said = Segment(0, "so", is_final, start_ms=0, end_ms=1, processing_ms=took_ms)
        kept._on_caption(CaptionChanged(said, "so", since_speech_s=delay_s + 0.2))
        kept.take_paint(0.012 + place % 9 / 1000)
    vars(kept)["_now"] = time.monotonic
    _scripted.counts = counts


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    overlay = _overlay()
    if question.get("ask") == "labels":
        return {"labels": _labels()}
    if question.get("event") == "figures":
        _scripted.figures = SessionFigures(**{k: v for k, v in question.items() if k != "event"})
    elif question.get("event") == "counts":
        _scripted.counts = _counts(question)
    elif "event" in question:
        _scripted.emit(_event(question))
    elif question.get("ask") == "fail":
        _fail_in_slot(overlay)
    elif question.get("ask") == "arrange":
        overlay.set_arranging(True)
    elif question.get("ask") == "restyle":
        _restyle(overlay, question["settings"])
    elif question.get("ask") == "live through":
        _live_through(question["levels"], question["delays"])
    elif question.get("ask") == "page":
        _open_page(question["page"])
    return _look(overlay)


def _start_answering(loop: asyncio.AbstractEventLoop) -> None:
    questions = sys.stdin.fileno()
    unfinished = b""

    def read() -> None:
        nonlocal unfinished
        piece = os.read(questions, 65536)
        if not piece:
            os._exit(99)  # whoever asked is gone
        *lines, unfinished = (unfinished + piece).split(b"\n")
        for line in lines:
            sys.stdout.write(json.dumps(_answer(json.loads(line))) + "\n")
            sys.stdout.flush()

    loop.add_reader(questions, read)


def _answering(make_session: Callable[..., Awaitable[Session]]) -> SessionFactory:
    """Return what also starts to answer when it makes the session, which it does on the loop."""

    async def make(settings: Settings, **options: object) -> Session:
        _start_answering(asyncio.get_running_loop())
        return await make_session(settings, **options)

    return make


async def _make_scripted(_settings: Settings) -> Session:
    return _scripted


def main() -> int:
    """Run ``captioner`` with the arguments, questions answered meanwhile."""
    arguments = sys.argv[1:]
    from captioner.gui import app, bridge  # noqa: PLC0415  # the one place that knows them

    if "--scripted" in arguments:
        arguments.remove("--scripted")
        vars(app)["run"] = partial(app.run, make_session=_answering(_make_scripted))
    else:
        vars(bridge)["make_caption_session"] = _answering(bridge.make_caption_session)
    from captioner.cli.main import main as captioner_main  # noqa: PLC0415  # as late as may be

    return captioner_main(arguments)


if __name__ == "__main__":
    sys.exit(main())
