"""A recording whose speech is a tone of known length, and a recogniser that knows it."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path
from typing import Final

from captioner.core.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from captioner.measure.track import Recording, read_recording
from tests.support.riva_server import ServedStream, final, partial
from tests.support.scripted_source import tone

SPEECH_S: Final = 0.6
ANSWER_S: Final = 0.04
"""How long the recogniser takes for each chunk."""

PAUSE_S: Final = 0.6
FINAL_AT_S: Final = 1.0
"""How much of the recording it hears before it says the final."""

WORDS: Final = "It was the best of times"


def write_speech(path: Path) -> Path:
    """Write the recording and its reference."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(BYTES_PER_SAMPLE)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(tone(0, round(SPEECH_S * SAMPLE_RATE)))
    path.with_suffix(".txt").write_text(f"{WORDS}.\n", encoding="utf-8")
    return path


async def recording(path: Path, *, chunk_ms: int) -> Recording:
    """Return the recording with a short pause after it, so that tests are short."""
    write_speech(path)
    return await read_recording(path, chunk_ms=chunk_ms, reference=WORDS, pause_s=PAUSE_S)


async def recognise(stream: ServedStream) -> None:
    """Answer each chunk after a known time; a partial while there is speech, then a final."""
    is_said = False
    async for _ in stream.audio():
        await asyncio.sleep(ANSWER_S)
        heard_s = stream.heard_s
        if heard_s < FINAL_AT_S:
            await stream.say(partial(WORDS, processed_s=heard_s))
        elif not is_said:
            is_said = True
            await stream.say(final(WORDS, processed_s=heard_s))
        else:
            await stream.say()
