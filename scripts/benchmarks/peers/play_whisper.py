"""Plays recordings to faster-whisper under local agreement of two (see `agreement`).

The policy, in numbers: an utterance is recognised again once a second; Silero's detector, which
the package brings, looks four times a second whether it has ended with half a second of pause; an
utterance of more than fifteen seconds is cut behind its last confirmed word. Sound without speech
is not recognised.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.vad import VadOptions, get_speech_timestamps

from scripts.benchmarks.peers.local_agreement import LocalAgreement, Word
from scripts.benchmarks.peers.stage import RATE, Stage

_LOOK: Final = RATE // 4
_CADENCE: Final = RATE
_PAUSE: Final = RATE // 2
_WINDOW: Final = 15 * RATE
_LOOK_BACK: Final = 3 * RATE
_LEAD: Final = RATE // 2
"""Kept before the beginning of speech."""
_DETECTOR: Final = VadOptions(min_silence_duration_ms=250, speech_pad_ms=30)


class _Player:
    def __init__(self, stage: Stage, model: WhisperModel) -> None:
        self._stage = stage
        self._model = model
        self._sound = np.frombuffer(stage.sound, dtype=np.int16).astype(np.float32) / 32768
        self._agreed = LocalAgreement()
        self._utterance = 0
        self._cut = 0  # where the utterance begins
        self._speech = -1  # where its speech begins; -1 while there is none
        self._last = 0  # where its speech was last heard
        self._recognised = 0  # how far it was recognised

    def play(self) -> None:
        for heard in self._stage.positions(_LOOK):
            self._look(heard)
            if self._speech < 0:
                self._cut = self._recognised = max(self._cut, heard - _LEAD)
            elif heard - self._last >= _PAUSE or heard == self._stage.length:
                self._recognise(heard)
                self._end(self._agreed.whole, heard)
                self._speech = -1
            elif heard - self._recognised >= _CADENCE:
                self._recognise(heard)
                if heard - self._cut <= _WINDOW:
                    self._show(self._agreed.shown, is_final=False)
                elif self._agreed.confirmed:
                    cut = int(self._agreed.confirmed[-1].end * RATE)
                    self._end(self._agreed.shown, cut)
                    self._speech = cut
                else:  # taken for speech, but no word was ever agreed on
                    self._agreed = LocalAgreement()
                    self._cut, self._speech = heard - _LEAD, -1

    def _look(self, heard: int) -> None:
        begin = max(self._cut, heard - _LOOK_BACK)
        found = get_speech_timestamps(self._sound[begin:heard], _DETECTOR)
        if found:
            self._last = begin + found[-1]["end"]
            if self._speech < 0:
                self._speech = begin + found[0]["start"]

    def _recognise(self, heard: int) -> None:
        segments, _ = self._model.transcribe(
            self._sound[self._cut : heard],
            language="en",
            word_timestamps=True,
            condition_on_previous_text=False,
        )
        begin = self._cut / RATE
        self._agreed.take(
            [
                Word(word.word, begin + word.start, begin + word.end)
                for segment in segments
                for word in segment.words or []
            ]
        )
        self._recognised = heard

    def _show(self, text: str, *, is_final: bool) -> None:
        self._stage.show(self._utterance, text, self._speech / RATE, is_final=is_final)

    def _end(self, text: str, cut: int) -> None:
        self._show(text, is_final=True)
        self._agreed = LocalAgreement()
        self._utterance += 1
        self._cut = self._recognised = cut


def main(recording: str, clock: str, folder: str) -> None:
    """Print what was shown as JSON."""
    model = WhisperModel(folder, device="cpu", compute_type="int8", local_files_only=True)
    list(model.transcribe(np.zeros(RATE, dtype=np.float32), language="en")[0])
    stage = Stage(Path(recording), real_time=clock == "real")
    _Player(stage, model).play()
    print(stage.report())


if __name__ == "__main__":
    main(*sys.argv[1:])
