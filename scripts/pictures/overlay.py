"""The overlay: its states, its looks, and the menu of the tray."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from captioner.gui.overlay.presets import PRESETS
from captioner.settings.overlay import OverlaySettings
from scripts.pictures.studio import MARGIN, TROUBLES, Desktop, studio

_ROOMY = Desktop(size=(1500, 520))


def health_states(folder: Path) -> None:
    """Each state before there are captions, and the icon in the tray for each and for a pause."""
    icons: list[Path] = []
    with studio(folder, Desktop()) as scene:

        def take_icon(name: str) -> None:
            x, y, width, height = scene.screen.geometry(scene.screen.find_windows("panel")[0])
            icons.append(scene.take_screen(f"icon-{name}", f"{width}x{height}+{x}+{y}"))

        for state in TROUBLES:
            scene.health(state)
            name = state.replace("_", "-")
            take_icon(name)
            if state != "degraded":  # that is how captions go on
                scene.take(f"overlay-{name}")
        scene.health("listening")
        scene.command("pause")
        take_icon("paused")
    labelled = [part for icon in icons for part in ("-label", icon.stem[5:], str(icon))]
    sheet = ["-filter", "point", "-resize", "300%", "-geometry", "+12+8", "-tile", "4x"]
    subprocess.run(
        ["/usr/bin/env", "montage", *labelled, *sheet, str(folder / "tray-states.png")], check=True
    )
    for icon in icons:
        icon.unlink()


def captions(folder: Path) -> None:
    """Captions, and where they come from."""
    with studio(folder, Desktop()) as scene:
        scene.health("listening")
        scene.say()
        scene.take("overlay-captions")
        scene.overlay.send("source", kind="system", name="Built-in Audio")
        scene.take("overlay-source")


def troubled_captions(folder: Path) -> None:
    """What stands above captions while something is wrong, a mock engine, and arrange mode."""
    with studio(folder, Desktop()) as scene:
        scene.say()
        scene.health("no_audio")
        scene.take("overlay-captions-no-audio")
        scene.health("degraded")
        scene.take("overlay-captions-degraded")
        scene.health("listening")
        scene.overlay.send("engine", name="Embedded engine", is_mock=True)
        scene.take("overlay-mock")
        scene.command("arrange")
        scene.screen.await_window("Arrange captions")
        scene.take("overlay-arrange", above=2 * MARGIN)


def conversation(folder: Path) -> None:
    """Both channels at once, each speaker named; the newer one is still speaking."""
    with studio(folder, Desktop()) as scene:
        scene.health("listening")
        said = {"id": 0, "text": "Can you hear me now?", "final": True, "channel": "Others"}
        scene.overlay.send("caption", **said)
        scene.overlay.send("caption", id=1, text="Yes, loud and", channel="You")
        scene.take("overlay-both")


def presets(folder: Path) -> None:
    """Each look to start from, over light and dark."""
    with studio(folder, _ROOMY) as scene:
        scene.health("listening")
        scene.say()
        for preset in PRESETS:
            look = preset.applied_to(OverlaySettings())
            scene.overlay.ask({"ask": "restyle", "settings": look.model_dump(mode="json")})
            scene.take(f"preset-{preset.key}")


def held(folder: Path) -> None:
    """Captions that stand still, with the way back to the newest ones."""
    with studio(folder, Desktop()) as scene:
        scene.health("listening")
        scene.say()
        scene.command("pause")
        for number in range(2, 9):
            scene.overlay.send("caption", id=number, text="More words come. " * 4, final=True)
        scene.take("overlay-held")


def tray_menu(folder: Path) -> None:
    """The tray icon with its menu."""
    with studio(folder, Desktop(size=(1000, 640))) as scene:
        scene.health("listening")
        scene.overlay.send("state", state="streaming")
        scene.say()
        panel = scene.screen.find_windows("panel")[0]
        x, y, width, height = scene.screen.geometry(panel)
        at = (str(x + width // 2), str(y + height // 2))
        scene.screen.xdotool("mousemove", *at, "click", "3")
        time.sleep(0.5)  # a menu has no title to wait for
        scene.take_screen("tray-menu")
        scene.screen.xdotool("key", "Escape", "Escape")


SCENES = (health_states, captions, troubled_captions, conversation, presets, held, tray_menu)
