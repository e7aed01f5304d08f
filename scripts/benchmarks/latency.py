"""From speech in the loudspeaker to words on the screen, and where the time goes in between.

A clip is played into a sound server; `captioner gui` hears it as the computer's own sound and shows
it on a private display. When the speech begins is told by an ear of its own at the loudspeaker,
and when the words are there by the pixels of the display; either looks a hundred times a second.
The stages in between are the program's own trace.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from captioner.core.audio import SAMPLE_RATE
from captioner.session.trace import STAGES
from scripts.benchmarks.run_traced_window import Timed
from scripts.benchmarks.speech import CLIPS, Recording, Speech, samples, stretches
from scripts.benchmarks.streams import percentile
from scripts.benchmarks.table import Figure, Target, conditions, markdown
from tests.support.pulse import SoundServer, running_server
from tests.support.screen import Screen, running_screen

_PAUSE_S: Final = 0.35
_NEAR_S: Final = 0.6
"""A caption belongs to the stretch of speech that begins or ends this near to where it says."""

_AFTER_S: Final = 3.0
_END_S: Final = 20.0
_RANKS: Final = (50, 95)
_BLOCK: Final = SAMPLE_RATE // 100
_LOUD: Final = 0.01
_STATUS_ROWS: Final = 28

Sound = npt.NDArray[np.float32]


@dataclass(slots=True)
class Delays:
    """Seconds from speech to the screen, of all utterances.

    Attributes:
        first_pixels: From the beginning of speech until pixels change for its first words.
        final_paint: From the end of speech to the paint of its final.
        first: The first words, with their stages.
        finals: The finals, with theirs.
        stretches: How often somebody began to speak after a pause.
    """

    first_pixels: list[float] = field(default_factory=list)
    final_paint: list[float] = field(default_factory=list)
    first: list[Timed] = field(default_factory=list)
    finals: list[Timed] = field(default_factory=list)
    stretches: int = 0

    def add(
        self, speech: Sequence[Speech], timed: Sequence[Timed], pixels: Sequence[float]
    ) -> None:
        """Take in one clip, all times in monotonic seconds."""
        self.stretches += len(speech)
        for caption in timed:
            if caption.is_final:
                end = _nearest([each.end for each in speech], caption.ended_at)
                if end is not None and caption.painted_at > end:
                    self.final_paint.append(caption.painted_at - end)
                    self.finals.append(caption)
                continue
            begin = _nearest([each.start for each in speech], caption.begun_at)
            seen = [at for at in pixels if at >= caption.painted_at]
            if begin is not None and seen:
                self.first_pixels.append(seen[0] - begin)
                self.first.append(caption)


Round: TypeAlias = Delays


def measure() -> Round:
    """Play all clips, each to a window of its own."""
    delays = Delays()
    with running_screen() as screen, running_server("pulseaudio") as sound:
        for name, clip in CLIPS.items():
            print(f"{name} …", file=sys.stderr, flush=True)
            delays.add(*_listened(screen, sound, clip))
    return delays


def report(rounds: Sequence[Round]) -> tuple[str, list[Target]]:
    """Return the section of all rounds, and the targets."""
    to_pixels = [each.first_pixels for each in rounds]
    to_final = [each.final_paint for each in rounds]
    rows = [
        ["speech begins → pixels of its first words", *_ms(to_pixels)],
        ["speech ends → its final is painted", *_ms(to_final)],
        *_stage_rows("first words", [each.first for each in rounds]),
        *_stage_rows("final", [each.finals for each in rounds]),
    ]
    first = sum(len(each.first) for each in rounds)
    finals = sum(len(each.finals) for each in rounds)
    speech = sum(each.stretches for each in rounds)
    text = "\n\n".join(
        [
            "### From the loudspeaker to the screen, embedded engine",
            conditions(len(rounds), "moonshine-voice", "PySide6-Essentials"),
            markdown(["", *(f"p{rank}" for rank in _RANKS)], rows),
            (
                f"{first} first words and {finals} finals at the beginnings and ends of "
                f"{speech} stretches of speech, of which several may be one caption. Stages "
                "count from the newest audio that the words rest on: a recogniser waits until "
                "there is enough to tell words apart, and a final for the pause that ends it."
            ),
        ]
    )
    return text, [
        Target("speech to pixels of the first words, p50, s", _middles_s(to_pixels), 1.2),
        Target("end of speech to the final on the screen, p50, s", _middles_s(to_final), 1.0),
    ]


def _stage_rows(what: str, rounds: Sequence[Sequence[Timed]]) -> list[list[str]]:
    stages = [
        [
            f"{what}: {stage}",
            *_ms([[each.stages_ms[stage] / 1000 for each in timed] for timed in rounds]),
        ]
        for stage in STAGES
    ]
    whole = [[each.painted_at - each.heard_at for each in timed] for timed in rounds]
    return [*stages, [f"{what}: newest audio → painted", *_ms(whole)]]


def _ms(rounds_s: Sequence[Sequence[float]]) -> list[str]:
    return [
        str(Figure([1000 * percentile(values_s, rank) for values_s in rounds_s], " ms", 0))
        for rank in _RANKS
    ]


def _middles_s(rounds_s: Sequence[Sequence[float]]) -> list[float]:
    return [percentile(values_s, 50) for values_s in rounds_s]


def _nearest(moments: Sequence[float], moment: float) -> float | None:
    found = min(moments, key=lambda each: abs(each - moment))
    return found if abs(found - moment) <= _NEAR_S else None


def _listened(
    screen: Screen, sound: SoundServer, clip: Recording
) -> tuple[list[Speech], list[Timed], list[float]]:
    """Play ``clip`` to the window; return its speech, captions and changed pixels, by the clock."""
    said = samples(clip.path)
    speech = stretches(said, pause_s=_PAUSE_S)
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "timed.json"
        with _window(screen.changes | sound.changes, record), _pixels(screen) as changes:
            with _ear(sound) as ear:
                player = sound.play(clip.path)
                begun = _first_loud(_heard(ear)) - _first_loud(_timed(said))
            player.wait()
            time.sleep(_AFTER_S)
        timed = [Timed(**each) for each in json.loads(record.read_text(encoding="utf-8"))]
    return [Speech(begun + each.start, begun + each.end) for each in speech], timed, changes


@contextmanager
def _window(desktop: dict[str, str], record: Path) -> Iterator[None]:
    """Let the window listen to what the computer plays for as long as the block lasts."""
    command = [sys.executable, "-m", "scripts.benchmarks.run_traced_window", str(record)]
    command += ["--profile-dir", str(record.parent / "profile"), "gui", "--skip-welcome"]
    with subprocess.Popen(
        [*command, "--source", "system"],
        env=os.environ | desktop,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as program:
        try:
            if program.stdout is None or "listening" not in program.stdout.readline():
                raise RuntimeError("the window ended before it listened")
            yield
        finally:
            program.send_signal(signal.SIGINT)
            program.wait(_END_S)


@contextmanager
def _pixels(screen: Screen) -> Iterator[list[float]]:
    """Give the moments at which the captions' pixels change, complete after the block."""
    x, y, width, height = screen.geometry(screen.await_window("Captioner"))
    place = [str(each) for each in (x, y + _STATUS_ROWS, width, height - _STATUS_ROWS)]
    changes: list[float] = []
    with subprocess.Popen(
        [sys.executable, "-m", "scripts.benchmarks.run_pixel_watch", *place],
        env=screen.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as watch:
        yield changes
        output, _ = watch.communicate()
    if watch.returncode:
        raise RuntimeError(f"the watch of the pixels ended with {watch.returncode}")
    changes += [float(line) for line in output.splitlines()]


@contextmanager
def _ear(sound: SoundServer) -> Iterator[subprocess.Popen[bytes]]:
    """Record what the loudspeaker plays, as 16 kHz mono."""
    command = ["parec", "--device=speakers.monitor", "--raw", "--format=s16le", "--channels=1"]
    with subprocess.Popen(
        [*command, f"--rate={SAMPLE_RATE}", "--latency-msec=10"],
        env=sound.environ,
        stdout=subprocess.PIPE,
    ) as ear:
        try:
            yield ear
        finally:
            ear.terminate()


def _heard(ear: subprocess.Popen[bytes]) -> Iterator[tuple[float, Sound]]:
    """Yield each block that the ear hears with the moment at which it has it."""
    if ear.stdout is None:
        raise ValueError("its output is needed")
    while block := ear.stdout.read(2 * _BLOCK):
        yield time.monotonic(), np.frombuffer(block, dtype="<i2").astype(np.float32) / 32768


def _timed(sound: Sound) -> Iterator[tuple[float, Sound]]:
    """Yield each block of a recording with the second at which it ends."""
    for begin in range(0, len(sound), _BLOCK):
        yield (begin + _BLOCK) / SAMPLE_RATE, sound[begin : begin + _BLOCK]


def _first_loud(blocks: Iterator[tuple[float, Sound]]) -> float:
    """Return when the first block is loud: a breath may be, before anybody speaks."""
    for at, block in blocks:
        if np.abs(block).max() > _LOUD:
            return at
    raise RuntimeError("nothing was heard of the loudspeaker")
