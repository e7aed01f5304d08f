"""The windows beside the overlay, on a light and a dark desktop, and with text twice as big."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from captioner.gui.preferences.dialog import PAGES
from scripts.pictures.studio import DICKENS, Desktop, Studio, studio

_LIGHT = Desktop(size=(1280, 1000), has_backdrop=False)
_DESKTOPS = {
    "": _LIGHT,
    "-dark": replace(_LIGHT, is_dark=True),
    "-200": replace(_LIGHT, size=(2000, 1400), text_percent=200),
}
_TEST_S: Final = 3.0
_FIGURES = {
    "recogniser": "Embedded engine",
    "latency_ms": 420.0,
    "latency_p95_ms": 690.0,
}
_COUNTS = {
    "audio": {"captured": 10_080_000, "sent": 10_140_800, "processed": 10_136_000, "waiting": 1600},
    "erasure": {"revisions": 61, "erased_words": 84, "final_words": 1712},
    "reconnects": {"unavailable": 2},
    "failovers": 1,
}
_TALK = [-24 + 7 * math.sin(second / 5) for second in range(33)] + [-44.0] * 7
_LEVELS = 12 * _TALK
_DELAYS = [0.42 + 0.25 * abs(math.sin(second / 23)) for second in range(len(_LEVELS))]
_CONVERSATION = (
    ("Others", "Can you hear me now?"),
    ("You", "Yes, loud and clear. Shall we begin?"),
    ("Others", "Let us meet again on Thursday, then, and bring the drawings along."),
    ("You", "Thursday is fine. Who else will meet us"),
)


def settings(folder: Path) -> None:
    """Every page."""
    for suffix, desktop in _DESKTOPS.items():
        with studio(folder, desktop) as scene:
            _talk(scene)
            scene.command("settings")
            for page in PAGES:
                scene.overlay.ask({"ask": "page", "page": page.key})
                _be_heard(scene)
                scene.take_window(f"settings-{page.key}{suffix}", "Captioner settings")


def server_test(folder: Path) -> None:
    """A listed server and its test: one that works, and one where nothing listens."""
    for suffix, desktop in _DESKTOPS.items():
        with _served() as port, studio(folder, replace(desktop, settings=_servers(port))) as scene:
            _talk(scene)
            scene.command("settings")
            scene.screen.await_window("Captioner settings")
            for name, keys in (("works", ()), ("fails", ("Down",))):
                scene.overlay.ask({"ask": "page", "page": "server"})
                for words, then in (("servers", keys), ("test the connection", ("space",))):
                    scene.screen.xdotool("key", "ctrl+f")
                    scene.screen.xdotool("type", words)
                    scene.screen.xdotool("key", "Return", *then)
                time.sleep(_TEST_S)
                scene.take_window(f"settings-server-{name}{suffix}", "Captioner settings")


@contextmanager
def _served() -> Iterator[int]:
    command = [sys.executable, "-m", "tests.support.coded_server", "0"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            if server.stdout is None:
                raise RuntimeError("its output is needed")
            yield int(server.stdout.readline())
        finally:
            server.terminate()


def _servers(port: int) -> dict[str, object]:
    return {
        "endpoints": [
            {"host": "127.0.0.1", "port": port, "name": "Lecture hall"},
            {"host": "127.0.0.1", "port": 9, "name": "Office"},
        ]
    }


def first_run(folder: Path) -> None:
    """The three steps."""
    for suffix, desktop in _DESKTOPS.items():
        with studio(folder, replace(desktop, arguments=("gui",))) as scene:
            _talk(scene)
            for step in ("hear", "recognise", "look"):
                scene.take_window(f"welcome-{step}{suffix}", "Welcome to Captioner")
                scene.screen.xdotool("key", "Return")


def status(folder: Path) -> None:
    """The status, while all is well, with its details, and while something is wrong."""
    for suffix, desktop in _DESKTOPS.items():
        width, height = desktop.size
        with studio(folder, replace(desktop, size=(width, height * 5 // 4))) as scene:
            _talk(scene)
            scene.overlay.send("figures", **_FIGURES)
            scene.overlay.send("counts", **_COUNTS)
            scene.overlay.ask({"ask": "live through", "levels": _LEVELS, "delays": _DELAYS})
            scene.command("status")
            _be_heard(scene)
            scene.take_window(f"status{suffix}", "Captioner status")
            scene.screen.xdotool("key", "alt+d")
            _be_heard(scene)
            scene.take_window(f"status-details{suffix}", "Captioner status")
            scene.screen.xdotool("key", "alt+d")
            scene.health("failed")
            scene.take_window(f"status-failed{suffix}", "Captioner status")


def transcript(folder: Path) -> None:
    """What was said so far, with its search open, and the words that are not final yet."""
    for suffix, desktop in _DESKTOPS.items():
        with studio(folder, desktop) as scene:
            _talk(scene)
            scene.overlay.send("caption", id=1, text=DICKENS[1] + " foolishness.", final=True)
            for number, (name, words) in enumerate(_CONVERSATION, 10):
                is_final = number < 9 + len(_CONVERSATION)
                said = {"id": number, "text": words, "channel": name, "final": is_final}
                scene.overlay.send("caption", **said)
            scene.command("transcript")
            scene.take_window(f"transcript{suffix}", "Captioner transcript")
            scene.screen.xdotool("key", "ctrl+f")
            scene.screen.xdotool("type", "meet")
            scene.take_window(f"transcript-search{suffix}", "Captioner transcript")


def _talk(scene: Studio) -> None:
    scene.health("listening")
    scene.overlay.send("state", state="streaming")
    scene.overlay.send("source", kind="system", name="Built-in Audio")
    scene.overlay.send("engine", name="Embedded engine", is_mock=False)
    _be_heard(scene)
    scene.say()


def _be_heard(scene: Studio) -> None:
    scene.overlay.send("level", rms=-24.0, peak=-12.0)


SCENES = (settings, server_test, first_run, status, transcript)
