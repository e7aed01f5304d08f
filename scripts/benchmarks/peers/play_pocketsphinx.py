"""Plays recordings to pocketsphinx with the model of its wheel and its own endpointer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from pocketsphinx import Decoder, Endpointer

from scripts.benchmarks.peers.stage import Stage

_FRAMES_PER_TEXT: Final = 3
"""Its frames have 30 ms; a text is asked for every 90 ms."""


def main(recording: str, clock: str) -> None:
    """Print what was shown as JSON."""
    decoder, endpointer = Decoder(loglevel="FATAL"), Endpointer()
    stage = Stage(Path(recording), real_time=clock == "real")
    utterance = 0
    for number, chunk in enumerate(stage.chunks(endpointer.frame_bytes // 2)):
        spoke = endpointer.in_speech
        speech = endpointer.process(chunk)
        if speech is None:
            continue
        if not spoke:
            decoder.start_utt()
        decoder.process_raw(speech)
        is_final = not endpointer.in_speech
        if is_final:
            decoder.end_utt()
        elif number % _FRAMES_PER_TEXT:
            continue
        found = decoder.hyp()
        text = found.hypstr if found is not None else ""
        stage.show(utterance, text, endpointer.speech_start, is_final=is_final)
        utterance += is_final
    print(stage.report())


if __name__ == "__main__":
    main(*sys.argv[1:])
