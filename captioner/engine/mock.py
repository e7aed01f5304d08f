"""The mock back end: plays a script instead of recognising. Never chosen by itself.

Its timing is real: events come when so much audio has been heard, whatever it holds. It serves
offline development, demonstrations and tests; its name says everywhere what it is.

A script is a JSON file::

    {
      "repeat": true,
      "utterances": [
        {
          "start_s": 0.5,
          "end_s": 2.0,
          "text": "This is said between 0.5 and 2 seconds.",
          "final_s": 2.5,
          "partials": [{"at_s": 1.0, "text": "This is"}]
        }
      ]
    }

``final_s`` is half a second after ``end_s`` when it is left out, and without ``partials`` the words
come one by one. With ``repeat`` the script begins again a second after its last final.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from captioner.core.audio import SAMPLE_RATE
from captioner.core.errors import ConfigurationError
from captioner.core.hypothesis import Hypothesis, Word
from captioner.engine.backend import ModelCard, RecognitionStream, Samples, Update
from captioner.engine.outbox import Outbox
from captioner.engine.reading import without_punctuation
from captioner.riva.options import RecognitionOptions

_FINAL_DELAY_S: Final = 0.5
_REPEAT_PAUSE_S: Final = 1.0
_STABILITY: Final = 0.5


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class ScriptedPartial(_Part):
    """A partial, ``at_s`` seconds into the script."""

    at_s: float = Field(ge=0)
    text: str = Field(min_length=1)


class ScriptedUtterance(_Part):
    """Something that is said between two moments, in seconds of the script."""

    start_s: float = Field(ge=0)
    end_s: float
    text: str = Field(min_length=1)
    final_s: float = -1.0
    partials: tuple[ScriptedPartial, ...] = ()

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if self.end_s <= self.start_s:
            raise ValueError("end_s must be after start_s")
        if "final_s" in self.model_fields_set and self.final_s < self.end_s:
            raise ValueError("final_s must not be before end_s")
        times = [self.start_s, *(partial.at_s for partial in self.partials), self.said_s]
        if any(later < earlier for earlier, later in pairwise(times)):
            raise ValueError("partials must lie in order between start_s and final_s")
        return self

    @property
    def said_s(self) -> float:
        """When the final comes."""
        return self.final_s if self.final_s >= 0 else self.end_s + _FINAL_DELAY_S


class Script(_Part):
    """What the mock says."""

    repeat: bool = True
    utterances: tuple[ScriptedUtterance, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        for earlier, later in pairwise(self.utterances):
            if later.start_s < earlier.said_s:
                raise ValueError(
                    f"the utterance at {later.start_s:g} s begins before the final of the one "
                    f"before it, at {earlier.said_s:g} s"
                )
        return self

    @property
    def length_s(self) -> float:
        """When the script begins again."""
        return self.utterances[-1].said_s + _REPEAT_PAUSE_S


DEFAULT_SCRIPT: Final = Script(
    utterances=(
        ScriptedUtterance(start_s=0.5, end_s=2.5, text="This is the mock engine."),
        ScriptedUtterance(
            start_s=3.5, end_s=6.0, text="These words are scripted, nobody said them."
        ),
        ScriptedUtterance(start_s=7.0, end_s=9.0, text="Whatever you say, I say this."),
    )
)


def read_script(path: Path) -> Script:
    """Read a script.

    Raises:
        ConfigurationError: The file cannot be read, or is no script; says where and why.
    """
    try:
        return Script.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(
            f"The mock script {path} cannot be read: {error.strerror}.", hint="Check --script."
        ) from error
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or "the file"
        raise ConfigurationError(
            f"The mock script {path} is not valid: {where}: {fault['msg']}.",
            hint="`captioner serve --help` has an example of a script.",
        ) from error


class MockBackend:
    """Opens streams that all play the same script."""

    name: Final = "mock"
    model: Final = ModelCard(name="mock-scripted-en", language="en-US")

    def __init__(self, script: Script = DEFAULT_SCRIPT) -> None:
        """Play ``script``."""
        self._script = script

    @property
    def decode_s(self) -> float:
        """None: nothing is decoded."""
        return 0.0

    async def load(self) -> None:
        """There is nothing to load."""

    def open_stream(self, options: RecognitionOptions) -> RecognitionStream:
        """Begin a stream, at the beginning of the script."""
        return MockStream(self._script, options)

    async def close(self) -> None:
        """There is nothing to close."""


@dataclass(frozen=True, slots=True)
class _Event:
    at_s: float
    hypothesis: Hypothesis


class MockStream:
    """One client's run of the script; see `RecognitionStream`."""

    def __init__(self, script: Script, options: RecognitionOptions) -> None:
        """Begin at the beginning."""
        self._script = script
        self._options = options
        self._outbox = Outbox()
        self._heard = 0
        self._round_s = 0.0
        self._utterances = deque(script.utterances)
        self._events: deque[_Event] = deque()
        self._is_open = False

    async def feed(self, samples: Samples) -> None:
        """Count the audio and say what is due."""
        self._heard += len(samples)
        while (event := self._next()) is not None and event.at_s * SAMPLE_RATE <= self._heard:
            self._events.popleft()
            self._say(event.hypothesis)
        if not self._is_open and self._options.interim_results:
            self._outbox.report_progress(self._heard / SAMPLE_RATE)

    async def end_utterance(self) -> None:
        """Say the final of the utterance that is being said now, whole."""
        if self._is_open:
            final = self._events[-1].hypothesis
            self._events.clear()
            self._say(final)

    async def finish(self) -> None:
        """End; an utterance that has begun is said to its end."""
        await self.end_utterance()
        self._outbox.close()

    def updates(self) -> AsyncIterator[Update]:
        """Yield what was said."""
        return self._outbox.updates()

    async def close(self) -> None:
        """Say no more."""
        self._outbox.close()

    def _say(self, hypothesis: Hypothesis) -> None:
        self._is_open = not hypothesis.is_final
        if hypothesis.is_final:
            self._outbox.put_final(hypothesis)
        elif self._options.interim_results:
            self._outbox.put_partial(Update((hypothesis,), hypothesis.audio_processed_s))

    def _next(self) -> _Event | None:
        if not self._events:
            if not self._utterances:
                if not self._script.repeat:
                    return None
                self._round_s += self._script.length_s
                self._utterances.extend(self._script.utterances)
            self._events.extend(self._events_of(self._utterances.popleft()))
        return self._events[0]

    def _events_of(self, utterance: ScriptedUtterance) -> list[_Event]:
        words = _words(utterance, self._round_s)
        partials = [(part.at_s, part.text) for part in utterance.partials] or [
            (word.end_ms / 1000 - self._round_s, " ".join(said.text for said in words[: index + 1]))
            for index, word in enumerate(words)
        ]
        events = [self._event(at_s, text, utterance) for at_s, text in partials]
        final = Hypothesis(
            text=self._written(utterance.text),
            is_final=True,
            words=tuple(words) if self._options.word_times else (),
            audio_processed_s=self._round_s + utterance.end_s,
        )
        return [*events, _Event(self._round_s + utterance.said_s, final)]

    def _event(self, at_s: float, text: str, utterance: ScriptedUtterance) -> _Event:
        position_s = self._round_s + at_s
        partial = Hypothesis(
            text=self._written(text),
            stability=_STABILITY,
            audio_processed_s=min(position_s, self._round_s + utterance.end_s),
        )
        return _Event(position_s, partial)

    def _written(self, text: str) -> str:
        return text if self._options.punctuation else without_punctuation(text)


def _words(utterance: ScriptedUtterance, offset_s: float) -> list[Word]:
    """Return the words of an utterance, spread evenly over it, in milliseconds of the stream."""
    texts = utterance.text.split()
    step = (utterance.end_s - utterance.start_s) / len(texts)
    bounds = [
        round(1000 * (offset_s + utterance.start_s + step * index))
        for index in range(len(texts) + 1)
    ]
    return [
        Word(text, start, end) for text, (start, end) in zip(texts, pairwise(bounds), strict=True)
    ]
