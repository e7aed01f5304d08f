"""The window captions what is really played: sound server, display, engine, all real."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from tests.support.clips import BECKETT, TWO_CITIES, Clip, normalised, word_error_rate
from tests.support.pulse import SoundServer
from tests.support.screen import Screen
from tests.support.watched_overlay import OverlayStarter, WatchedOverlay

pytestmark = [pytest.mark.sound, pytest.mark.screen, pytest.mark.timeout(300)]

BOTH = f"{TWO_CITIES.text} {BECKETT.text}"
FRAME_EVERY_S = 1.5


def words_in_order(reference: str, read: str) -> float:
    """Return the share of the reference's words that ``read`` has in the same order."""
    wanted, found = normalised(reference).split(), normalised(read).split()
    longest = [0] * (len(found) + 1)
    for word in wanted:
        before = 0
        for index, other in enumerate(found, start=1):
            above = longest[index]
            longest[index] = before + 1 if word == other else max(above, longest[index - 1])
            before = above
    return longest[-1] / len(wanted)


def read_frame(frame: Path) -> list[str]:
    """Return the lines of text that OCR finds on a picture of the overlay."""
    enlarged = frame.with_suffix(".ocr.png")
    # The first 28 rows are the status line; text is read best large and dark on light.
    subprocess.run(
        [
            *("/usr/bin/convert", str(frame), "-crop", "+0+28", "-resize", "250%"),
            *("-colorspace", "Gray", "-negate", str(enlarged)),
        ],
        check=True,
    )
    found = subprocess.run(
        ["/usr/bin/tesseract", str(enlarged), "-", "--psm", "6"],
        check=True,
        capture_output=True,
        text=True,
    )
    return [line.strip() for line in found.stdout.splitlines() if line.strip()]


def joined(frames: list[list[str]]) -> str:
    """Return the lines of all frames as one text, each line as often as it was new on screen."""
    text: list[str] = []
    for lines in frames:
        text += [line for line in lines if line not in text[-4:]]
    return " ".join(text)


def caption(
    overlay: WatchedOverlay,
    server: SoundServer,
    screen: Screen,
    sink: str,
    folder: Path,
    *clips: Clip,
) -> list[Path]:
    """Play clips into ``sink``; return pictures of the overlay, taken once a second."""
    overlay.wait_until(
        lambda seen: seen["health"] == "listening", what="it never listened", limit_s=30
    )
    window = screen.await_window("Captioner")
    frames: list[Path] = []
    for clip in clips:
        player = server.play(clip.path, sink=sink)
        due = time.monotonic()
        while player.poll() is None:
            due += FRAME_EVERY_S
            frames.append(screen.screenshot(folder / f"{len(frames):03}.png", window=window))
            screen.wait_for(
                lambda until=due, playing=player: (
                    time.monotonic() >= until or playing.poll() is not None
                ),
                what="no time passed",
            )
        assert player.returncode == 0
    overlay.wait_until(
        lambda seen: normalised(seen["painted"]).endswith("better"),
        what="the last words never came",
    )
    frames.append(screen.screenshot(folder / f"{len(frames):03}.png", window=window))
    return frames


@pytest.mark.slow
def test_the_overlay_captions_what_the_computer_plays(
    pulse_server: SoundServer, screen: Screen, start_overlay: OverlayStarter, tmp_path: Path
) -> None:
    overlay = start_overlay(pulse_server.changes | screen.changes, is_scripted=False)
    clips = (TWO_CITIES, BECKETT)
    frames = caption(overlay, pulse_server, screen, "speakers", tmp_path, *clips)
    painted = overlay.look()["painted"]
    assert word_error_rate(BOTH, painted) <= 0.15, painted
    read = joined([read_frame(frame) for frame in frames])
    assert words_in_order(BOTH, read) >= 0.70, read
    assert overlay.stop() == 130
    assert "Traceback" not in overlay.errors.read_text()


@pytest.mark.slow
def test_the_overlay_captions_the_microphone(
    pulse_server: SoundServer,
    screen: Screen,
    start_overlay: OverlayStarter,
    tmp_path: Path,
) -> None:
    overlay = start_overlay(
        pulse_server.changes | screen.changes, "gui", "--source", "mic", is_scripted=False
    )
    caption(overlay, pulse_server, screen, "mic_sink", tmp_path, BECKETT)
    painted = overlay.look()["painted"]
    assert word_error_rate(BECKETT.text, painted) <= 0.5, painted  # a hard clip for the model
    assert overlay.stop() == 130
