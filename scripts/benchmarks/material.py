"""Speech as it is in rooms, and sound without any speech; all of it made here, the same each time.

The bundled clips with noise, music or a room laid over them; voices of espeak-ng that take turns or
hurry; sentences between long silences; and ten minutes in which nobody says a word.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from captioner.core.audio import SAMPLE_RATE
from captioner.measure.accuracy import normalised
from scripts.benchmarks import sounds
from scripts.benchmarks.sounds import Sound
from scripts.benchmarks.speech import CLIPS, Recording, samples

_FOLDER: Final = Path("build/material")

_MEETING: Final = (
    "Good morning everybody, and thank you for coming on such short notice.",
    "No problem. Did you have time to read the report that I sent on Friday?",
    "I did, and I think the second chapter needs a better explanation of the costs.",
    "That is fair. We spent more on training than we had planned in the spring.",
    "How much more, and who decided that?",
    "About nine thousand, and the whole team agreed after a long discussion.",
    "Then let us write down why, so that nobody has to ask again next year.",
    "I will send you a new version before lunch on Thursday.",
)
_VOICES: Final = ("en-us+m3", "en-gb+f3")
_USUAL_WORDS_A_MINUTE: Final = 165
_HURRIED_WORDS_A_MINUTE: Final = 250
_TURN_PAUSE_S: Final = 0.4
_LONG_SILENCE_S: Final = 12.0
_ROOM_NOISE_DB: Final = -65.0
_SPEECHLESS_S: Final = 100.0


def _over(laid: Callable[[int], Sound], ratio_db: float) -> Callable[[], Sound]:
    """Return what makes the clip with a sound over it, so many decibels below its speech."""

    def made() -> Sound:
        speech = samples(CLIPS["two_cities"].path)
        return sounds.mixed(speech, laid(len(speech)), ratio_db)

    return made


def _far() -> Sound:
    return sounds.in_a_room(samples(CLIPS["two_cities"].path))


def _turns() -> Sound:
    pause = np.zeros(int(_TURN_PAUSE_S * SAMPLE_RATE), dtype=np.float32)
    parts: list[Sound] = []
    for place, sentence in enumerate(_MEETING):
        voice = _VOICES[place % len(_VOICES)]
        parts += [spoken(sentence, voice, _USUAL_WORDS_A_MINUTE), pause]
    return np.concatenate(parts)


def _hurried() -> Sound:
    return spoken(" ".join(_MEETING), _VOICES[0], _HURRIED_WORDS_A_MINUTE)


def _between_silences() -> Sound:
    room = sounds.pink(int(_LONG_SILENCE_S * SAMPLE_RATE)) * 10 ** (_ROOM_NOISE_DB / 20)
    beckett = samples(CLIPS["beckett"].path)
    sentences = [spoken(each, _VOICES[0], _USUAL_WORDS_A_MINUTE) for each in _MEETING[:2]]
    return np.concatenate([room, beckett, room, sentences[0], room, sentences[1], room])


def spoken(text: str, voice: str, words_a_minute: int) -> Sound:
    """Return what espeak-ng says.

    Raises:
        OSError: It is not installed.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        subprocess.run(
            ["espeak-ng", "-v", voice, "-s", str(words_a_minute), "-w", str(path), text],  # noqa: S607 - that of the system
            check=True,
        )
        return samples(path)


_TALK: Final = CLIPS["two_cities"].text
_CONDITIONS: Final[dict[str, tuple[Callable[[], Sound], str]]] = {
    "noise, 15 dB": (_over(sounds.pink, 15.0), _TALK),
    "noise, 5 dB": (_over(sounds.pink, 5.0), _TALK),
    "far from the microphone": (_far, _TALK),
    "music, 10 dB": (_over(sounds.music, 10.0), _TALK),
    "two speakers": (_turns, " ".join(_MEETING)),
    "fast speech": (_hurried, " ".join(_MEETING)),
    "long silences": (
        _between_silences,
        " ".join([CLIPS["beckett"].text, *_MEETING[:2]]),
    ),
}
_SPEECHLESS: Final[dict[str, Callable[[int], Sound]]] = {
    "silence": sounds.silence,
    "white noise": sounds.white,
    "pink noise": sounds.pink,
    "hum": sounds.hum,
    "music": sounds.music,
    "typing": sounds.typing,
}

CONDITIONS: Final = {name: text for name, (_, text) in _CONDITIONS.items()}
"""What is said, by the names that `recording` takes beside those of the clips."""
SPEECHLESS: Final = tuple(_SPEECHLESS)
"""Names that it takes, too: ten minutes in all without a word."""


@cache
def recording(name: str) -> Recording:
    """Return a bundled clip, or what is made here; it is made once.

    Raises:
        KeyError: There is none of this name.
        OSError: espeak-ng is not installed.
    """
    if name in CLIPS:
        return CLIPS[name]
    if name in SPEECHLESS:
        make_sound = _SPEECHLESS[name]
        length = int(_SPEECHLESS_S * SAMPLE_RATE)
        return Recording(_kept(f"nobody, {name}", lambda: make_sound(length)), "")
    make, text = _CONDITIONS[name]
    return Recording(_kept(name, make), text)


def _kept(name: str, make: Callable[[], Sound]) -> Path:
    path = _FOLDER.resolve() / f"{name.replace(', ', '-').replace(' ', '-')}.wav"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new.wav")
        soundfile.write(new, np.clip(make(), -1.0, 1.0), SAMPLE_RATE, subtype="PCM_16")
        new.replace(path)
    return path


def loops(text: str, *, most_words: int = 6, times: int = 4) -> list[str]:
    """Return each phrase that comes so many times on end, as where a model has lost its way."""
    words = normalised(text).split()
    found: list[str] = []
    for length in range(1, most_words + 1):
        place = 0
        while place + length * times <= len(words):
            phrase = words[place : place + length]
            count = _repeats(words, place, phrase)
            if count >= times:
                found.append(" ".join(phrase))
            place += length * count if count >= times else 1
    return found


def _repeats(words: Sequence[str], place: int, phrase: Sequence[str]) -> int:
    count = 0
    while words[place : place + len(phrase)] == phrase:
        count += 1
        place += len(phrase)
    return count
