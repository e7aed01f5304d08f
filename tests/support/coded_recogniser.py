"""A recogniser of coded speech for the scripted server: what it says is what it was sent.

It behaves as Riva does: one response a message, often empty; partials that grow with the utterance;
a final after some silence. A profile says in what it differs. Everything it says follows from the
samples of its stream: it has no script and looks at no clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import grpc

from captioner.core.audio import SAMPLE_RATE, ms_to_samples, samples_to_ms
from tests.support.coded_speech import CodeDecoder, CodedWord
from tests.support.riva_server import Result, ServedStream, final, partial

_FIRST_PASS: Final = 0.5
"""Share of the silence of an utterance's end after which its two-pass partial comes."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How a server says what it has heard.

    Attributes:
        languages: Refuse all others; empty takes any.
        final_after_ms: Silence that ends an utterance.
        late_ms: How much more audio is heard before its final is said.
        finals: False never says one: partials go on over all utterances of the stream.
        word_times: Whether finals carry the times of their words, if the client asks for them.
        splits: Partials are two results, a stable head and an unsteady tail.
        two_pass: A partial of stability 1 comes before each final.
        restarts: Each third partial begins anew, with the first word alone.
        progress: Whether results say how much audio was worked through.
        sparse: Partials come with each other word only: the first, the third, and so on. The last
            word of an utterance may be in its final alone.
        vocabulary: How many different words there are, each said again and again; 0: no word is
            ever said twice.
    """

    languages: tuple[str, ...] = ()
    final_after_ms: int = 640
    late_ms: int = 0
    finals: bool = True
    word_times: bool = True
    splits: bool = False
    two_pass: bool = False
    restarts: bool = False
    progress: bool = True
    sparse: bool = False
    vocabulary: int = 0

    def spelled(self, number: int) -> str:
        """Return the word with this number as it is written in a partial."""
        return f"w{number % self.vocabulary if self.vocabulary else number}"


PLAIN: Final = Profile()
PARAKEET: Final = Profile(
    languages=("multi",),
    final_after_ms=480,
    late_ms=320,
    word_times=False,
    splits=True,
    two_pass=True,
    restarts=True,
)
"""``parakeet-rnnt``: multilingual RNNT of a NIM, several results a response and no word times."""

PROFILES: Final = {"plain": PLAIN, "parakeet-rnnt": PARAKEET}


@dataclass(frozen=True, slots=True)
class _Ended:
    """An utterance that is over and whose final is still to be said at sample ``due``."""

    words: tuple[CodedWord, ...]
    heard: int
    due: int


class CodedRecogniser:
    """One stream's recogniser; `recognise` makes one for each stream of a server."""

    def __init__(self, profile: Profile, *, asked_for_times: bool) -> None:
        """Begin a stream.

        Args:
            profile: How to say things.
            asked_for_times: Whether the client wants the times of words.
        """
        self._profile = profile
        self._with_times = profile.word_times and asked_for_times
        self._decoder = CodeDecoder()
        self._open: list[CodedWord] = []
        self._ended: deque[_Ended] = deque()
        self._said = 0
        self._partials = 0
        self._first_pass_said = False
        self.words: list[CodedWord] = []

    def hear(self, pcm: bytes) -> list[list[Result]]:
        """Take in one message's audio; return the results of each response to it, one or more."""
        new = self._decoder.feed(pcm)
        self.words += new
        for word in new:
            self._end_before(word.start)
            self._open.append(word)
        silent_until = self._decoder.pending_start
        self._end_before(self._decoder.position if silent_until is None else silent_until)
        return self._responses(changed=bool(new))

    def finish(self) -> list[list[Result]]:
        """Say what is left at the end of the audio."""
        if not self._profile.finals:
            return []
        self._end_utterance()
        return [[self._final(ended)] for ended in self._taken(self._decoder.position, every=True)]

    def _end_before(self, position: int) -> None:
        """End the open utterance where all has been silent for long enough before ``position``."""
        if not self._open or not self._profile.finals:
            return
        silence = ms_to_samples(self._profile.final_after_ms)
        if position - max(self._open[-1].end, 0) >= silence:
            self._end_utterance()

    def _end_utterance(self) -> None:
        if self._open:
            heard = self._open[-1].end + ms_to_samples(self._profile.final_after_ms)
            due = heard + ms_to_samples(self._profile.late_ms)
            self._ended.append(_Ended(tuple(self._open), heard, due))
            self._open.clear()
            self._first_pass_said = False

    def _taken(self, position: int, *, every: bool = False) -> list[_Ended]:
        taken: list[_Ended] = []
        while self._ended and (every or self._ended[0].due <= position):
            taken.append(self._ended.popleft())
        return taken

    def _responses(self, *, changed: bool) -> list[list[Result]]:
        finals = [self._final(ended) for ended in self._taken(self._decoder.position)]
        # A final that is late holds up the partials of what follows it.
        partials: list[Result] = []
        if self._open and not self._ended:
            if (changed or finals) and not (self._profile.sparse and len(self._open) % 2 == 0):
                partials = self._partial()
            elif self._profile.two_pass and not self._first_pass_said and self._is_first_pass():
                self._first_pass_said = True
                partials = [self._said_partial(self._text(self._open), stability=1.0)]
        if self._profile.splits:
            return [[*finals, *partials]]
        responses = [[result] for result in (*finals, *partials)]
        return responses or [[]]

    def _is_first_pass(self) -> bool:
        silence = self._decoder.position - self._open[-1].end
        wanted = _FIRST_PASS * ms_to_samples(self._profile.final_after_ms)
        return self._decoder.pending_start is None and silence >= wanted

    def _partial(self) -> list[Result]:
        self._partials += 1
        words = self._open
        if self._profile.restarts and self._profile.finals and self._partials % 3 == 0:
            words = words[:1]
        if not self._profile.splits or len(words) == 1:
            return [self._said_partial(self._text(words), stability=0.1)]
        return [
            self._said_partial(self._text(words[:-1]), stability=0.9),
            self._said_partial(f" {self._profile.spelled(words[-1].number)}", stability=0.1),
        ]

    def _said_partial(self, text: str, *, stability: float) -> Result:
        return partial(text, stability=stability, processed_s=self._seconds(self._decoder.position))

    def _final(self, ended: _Ended) -> Result:
        text = self._text(ended.words, is_final=True)
        self._said += 1
        times = [
            (
                self._profile.spelled(word.number),
                samples_to_ms(word.start),
                -(-word.end * 1000 // SAMPLE_RATE),
            )
            for word in ended.words
        ]
        return final(
            text,
            processed_s=self._seconds(ended.heard),
            words=times if self._with_times else (),
            confidence=-0.1,
        )

    def _text(self, words: Sequence[CodedWord], *, is_final: bool = False) -> str:
        text = " ".join(self._profile.spelled(word.number) for word in words)
        if is_final:
            text = f"{text[0].upper()}{text[1:]}."
        return f" {text}" if self._said else text

    def _seconds(self, samples: int) -> float:
        return samples / SAMPLE_RATE if self._profile.progress else 0.0


async def recognise(stream: ServedStream, profile: Profile = PLAIN) -> None:
    """Serve one stream from first to last audio; a handler for `RivaServer`."""
    recogniser: CodedRecogniser | None = None
    async for pcm in stream.audio():
        if recogniser is None:
            recogniser = await begin(stream, profile)
        for results in recogniser.hear(pcm):
            await stream.say(*results)
    if recogniser is not None:
        for results in recogniser.finish():
            await stream.say(*results)


async def begin(stream: ServedStream, profile: Profile) -> CodedRecogniser:
    """Return the recogniser of a stream whose first message has come.

    Refuses, as a real server does, a language that no model speaks.
    """
    assert stream.config is not None
    asked = stream.config.config
    if profile.languages and asked.language_code not in profile.languages:
        await stream.abort(
            grpc.StatusCode.INVALID_ARGUMENT,
            "Error: Unavailable model requested given these parameters: "
            f"language_code={asked.language_code}; sample_rate={asked.sample_rate_hertz}; "
            "type=online;",
        )
    return CodedRecogniser(profile, asked_for_times=asked.enable_word_time_offsets)
