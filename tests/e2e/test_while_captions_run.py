"""Whatever happens around them, captions go on, and no word is lost or said twice."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from captioner.core.audio import SAMPLE_RATE
from tests.support.clips import BECKETT, TWO_CITIES, normalised
from tests.support.coded_speech import CodedSpeech, speak
from tests.support.program import Program
from tests.support.pulse import SoundServer
from tests.support.screen import Screen
from tests.support.secret_service import SecretService
from tests.support.watched_overlay import OverlayStarter, WatchedOverlay

pytestmark = [pytest.mark.screen, pytest.mark.timeout(240)]

ROOT = Path(__file__).parents[2]
AWAY_S = 2.0


class CodedServer:
    """A server of coded speech on one port, which can be killed and started again."""

    def __init__(self) -> None:
        self.port = 0
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.coded_server", str(self.port)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def kill(self) -> None:
        with self._process:
            self._process.kill()


@contextmanager
def coded_server() -> Iterator[CodedServer]:
    server = CodedServer()
    try:
        yield server
    finally:
        server.kill()


def write_wav(speech: CodedSpeech, path: Path) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(speech.pcm)
    return path


def numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"[Ww](\d+)", text)]


def lock_keyring(service: SecretService) -> None:
    secrets, way = "/org/freedesktop/secrets", "--dest=org.freedesktop.secrets"
    collection = f"array:objpath:{secrets}/collection/login"
    call = "org.freedesktop.Secret.Service.Lock"
    subprocess.run(
        ["/usr/bin/dbus-send", "--session", "--print-reply", way, secrets, call, collection],
        env=service.environ,
        check=True,
        capture_output=True,
        timeout=10,
    )


def await_words(overlay: WatchedOverlay, more: int = 3) -> None:
    """Wait until so many words more are on the screen: captions go on."""
    seen = len(numbers(overlay.look()["painted"]))
    overlay.wait_until(
        lambda now: len(numbers(now["painted"])) >= seen + more, what="captions stand still"
    )


@pytest.mark.slow
def test_settings_monitors_keyring_and_server_while_captions_run(
    screen: Screen,
    secret_service: SecretService,
    program: Program,
    start_overlay: OverlayStarter,
    tmp_path: Path,
) -> None:
    speech = speak(30, seed=4)
    sound = write_wav(speech, tmp_path / "speech.wav")
    bus = ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")
    environ = screen.changes | {name: secret_service.environ[name] for name in bus}
    with coded_server() as server:
        address = f"127.0.0.1:{server.port}"
        key = subprocess.run(
            program.command("config", "set-key", address),
            env=program.environ(**environ),
            input="a key that is of no use without TLS",
            capture_output=True,
            text=True,
            check=False,
        )
        assert key.returncode == 0, key.stderr
        # The embedded engine would stand in, and makes nothing of coded speech.
        assert program.run("config", "set", "connection.embedded_fallback", "false").returncode == 0
        arguments = ("gui", "--skip-welcome", "--server", address, "--source", f"file:{sound}")
        overlay = start_overlay(environ, *arguments, is_scripted=False)
        await_words(overlay)

        lock_keyring(secret_service)
        assert program.run("settings", environ=program.environ(**environ)).returncode == 0
        dialog = screen.await_window("Captioner settings")
        screen.wait_for(lambda: screen.active_window() == dialog, what="no focus")
        await_words(overlay)
        screen.xdotool("key", "ctrl+f")
        screen.xdotool("type", "lines of captions")
        screen.xdotool("key", "Return", "Up", "Up", "Escape")
        screen.xdotool("key", "Return")  # apply and close
        screen.wait_for(lambda: not screen.find_windows("Captioner settings"), what="still open")
        await_words(overlay)

        server.kill()
        for monitor in ("left", "right"):
            subprocess.run(
                ["/usr/bin/xrandr", "--setmonitor", monitor, "640/200x800/200+0+0", "none"],
                env=screen.environ,
                check=True,
            )
        time.sleep(AWAY_S)  # it is away for so long
        subprocess.run(["/usr/bin/xrandr", "--delmonitor", "left"], env=screen.environ, check=True)
        server.start()

        last = speech.words[-1].number
        overlay.wait_until(
            lambda seen: last in numbers(seen["painted"]), what="the end never came", limit_s=90
        )
        painted = overlay.look()["painted"]
    assert numbers(painted) == [word.number for word in speech.words], painted
    saved = json.loads((program.profile / "settings.json").read_text())
    assert saved["overlay"]["lines"] == 4
    assert overlay.stop() in (0, 130)
    assert "Traceback" not in overlay.errors.read_text()


@pytest.mark.slow
@pytest.mark.sound
def test_the_microphone_is_unplugged_while_settings_are_open(
    pulse_server: SoundServer, screen: Screen, program: Program, start_overlay: OverlayStarter
) -> None:
    module = pulse_server.add_microphone("headset", heard_from="mic_sink")
    pulse_server.set_default_source("headset")
    environ = pulse_server.changes | screen.changes
    overlay = start_overlay(environ, "gui", "--skip-welcome", "--source", "mic", is_scripted=False)
    overlay.wait_until(lambda seen: "headset" in seen["tooltip"], what="it never listened")
    assert program.run("settings", environ=program.environ(**environ)).returncode == 0
    screen.await_window("Captioner settings")

    assert pulse_server.play(TWO_CITIES.path, sink="mic_sink").wait(60) == 0
    before = TWO_CITIES.text.split()[-1]
    overlay.wait_until(
        lambda seen: normalised(before) in normalised(seen["painted"]), what="nothing was heard"
    )
    pulse_server.remove_module(module)
    overlay.wait_until(
        lambda seen: seen["health"] == "listening" and "headset" not in seen["tooltip"],
        what="no other microphone is taken",
    )
    assert pulse_server.play(BECKETT.path, sink="mic_sink").wait(60) == 0
    overlay.wait_until(
        lambda seen: normalised(seen["painted"]).endswith("better"), what="captions ended"
    )
    painted = normalised(overlay.look()["painted"])
    assert normalised(before) in painted
    assert overlay.stop() == 130
    assert "Traceback" not in overlay.errors.read_text()
