"""Plays one clip in real time to faster-whisper under a plain streaming policy.

faster-whisper does not stream. The policy here is the usual one: what was heard since the last
final is transcribed again once a second, and becomes final after a pause. It is an optional peer:
install ``faster-whisper`` beside Captioner and give the folder of a model that is on the disk.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np
from faster_whisper import WhisperModel

from captioner.core.audio import SAMPLE_RATE
from scripts.benchmarks.material import recording
from scripts.benchmarks.record import Record, Update
from scripts.benchmarks.speech import samples, stretches

_STEP_S = 1.0
_PAUSE_S = 0.5
_TAIL_S = 1.5


def _processor_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main(clip: str, model_path: str) -> None:
    """Print the record of the run as JSON."""
    model = WhisperModel(model_path, device="cpu", compute_type="int8", local_files_only=True)
    sound = np.concatenate(
        [samples(recording(clip).path), np.zeros(int(_TAIL_S * SAMPLE_RATE), dtype=np.float32)]
    )
    record = Record("faster-whisper", clip, audio_s=len(sound) / SAMPLE_RATE)
    begun = time.monotonic()
    used = _processor_s()
    cut_s, utterance, heard_s = 0.0, 0, 0.0
    while heard_s < record.audio_s:
        wait = begun + heard_s + _STEP_S - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        heard_s = min(time.monotonic() - begun, record.audio_s)
        window = sound[int(cut_s * SAMPLE_RATE) : int(heard_s * SAMPLE_RATE)]
        heard = stretches(window, _PAUSE_S) if len(window) > SAMPLE_RATE // 4 else []
        if not heard:
            continue
        segments, _ = model.transcribe(window, language="en", beam_size=1)
        text = " ".join(segment.text.strip() for segment in segments)
        is_final = len(window) / SAMPLE_RATE - heard[-1].end >= _PAUSE_S
        now = time.monotonic() - begun
        record.updates.append(Update(now, utterance, text, is_final, cut_s + heard[0].start))
        if is_final:
            cut_s, utterance = cut_s + len(window) / SAMPLE_RATE, utterance + 1
    record.processor_s = _processor_s() - used
    print(record.to_json())


if __name__ == "__main__":
    main(*sys.argv[1:])
