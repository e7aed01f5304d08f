"""Keeps recognition going: one stream after the other, over failures, without losing audio.

Audio is fed in without waiting and kept until a final covers it. When a stream breaks, the next
one hears again what the broken one left unfinished, faster than real time.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, TypeAlias

from riva.client.proto import riva_asr_pb2

from captioner.asr.channel import open_channel
from captioner.asr.endpoint import Endpoint
from captioner.asr.replay import LostAudio, ReplayBuffer
from captioner.asr.stream import DrainTimeoutError, RecognitionStream, StreamLimits
from captioner.core.audio import SAMPLE_RATE, AudioChunk, ms_to_samples, samples_to_ms
from captioner.core.backoff import Backoff
from captioner.core.clock import Clock, SystemClock
from captioner.core.errors import CaptionerError, OverloadedError, UnavailableError
from captioner.core.hypothesis import Hypothesis
from captioner.riva.options import RecognitionOptions
from captioner.riva.results import audio_processed_s, hypotheses_from_response

logger = logging.getLogger(__name__)

_REPLAY_LIMIT_S: Final = 30
_FILE_AHEAD_S: Final = 20.0
_FILE_PATIENCE_S: Final = 1.0
_SLOW_RETRY_S: Final = 2.0
_HEARD_CHUNKS: Final = 1024


@dataclass(frozen=True, slots=True)
class Connected:
    """A stream to ``endpoint`` stands."""

    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class Heard:
    """The recogniser said something.

    Attributes:
        hypothesis: What it said; times are milliseconds of the session.
        processing_ms: From the moment the newest audio behind it was heard to now.
    """

    hypothesis: Hypothesis
    processing_ms: float


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The stream broke; another try follows.

    Attributes:
        error: Why.
        retry_in_s: When the next try begins.
        replays_all: Whether the next stream will hear all that no final covers. Where not, what
            was shown of the open utterance is the only record of its beginning.
    """

    error: CaptionerError
    retry_in_s: float
    replays_all: bool


@dataclass(frozen=True, slots=True)
class Lost:
    """Audio that a broken stream heard, but that no final covers and that is no longer held."""

    audio: LostAudio


RecogniserEvent: TypeAlias = Connected | Heard | Interrupted | Lost
EndpointProvider: TypeAlias = Callable[[], Awaitable[Endpoint]]


class Recogniser:
    """One channel's recognition from first to last audio."""

    def __init__(
        self,
        endpoint_of: EndpointProvider,
        options: RecognitionOptions,
        *,
        limits: StreamLimits | None = None,
        backoff: Backoff | None = None,
        max_retries: int = 0,
        clock: Clock | None = None,
    ) -> None:
        """Prepare; nothing is opened before `events` is iterated.

        Args:
            endpoint_of: Asked before each stream, because an embedded engine that was started
                again listens elsewhere.
            options: What is asked of the server.
            limits: How long each wait may take.
            backoff: Delays between tries.
            max_retries: Failed tries in a row before giving up; 0 tries for ever.
            clock: Time; tests pass their own.
        """
        self._endpoint_of = endpoint_of
        self._options = options
        self._limits = limits or StreamLimits()
        self._backoff = backoff or Backoff()
        self._max_retries = max_retries
        self._clock = clock or SystemClock()
        self._buffer = ReplayBuffer(_REPLAY_LIMIT_S * SAMPLE_RATE)
        self._stream: RecognitionStream | None = None
        self._heard_at: deque[tuple[int, float]] = deque(maxlen=_HEARD_CHUNKS)
        self._progress = asyncio.Event()
        self._processed = 0
        self._behind = 0
        self._finished = False
        self.reconnects = 0

    def feed(self, chunk: AudioChunk, *, is_loud: bool) -> LostAudio | None:
        """Take in audio. Never waits.

        Args:
            chunk: The next audio; positions never go back.
            is_loud: Whether it may be speech; starts the clock for an answer.

        Returns:
            The oldest audio, where it had to be dropped to stay within bounds.
        """
        if self._buffer.fed_until == 0:
            self._processed = chunk.start
        self._heard_at.append((chunk.end, chunk.captured_at))
        if is_loud and self._stream is not None:
            self._stream.note_speech()
        return self._buffer.put(chunk)

    def finish(self) -> None:
        """Say that the audio has ended; `events` ends after the last words."""
        self._finished = True
        self._buffer.finish()

    async def room(self) -> None:
        """Wait until the server has caught up; for sources that are faster than real time.

        A server that hears everything but says nothing is taken to follow in real time.
        """
        while self.lag_s > _FILE_AHEAD_S:
            self._progress.clear()
            try:
                async with asyncio.timeout(_FILE_PATIENCE_S):
                    await self._progress.wait()
            except TimeoutError:
                if self._buffer.unsent_samples == 0:
                    self._processed += round(_FILE_PATIENCE_S * SAMPLE_RATE)

    def cover(self, until_ms: int) -> None:
        """Take what was said up to ``until_ms`` of the session as settled: it is not replayed."""
        self._buffer.commit(ms_to_samples(until_ms))

    @property
    def lag_s(self) -> float:
        """Seconds of audio that were fed and, by all we know, are not worked through."""
        return max(0, self._buffer.fed_until - self._processed) / SAMPLE_RATE

    async def events(self) -> AsyncGenerator[RecogniserEvent, None]:
        """Yield what happens until the audio has ended and the last words are there.

        Raises:
            CaptionerError: A failure that another try cannot mend, or one try too many.
        """
        while True:
            try:
                async with aclosing(self._one_stream()) as stream:
                    async for event in stream:
                        yield event
                if self._finished and self._stream is not None and self._stream.has_said_all:
                    return
                raise UnavailableError(
                    "The server ended the stream by itself.", hint="A new one is opened."
                )
            except DrainTimeoutError as error:
                logger.warning("%s", error)
                return
            except CaptionerError as error:
                if not error.retryable:
                    raise
                if self._max_retries and self._backoff.attempts >= self._max_retries:
                    raise
                delay = self._backoff.next_delay()
                if isinstance(error, OverloadedError):
                    delay += _SLOW_RETRY_S
                self.reconnects += 1
                logger.info("Stream broken (%s): %s", error.code or error.category, error)
                yield Interrupted(error, delay, self._buffer.forgotten is None)
            finally:
                self._stream = None
            await self._clock.sleep(delay)
            if (forgotten := self._buffer.rewind()) is not None:
                yield Lost(forgotten)
            replayed = max(0, self._buffer.sent_until - self._buffer.start)
            self._processed, self._behind = self._buffer.start, 0
            logger.info("Next stream replays %d ms", samples_to_ms(replayed))

    async def _one_stream(self) -> AsyncGenerator[RecogniserEvent, None]:
        endpoint = await self._endpoint_of()
        async with open_channel(endpoint) as channel:
            stream = RecognitionStream(
                channel,
                endpoint,
                self._options,
                self._buffer,
                limits=self._limits,
                clock=self._clock,
            )
            self._stream = stream
            stands = await stream.connect()
            if stands:
                yield Connected(endpoint)
            async with aclosing(stream.responses()) as responses:
                async for response in responses:
                    if not stands:
                        # gRPC has tried once more by itself, and succeeded.
                        stands = True
                        yield Connected(endpoint)
                    self._backoff.reset()
                    self._note_progress(response, stream)
                    for heard in hypotheses_from_response(
                        response,
                        to_session_ms=stream.timeline.to_session_ms,
                        sent_s=stream.timeline.sent_samples / SAMPLE_RATE,
                    ):
                        if heard.is_final:
                            self._buffer.commit(_covered_until(heard))
                        yield Heard(heard, self._processing_ms(heard))

    def _note_progress(
        self, response: riva_asr_pb2.StreamingRecognizeResponse, stream: RecognitionStream
    ) -> None:
        """Work out how far the server is.

        Most responses of a real server are empty and say nothing of progress. It is then taken to
        be as far behind what was sent as it last said.
        """
        processed_ms = round(1000 * audio_processed_s(response))
        if processed_ms:
            self._processed = ms_to_samples(stream.timeline.to_session_ms(processed_ms))
            self._behind = max(0, self._buffer.cursor - self._processed)
        else:
            self._processed = max(self._processed, self._buffer.cursor - self._behind)
        self._progress.set()

    def _processing_ms(self, hypothesis: Hypothesis) -> float:
        position = ms_to_samples(hypothesis.audio_processed_s * 1000)
        captured_at = None
        for end, moment in reversed(self._heard_at):
            if end < position:
                break
            captured_at = moment
        if captured_at is None:
            return 0.0
        return max(0.0, 1000 * (self._clock.now() - captured_at))


def _covered_until(final: Hypothesis) -> int:
    """Return the session position up to which ``final`` is the last word."""
    if final.words:
        return ms_to_samples(final.words[-1].end_ms)
    return ms_to_samples(final.audio_processed_s * 1000)
