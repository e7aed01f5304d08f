"""Plays recordings to vosk with a model of the user, its own endpointing, texts every 100 ms."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from vosk import KaldiRecognizer, Model, SetLogLevel

from scripts.benchmarks.peers.stage import RATE, Stage


def main(recording: str, clock: str, folder: str) -> None:
    """Print what was shown as JSON."""
    SetLogLevel(-1)
    recognizer = KaldiRecognizer(Model(folder), RATE)
    recognizer.SetWords(True)  # noqa: FBT003 - the library's signature
    recognizer.SetPartialWords(True)  # noqa: FBT003 - the library's signature
    stage = Stage(Path(recording), real_time=clock == "real")
    utterance, start_s = 0, 0.0

    def show(result: dict[str, object], kind: str, *, is_final: bool) -> None:
        nonlocal start_s, utterance
        text, words = result.get(kind), result.get("result") or result.get("partial_result")
        if not text:
            return
        if isinstance(words, list):
            start_s = words[0]["start"]
        stage.show(utterance, str(text), start_s, is_final=is_final)
        utterance += is_final

    for chunk in stage.chunks(RATE // 10):
        if recognizer.AcceptWaveform(chunk):
            show(json.loads(recognizer.Result()), "text", is_final=True)
        else:
            show(json.loads(recognizer.PartialResult()), "partial", is_final=False)
    show(json.loads(recognizer.FinalResult()), "text", is_final=True)
    print(stage.report())


if __name__ == "__main__":
    main(*sys.argv[1:])
