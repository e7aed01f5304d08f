"""The windows beside the overlay, on a light and a dark desktop, and with text twice as big."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from captioner.gui.preferences.dialog import PAGES
from scripts.pictures.studio import DICKENS, Desktop, Studio, studio

_LIGHT = Desktop(size=(1280, 1000), has_backdrop=False)
_DESKTOPS = {
    "": _LIGHT,
    "-dark": replace(_LIGHT, is_dark=True),
    "-200": replace(_LIGHT, size=(2000, 1400), text_percent=200),
}
_FIGURES = {
    "recogniser": "Embedded engine",
    "latency_ms": 420.0,
    "latency_p95_ms": 690.0,
}
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


def first_run(folder: Path) -> None:
    """The three steps."""
    for suffix, desktop in _DESKTOPS.items():
        with studio(folder, replace(desktop, arguments=("gui",))) as scene:
            _talk(scene)
            for step in ("hear", "recognise", "look"):
                scene.take_window(f"welcome-{step}{suffix}", "Welcome to Captioner")
                scene.screen.xdotool("key", "Return")


def status(folder: Path) -> None:
    """The status, while all is well and while something is wrong."""
    for suffix, desktop in _DESKTOPS.items():
        with studio(folder, desktop) as scene:
            _talk(scene)
            scene.overlay.send("figures", **_FIGURES)
            scene.command("status")
            _be_heard(scene)
            scene.take_window(f"status{suffix}", "Captioner status")
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


SCENES = (settings, first_run, status, transcript)
