"""The model that moonshine-voice brings, and what its offline call reads with it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import moonshine_voice
from moonshine_voice import ModelArch
from moonshine_voice.transcriber import Transcriber

from captioner.core.audio import SAMPLE_RATE
from scripts.benchmarks.speech import samples

STREAMING: Final = "moonshine streaming, one thread"
"""The name of its own streaming in the tables, where the model has as many threads as ours."""
MODEL: Final = Path(moonshine_voice.__file__).parent / "assets" / "tiny-en"


def read_offline(paths: Iterable[Path]) -> list[str]:
    """Return what the library's offline call makes of each recording, whole."""
    with Transcriber(MODEL, ModelArch.TINY) as transcriber:
        found = [
            transcriber.transcribe_without_streaming(samples(path).tolist(), SAMPLE_RATE)
            for path in paths
        ]
    return [" ".join(line.text for line in each.lines) for each in found]
