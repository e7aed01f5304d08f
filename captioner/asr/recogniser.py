"""Keeps recognition going: one stream after the other, over failures, without losing audio.

Audio is fed in without waiting and kept until a final covers it. When a stream ends before the
audio does, the next one hears again what no final covers, faster than real time. Streams end
because they break; because they are old, or something else is wanted from now on (then between
two utterances); or because no audio comes for a while (then the next one waits for some).
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Final

import grpc
from riva.client.proto import riva_asr_pb2

from captioner.asr.channel import open_channel
from captioner.asr.endpoint import Endpoint
from captioner.asr.events import Connected, Interrupted, Lost, Parked, RecogniserEvent
from captioner.asr.interpreter import Interpreter
from captioner.asr.renewal import Renewal
from captioner.asr.replay import LostAudio, ReplayBuffer
from captioner.asr.retries import Retries
from captioner.asr.route import Route
from captioner.asr.stream import DrainTimeoutError, RecognitionStream, StreamLeft, StreamLimits
from captioner.asr.tap import StreamTap
from captioner.core.audio import SAMPLE_RATE, AudioChunk, ms_to_samples, samples_to_ms
from captioner.core.backoff import Backoff
from captioner.core.clock import Clock, SystemClock
from captioner.core.errors import CaptionerError, UnavailableError
from captioner.riva.options import RecognitionOptions
from captioner.telemetry.log_lines import tag

logger = logging.getLogger(__name__)

_LONGEST_EXTRA_S: Final = 20.0
_FILE_AHEAD_S: Final = 10.0
_LASTING_S: Final = 5.0
"""A stream that answered and lived so long was a success, even if it settled nothing."""


class Recogniser:
    """One channel's recognition from first to last audio."""

    def __init__(
        self,
        route: Route,
        options: RecognitionOptions,
        *,
        limits: StreamLimits | None = None,
        backoff: Backoff | None = None,
        max_retries: int = 0,
        first_retries: int | None = None,
        replay_s: float = 30.0,
        rotate_after_s: float = 0.0,
        clock: Clock | None = None,
        tap: StreamTap | None = None,
    ) -> None:
        """Prepare; nothing is opened before `events` is iterated.

        Args:
            route: Asked before each stream where it goes.
            options: What is asked of the server.
            limits: How long each wait may take.
            backoff: Delays between tries.
            max_retries: Failed tries in a row before giving up; 0 tries for ever.
            first_retries: The same as long as nothing has ever worked; None is ``max_retries``.
            replay_s: Seconds of audio that are kept until a final covers them.
            rotate_after_s: Age at which a stream gives way to a new one; 0 keeps it for ever.
            clock: Time; tests pass their own.
            tap: Listens to the messages of each stream, for measurements.
        """
        self._route = route
        self._options = options
        self._limits = limits or StreamLimits()
        self._retries = Retries(
            route,
            backoff or Backoff(),
            max_retries=max_retries,
            first_retries=max_retries if first_retries is None else first_retries,
        )
        self._clock = clock or SystemClock()
        self._tap = tap
        self._buffer = ReplayBuffer(round(replay_s * SAMPLE_RATE))
        self._interpreter = Interpreter(self._clock)
        self._renewal = Renewal(self._clock, rotate_after_s=rotate_after_s)
        self._stream: RecognitionStream | None = None
        self._endpoint: Endpoint | None = None
        self._covered_before = 0
        self._finished = False
        self._is_cut_short = False
        self._sent_before = self._processed_before = 0
        self.generation = 0
        self.reconnects = 0

    def feed(self, chunk: AudioChunk, *, is_loud: bool) -> LostAudio | None:
        """Take in audio. Never waits.

        Args:
            chunk: The next audio; positions never go back.
            is_loud: Whether it may be speech; starts the clock for an answer.

        Returns:
            The oldest audio, where it had to be dropped to stay within bounds and may be speech.
        """
        if self._buffer.fed_until == 0:
            self._interpreter.processed = chunk.start
        self._interpreter.note_capture(chunk, is_loud=is_loud)
        if is_loud and self._stream is not None:
            self._stream.note_speech()
        return self._spoken(self._buffer.put(chunk))

    def finish(self) -> None:
        """Say that the audio has ended; `events` ends after the last words."""
        self._finished = True
        self._buffer.finish()

    async def room(self) -> None:
        """Wait until the server has caught up; for sources that are faster than real time."""
        while self._buffer.unsent_samples > _FILE_AHEAD_S * SAMPLE_RATE:
            await self._buffer.wait_for_sending()

    def settle(self, text: str, until_ms: int) -> None:
        """Take the open utterance as settled; no stream is to say it again.

        Args:
            text: What was shown of it.
            until_ms: How far the recogniser was with it, in milliseconds of the session.
        """
        self._interpreter.settle(text, ms_to_samples(until_ms))
        self._buffer.commit(self._interpreter.seam.covered)

    def renew(self, *, at_once: bool = False) -> None:
        """Have a new stream; nothing is lost by it.

        Args:
            at_once: For a connection that is known to be dead. Otherwise the stream is left in the
                next pause between utterances.
        """
        self._renewal.ask(at_once=at_once)
        if self._stream is not None and self._is_renewal_due():
            self._stream.leave()

    def configure(self, options: RecognitionOptions) -> None:
        """Ask ``options`` of the server from the next pause between utterances on."""
        if options != self._options:
            self._options = options
            self.renew()

    def endure(
        self,
        *,
        limits: StreamLimits,
        backoff: Backoff,
        max_retries: int,
        first_retries: int,
        replay_s: float,
        rotate_after_s: float,
    ) -> None:
        """Keep to other limits, as in the constructor: those of a stream from the next one on."""
        self._limits = limits
        self._retries.endure(backoff, max_retries=max_retries, first_retries=first_retries)
        self._buffer.resize(round(replay_s * SAMPLE_RATE))
        self._renewal.rotate_after_s = rotate_after_s

    def skip(self) -> LostAudio | None:
        """Forget the audio that waits or may be replayed, and begin a new stream at once.

        Returns:
            What no recogniser heard of it, if anything.
        """
        lost = self._buffer.skip()
        self._cover(self._buffer.fed_until)
        self.renew(at_once=True)
        return lost

    @property
    def is_answered(self) -> bool:
        """Whether a server has answered since the last speech."""
        return self._stream is not None and self._stream.is_answered

    @property
    def sent_samples(self) -> int:
        """Audio that streams were sent; what is heard again counts again."""
        return self._sent_before + (0 if self._stream is None else self._stream.progress.sent)

    @property
    def processed_samples(self) -> int:
        """Audio of it that servers have, by all we know, worked through."""
        stream = self._stream
        return self._processed_before + (0 if stream is None else stream.progress.furthest)

    @property
    def waiting_samples(self) -> int:
        """Audio that waits to be sent."""
        return self._buffer.unsent_samples

    @property
    def lag_s(self) -> float:
        """Seconds of audio up to the newest sound that are, by all we know, not worked through.

        Silence after that is no lag: a server need not say anything about it.
        """
        interpreter = self._interpreter
        behind = self._buffer.held_between(interpreter.processed, interpreter.loud.until)
        return behind / SAMPLE_RATE

    @property
    def extra_s(self) -> float:
        """How much longer its last words may take: as long as what it still has to work through.

        20 seconds at most: a slow machine is no reason to lose words, but a server may hang.
        """
        return min(self.lag_s, _LONGEST_EXTRA_S)

    @property
    def worked_until(self) -> int:
        """Up to where all sound is, by all we know, worked through: a session position in samples.

        That is all that was heard, where the server is past the newest sound.
        """
        processed = self._interpreter.processed
        is_behind = processed < self._interpreter.loud.until
        return processed if is_behind else self._buffer.fed_until

    async def events(self) -> AsyncGenerator[RecogniserEvent, None]:
        """Yield what happens until the audio has ended and the last words are there.

        Raises:
            CaptionerError: A failure that another try cannot mend, or one try too many.
        """
        while True:
            self._endpoint = None
            try:
                async with aclosing(self._one_stream()) as stream:
                    async for event in stream:
                        yield event
            except StreamLeft:
                logger.info("Stream %d is left for another one", self.generation)
            except CaptionerError as fault:
                error = await self._retries.explained(self._endpoint, fault, self._options)
                delay = self._retries.delay_after(self._endpoint, error)
                self.reconnects += 1
                logger.log(
                    self._retries.level,
                    "Stream broken (%s): %s",
                    error.code or error.category,
                    error,
                    exc_info=error,
                )
                yield Interrupted(error, delay, self._buffer.forgotten is None)
                await self._clock.sleep(delay)
            else:
                for unsaid in self._unsaid():
                    yield unsaid
                if self._finished and self._buffer.is_drained:
                    return
                self._cover(self._buffer.sent_until)
                yield Parked()
                if not await self._buffer.wait_for_audio():
                    return
            finally:
                self._sent_before, self._processed_before = (
                    self.sent_samples,
                    self.processed_samples,
                )
                self._stream = None
            for event in self._rewind():
                yield event

    def _rewind(self) -> Iterator[Lost]:
        """Prepare the buffer for another stream."""
        if (lost := self._spoken(self._buffer.rewind())) is not None:
            yield Lost(lost)
        replayed = max(0, self._buffer.sent_until - self._buffer.start)
        self._interpreter.processed = self._buffer.start
        logger.log(self._retries.level, "Next stream replays %d ms", samples_to_ms(replayed))

    def _spoken(self, audio: LostAudio | None) -> LostAudio | None:
        """Return ``audio`` up to where it was loud last; None of silence, whose loss is none."""
        if audio is None:
            return None
        end = self._interpreter.loud.end_within(audio.start, audio.end)
        return None if end is None else LostAudio(audio.start, end)

    def _cover(self, position: int) -> None:
        self._interpreter.cover(position)
        self._buffer.commit(position)

    def _open_channel(self, endpoint: Endpoint) -> AbstractAsyncContextManager[grpc.aio.Channel]:
        return open_channel(
            endpoint,
            keepalive_s=self._limits.keepalive_s,
            keepalive_timeout_s=self._limits.keepalive_timeout_s,
        )

    async def _one_stream(self) -> AsyncGenerator[RecogniserEvent, None]:
        """Yield what one stream says, to its end after all audio was sent.

        Raises:
            StreamLeft: Another one is wanted.
            CaptionerError: It broke.
        """
        self._renewal.begin()
        endpoint = self._endpoint = await self._route.next()
        async with self._open_channel(endpoint) as channel:
            stream = RecognitionStream(
                channel,
                endpoint,
                self._options.with_model(endpoint.model),
                self._buffer,
                limits=self._limits,
                clock=self._clock,
                leave=self._is_renewal_due,
                behind_s=lambda: self.extra_s,
                tap=self._tap,
            )
            self._begin(stream)
            await stream.connect()
            is_connected = False
            async with aclosing(self._to_the_end(stream)) as responses:
                async for response in responses:
                    if not is_connected:
                        is_connected = self._retries.has_connected = True
                        yield Connected(endpoint)
                    if response is None:
                        continue
                    said = self._interpreter.take(response, stream)
                    self._buffer.commit(self._interpreter.seam.covered)
                    for heard in said:
                        yield heard
                    self._note_success(endpoint)
                    if self._is_renewal_due():
                        raise StreamLeft
            if not stream.has_said_all:
                raise UnavailableError(
                    "The server ended the stream by itself.", hint="A new one is opened."
                )

    async def _to_the_end(
        self, stream: RecognitionStream
    ) -> AsyncGenerator[riva_asr_pb2.StreamingRecognizeResponse | None, None]:
        """Yield the responses; last words that do not come in time are no failure of the stream."""
        try:
            async with aclosing(stream.responses()) as responses:
                async for response in responses:
                    yield response
        except DrainTimeoutError as error:
            logger.warning("%s", error)
            self._is_cut_short = True

    def _unsaid(self) -> Iterator[Lost]:
        """Tell of speech at the end of a stream that was cut short, of which nothing was said."""
        start = self._interpreter.seam.said_until
        end = self._interpreter.loud.end_within(start, self._buffer.sent_until)
        if self._is_cut_short and end is not None:
            yield Lost(LostAudio(start, end))

    def _begin(self, stream: RecognitionStream) -> None:
        self.generation += 1
        tag(stream=self.generation)
        self._stream = stream
        loud = self._interpreter.loud
        if loud.end_within(self._buffer.start, self._buffer.fed_until) is not None:
            stream.note_speech()
        self._is_cut_short = False
        self._covered_before = self._interpreter.seam.covered
        self._interpreter.begin(follows_another=self.generation > 1)

    def _note_success(self, endpoint: Endpoint) -> None:
        """Count a stream as a success once it has settled something, or has lived for a while.

        A server that answers and breaks off again and again must not be asked without a pause.
        """
        if (
            self._interpreter.seam.covered > self._covered_before
            or self._renewal.age_s > _LASTING_S
        ):
            self._retries.succeeded(endpoint)

    def _is_renewal_due(self) -> bool:
        return not self._finished and self._renewal.is_due(
            is_utterance_open=self._interpreter.is_utterance_open,
            replays_all=self._buffer.forgotten is None,
        )
