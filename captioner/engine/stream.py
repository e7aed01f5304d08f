"""One client's audio through detector, endpointer and decoders.

All of it runs on the loop's thread, except the detector's and the decoders' own work. Which words
a final has depends on the audio alone. When it is decoded does not: already in a pause, ahead of
the end of the utterance, so that the final is there as soon as the end is certain.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from captioner.core.audio import SAMPLE_RATE
from captioner.core.errors import CaptionerError
from captioner.core.hypothesis import Hypothesis
from captioner.engine.backend import Samples, Update
from captioner.engine.context import Context
from captioner.engine.decoding import Passage, read_partial, read_whole
from captioner.engine.endpointing import Ended, Utterance
from captioner.engine.hearing import Hearing
from captioner.engine.native import FRAME, Decoder
from captioner.engine.outbox import Outbox
from captioner.engine.pacing import PartialPace
from captioner.engine.rendering import Rendering
from captioner.engine.scheduler import Job, Lane
from captioner.engine.voice import VoiceDetector
from captioner.engine.words import estimate_word_times
from captioner.riva.options import RecognitionOptions

_PIECE: Final = SAMPLE_RATE // 2
_MOST_WAITING: Final = 2
_SPEAKING: Final = 3


@dataclass(eq=False, slots=True)
class _Reading:
    """A final in the making, or made ahead of time."""

    utterance: Utterance
    job: Job[str] | None = None
    text: str | None = None


class MoonshineStream:
    """Made by `MoonshineBackend.open_stream`; see `RecognitionStream`."""

    def __init__(self, detector: VoiceDetector, lane: Lane, options: RecognitionOptions) -> None:
        """Begin a stream."""
        self._options = options
        self._lane = lane
        self._hearing = Hearing(detector)
        self._endpointer = self._hearing.endpointer
        self._context = Context(self._hearing)
        self._rendering = Rendering(options)
        self._outbox = Outbox()
        self._pace = PartialPace()
        self._ended: deque[Utterance] = deque()
        self._reading: _Reading | None = None
        self._partial: Job[str] | None = None
        self._room = asyncio.Event()
        self._is_finished = False
        self._is_closed = False

    async def feed(self, samples: Samples) -> None:
        """Take in the next audio; waits while finals, or the client, lag behind."""
        for begin in range(0, len(samples), _PIECE):
            await self._wait_for_room()
            self._hearing.append(samples[begin : begin + _PIECE])
            await self._listen()

    async def end_utterance(self) -> None:
        """Make a final of what was said so far."""
        await self._listen(at_least=1)
        ended = self._endpointer.end_now()
        if ended is not None:
            self._on_ended(ended.utterance)
            self._advance()

    async def finish(self) -> None:
        """Say that the audio has ended."""
        self._hearing.complete_frame()
        await self.end_utterance()
        self._is_finished = True
        self._advance()

    async def updates(self) -> AsyncIterator[Update]:
        """Yield results in order."""
        async for update in self._outbox.updates():
            self._room.set()
            yield update

    async def close(self) -> None:
        """Forget everything that waits."""
        if not self._is_closed:
            self._is_closed = True
            self._hearing.close()
            self._give_up(None)

    async def _wait_for_room(self) -> None:
        while not self._is_closed and not (
            len(self._ended) < _MOST_WAITING and self._outbox.has_room
        ):
            self._room.clear()
            await self._room.wait()

    async def _listen(self, *, at_least: int | None = None) -> None:
        async for boundary in self._hearing.boundaries(at_least=at_least):
            if isinstance(boundary, Ended):
                self._on_ended(boundary.utterance)
            elif not self._ended:
                # What the context says is known only when no other final is still to come.
                self._read(boundary.utterance)
        if self._is_closed:
            return
        self._advance()
        self._ask_for_partial()
        self._forget()

    def _on_ended(self, utterance: Utterance) -> None:
        self._drop_partial()
        self._ended.append(utterance)

    def _advance(self) -> None:
        """Say the finals that are read, in order, and have the next one read."""
        while self._ended:
            utterance, reading = self._ended[0], self._reading
            if reading is None or reading.utterance != utterance:
                self._read(utterance)
                return
            if reading.text is None:
                return
            self._ended.popleft()
            self._reading = None
            self._say_final(utterance, reading.text)
            self._room.set()
        if self._is_finished:
            self._outbox.close()

    def _read(self, utterance: Utterance) -> None:
        """Have a whole utterance decoded; what was in the making before is not wanted any more."""
        if self._reading is not None and self._reading.job is not None:
            self._reading.job.cancel()
        self._drop_partial()
        reading = self._reading = _Reading(utterance)
        reading.job = Job(
            work=partial(_read_whole, self._context.whole(utterance)),
            deliver=partial(self._on_read, reading),
            fail=self._give_up,
        )
        self._lane.submit_final(reading.job)

    def _on_read(self, reading: _Reading, text: str) -> None:
        reading.text = text
        start = reading.utterance.start
        if not self._ended and self._endpointer.start == start:
            end = reading.utterance.end
            if self._pace.is_newest(start, end) and text and self._options.interim_results:
                self._pace.decoded(start, self._endpointer.position, 0.0)
                self._outbox.put_partial(self._rendering.pause(text.split(), _position_s(end)))
        self._advance()

    def _ask_for_partial(self) -> None:
        start, position = self._endpointer.start, self._endpointer.position
        if (
            start is None
            or self._ended
            or not self._options.interim_results
            or self._endpointer.silence >= _SPEAKING
            or not self._pace.is_due(start, position)
        ):
            return
        if self._partial is not None and self._partial.is_started:
            return
        passage = self._context.part(
            start,
            position,
            self._endpointer.voiced_frames(),
            is_first=not self._rendering.has_shown,
        )
        self._pace.decoded(start, position, len(passage.audio) / SAMPLE_RATE)
        self._partial = Job(
            work=partial(_read_partial, passage),
            deliver=partial(
                self._on_partial, start, position, is_mid_word=self._endpointer.silence == 0
            ),
            fail=self._give_up,
        )
        self._lane.submit_partial(self._partial)

    def _on_partial(self, start: int, position: int, text: str, *, is_mid_word: bool) -> None:
        self._partial = None
        if text and self._endpointer.start == start and self._pace.is_newest(start, position):
            partial_update = self._rendering.partial(
                text.split(), _position_s(position), is_mid_word=is_mid_word
            )
            if partial_update is not None:
                self._outbox.put_partial(partial_update)

    def _drop_partial(self) -> None:
        self._lane.drop_partial()
        if self._partial is not None:
            self._partial.cancel()
            self._partial = None

    def _say_final(self, utterance: Utterance, text: str) -> None:
        tokens = text.split()
        if tokens:
            self._context.add(utterance, tokens)
        elif not self._rendering.has_shown:
            return
        shown = self._rendering.final(tokens)
        self._outbox.put_final(
            Hypothesis(
                text=" ".join(shown),
                is_final=True,
                words=estimate_word_times(shown, utterance) if self._options.word_times else (),
                audio_processed_s=_position_s(utterance.end),
            )
        )

    def _forget(self) -> None:
        if self._endpointer.start is None and not self._ended and self._options.interim_results:
            self._outbox.report_progress(_position_s(self._endpointer.position))
        oldest = self._ended[0].start if self._ended else self._endpointer.start
        self._context.forget((self._endpointer.position if oldest is None else oldest) * FRAME)

    def _give_up(self, error: CaptionerError | None) -> None:
        self._is_closed = True
        self._drop_partial()
        self._lane.close()
        self._outbox.close(error)
        self._room.set()


def _read_whole(passage: Passage, decoder: Decoder) -> str:
    return read_whole(decoder, passage)


def _read_partial(passage: Passage, decoder: Decoder) -> str:
    return read_partial(decoder, passage)


def _position_s(frame: int) -> float:
    return frame * FRAME / SAMPLE_RATE
