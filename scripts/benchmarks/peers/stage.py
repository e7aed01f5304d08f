"""Plays a recording to a peer, in real time or as fast as it goes, and notes what it shows."""

from __future__ import annotations

import json
import resource
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Final

RATE: Final = 16_000
_SAMPLE_BYTES: Final = 2


class Stage:
    """One recording, 16 kHz mono with 16 bits a sample, and what was shown while it played.

    In real time, a peer that is slower than the recording gets the rest late, as it would from a
    microphone. As fast as it goes, the clock is the position in the recording.
    """

    def __init__(self, recording: Path, *, real_time: bool) -> None:
        """Read the recording."""
        with wave.open(str(recording)) as file:
            if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (RATE, 1, 2):
                raise ValueError(f"{recording} must be 16 kHz mono with 16 bits a sample.")
            self.sound = file.readframes(file.getnframes())
        self._real_time = real_time
        self._updates: list[dict[str, object]] = []
        self._texts: dict[int, str] = {}
        self._begun = 0.0
        self._used = 0.0
        self._heard_s = 0.0

    @property
    def length(self) -> int:
        """Samples of the recording."""
        return len(self.sound) // _SAMPLE_BYTES

    def positions(self, step: int) -> Iterator[int]:
        """Play; yield how many samples were heard, at least ``step`` more each time."""
        self._begun, self._used = time.monotonic(), _processor_s()
        heard = 0
        while heard < self.length:
            heard = min(heard + step, self.length)
            if self._real_time:
                ahead_s = self._begun + heard / RATE - time.monotonic()
                if ahead_s > 0:
                    time.sleep(ahead_s)
                else:
                    heard = min(heard - int(ahead_s * RATE), self.length)
            self._heard_s = heard / RATE
            yield heard

    def chunks(self, samples: int) -> Iterator[bytes]:
        """Play; yield every whole chunk of this many samples."""
        given = 0
        for heard in self.positions(samples):
            while given + samples <= heard:
                start = given * _SAMPLE_BYTES
                given += samples
                yield self.sound[start : given * _SAMPLE_BYTES]

    def show(self, utterance: int, text: str, start_s: float, *, is_final: bool) -> None:
        """Note a text that a reader would see; one that changes nothing is passed over."""
        if not is_final and self._texts.get(utterance, "") == text:
            return
        self._texts[utterance] = text
        now = time.monotonic() - self._begun if self._real_time else self._heard_s
        self._updates.append(
            {
                "at": now,
                "utterance": utterance,
                "text": text,
                "is_final": is_final,
                "start": start_s,
            }
        )

    def report(self) -> str:
        """Return what was shown and what it cost, as JSON."""
        return json.dumps(
            {
                "updates": self._updates,
                "processor_s": _processor_s() - self._used,
                "audio_s": self.length / RATE,
            }
        )


def _processor_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
