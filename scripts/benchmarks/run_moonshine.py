"""Plays one clip in real time to moonshine-voice's own streaming transcriber, in this process.

The model has one thread, as in Captioner's engine: with the library's defaults it takes about twice
the processor time, and what is compared here is the streaming around the same model.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from typing import Any

from moonshine_voice import ModelArch
from moonshine_voice.transcriber import Transcriber

from captioner.core.audio import SAMPLE_RATE
from scripts.benchmarks.material import recording
from scripts.benchmarks.moonshine import MODEL, STREAMING
from scripts.benchmarks.record import Record, Update
from scripts.benchmarks.speech import TAIL_S, samples

_CHUNK = SAMPLE_RATE // 10


def _processor_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main(clip: str) -> None:
    """Print the record of the run as JSON."""
    os.environ["MOONSHINE_ORT_SINGLE_THREAD"] = "1"
    transcriber = Transcriber(MODEL, ModelArch.TINY)
    stream = transcriber.create_stream()
    sound = [*samples(recording(clip).path).tolist(), *([0.0] * int(TAIL_S * SAMPLE_RATE))]
    record = Record(STREAMING, clip, audio_s=len(sound) / SAMPLE_RATE)
    begun = 0.0

    def listen(event: Any) -> None:  # noqa: ANN401 - the library's events have no types
        line = event.line
        record.updates.append(
            Update(
                at=time.monotonic() - begun,
                utterance=line.line_id,
                text=line.text,
                is_final=type(event).__name__ == "LineCompleted",
                start=line.start_time,
            )
        )

    stream.add_listener(
        lambda event: (
            listen(event) if type(event).__name__ in {"LineTextChanged", "LineCompleted"} else None
        )
    )
    stream.start()
    begun = time.monotonic()
    used = _processor_s()
    for index, position in enumerate(range(0, len(sound), _CHUNK)):
        wait = begun + (index + 1) * 0.1 - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        stream.add_audio(sound[position : position + _CHUNK])
    stream.stop()
    record.processor_s = _processor_s() - used
    print(record.to_json())


if __name__ == "__main__":
    main(sys.argv[1])
