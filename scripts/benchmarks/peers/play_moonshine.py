"""Plays recordings to the newest moonshine-voice, its own streaming, defaults throughout.

Its wheel brings no model since 0.1.1; it gets the one that Captioner's engine has.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from moonshine_voice import ModelArch
from moonshine_voice.transcriber import Transcriber

from scripts.benchmarks.peers.stage import RATE, Stage


def main(recording: str, clock: str, folder: str) -> None:
    """Print what was shown as JSON."""
    stage = Stage(Path(recording), real_time=clock == "real")
    stream = Transcriber(folder, ModelArch.TINY).create_stream()

    def listen(event: Any) -> None:  # noqa: ANN401 - the library's events have no types
        kind = type(event).__name__
        if kind in {"LineTextChanged", "LineCompleted"}:
            line = event.line
            stage.show(line.line_id, line.text, line.start_time, is_final=kind == "LineCompleted")

    stream.add_listener(listen)
    stream.start()
    for chunk in stage.chunks(RATE // 10):
        stream.add_audio((np.frombuffer(chunk, dtype=np.int16) / 32768).tolist(), RATE)
    stream.stop()
    print(stage.report())


if __name__ == "__main__":
    main(*sys.argv[1:])
