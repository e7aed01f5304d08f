"""One `StreamingRecognize` call: a writer task, a watchdog task, and the reader that drives both.

There is no deadline on the call itself, which would end a caption in the middle of a word. Instead
each wait has its own limit: to connect, to have a write taken, to get any answer once speech was
sent, and to get the last words after the audio has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import grpc
from riva.client.proto import riva_asr_pb2, riva_asr_pb2_grpc

from captioner.asr.channel import settle
from captioner.asr.endpoint import Endpoint
from captioner.asr.progress import StreamProgress
from captioner.asr.replay import ReplayBuffer
from captioner.asr.tap import StreamTap
from captioner.asr.timeline import StreamTimeline
from captioner.core.audio import AudioChunk, samples_to_ms
from captioner.core.clock import Clock
from captioner.core.errors import CaptionerError, UnavailableError
from captioner.riva import connecting
from captioner.riva.options import RecognitionOptions
from captioner.riva.results import audio_processed_s
from captioner.riva.status import error_from_status
from captioner.telemetry.log_lines import correlation_id, with_fields

logger = logging.getLogger(__name__)

_WATCH_INTERVAL_S: Final = 1.0
"""Waking costs more than looking; what is watched for takes seconds."""

_DRAIN_INTERVAL_S: Final = 0.25
_STATUS_LOOKS: Final = 20
_STATUS_WAIT_S: Final = 0.005
_WRITE_FAILED: Final = "Internal error from Core"
"""What gRPC's asyncio layer says for a write that fails because the call is over, instead of what
the server said, which it knows only a moment later (grpc/grpc#36066)."""

_Call: TypeAlias = (
    "grpc.aio.StreamStreamCall[riva_asr_pb2.StreamingRecognizeRequest, "
    "riva_asr_pb2.StreamingRecognizeResponse]"
)


class DrainTimeoutError(UnavailableError):
    """The last words did not come in time after the audio had ended."""


class StreamLeft(Exception):  # noqa: N818  # nothing went wrong: another stream is wanted
    """The stream was left before its end, because its owner wants another one."""


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """How long each wait may take, in seconds.

    Attributes:
        connect_s: For the connection to stand.
        accept_s: For a refusal of the stream; without one it counts as accepted.
        response_s: For any answer after speech was sent, and for any write to be taken.
        drain_s: For the last words after the audio has ended, where the server was not behind;
            begins again with each result.
        idle_s: Without any audio to send, before the stream is half-closed.
        ahead_s: How much audio the server may be sent beyond what it has worked through.
        keepalive_s: Between two signs of life that are asked of the other end of the connection.
        keepalive_timeout_s: For the sign to come; without it the connection is dead.
    """

    connect_s: float = 5.0
    accept_s: float = 0.3
    response_s: float = 15.0
    drain_s: float = 3.0
    idle_s: float = 30.0
    ahead_s: float = 10.0
    keepalive_s: float = 10.0
    keepalive_timeout_s: float = 5.0


class RecognitionStream:
    """One call, from connection to its last response. Used once."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        endpoint: Endpoint,
        options: RecognitionOptions,
        buffer: ReplayBuffer,
        *,
        limits: StreamLimits,
        clock: Clock,
        leave: Callable[[], bool] = lambda: False,
        behind_s: Callable[[], float] = lambda: 0.0,
        tap: StreamTap | None = None,
    ) -> None:
        """Prepare a call; nothing is sent before `responses` is iterated.

        Args:
            channel: A channel to ``endpoint``.
            endpoint: The server.
            options: What is asked of it.
            buffer: Where the audio comes from.
            limits: How long each wait may take.
            clock: Time.
            leave: Asked once a second whether the stream is to be left.
            behind_s: Asked at the end of the audio how much speech the server has yet to work
                through: the last words may take so much longer.
            tap: Listens to what goes and comes, for measurements.

        Raises:
            ConfigurationError: The key of ``endpoint`` must not or cannot be sent.
        """
        self._channel = channel
        self._endpoint = endpoint
        self._metadata = endpoint.metadata()
        self._options = options
        self._buffer = buffer
        self._limits = limits
        self._clock = clock
        self._may_leave = leave
        self._behind_s = behind_s
        self._tap = tap
        self._call: _Call | None = None
        self._failure: CaptionerError | StreamLeft | None = None
        self._speech_unanswered_since: float | None = None
        self._writing_since: float | None = None
        self._draining_since: float | None = None
        self._drain_s = limits.drain_s
        self._last_sent_at = clock.now()
        self.timeline = StreamTimeline()
        self.progress = StreamProgress(limits.ahead_s)

    def note_speech(self) -> None:
        """Note that speech is on its way, so that silence from the server begins to count."""
        if self._speech_unanswered_since is None:
            self._speech_unanswered_since = self._clock.now()

    def leave(self) -> None:
        """Have `responses` raise `StreamLeft` at once."""
        if self._failure is None:
            self._failure = StreamLeft()
        if self._call is not None:
            self._call.cancel()

    @property
    def is_answered(self) -> bool:
        """Whether the server has said something, if only that it lives, since the last speech."""
        return self._speech_unanswered_since is None

    @property
    def has_said_all(self) -> bool:
        """Whether all audio was sent and the server knows that no more will come."""
        return self._draining_since is not None

    async def connect(self) -> None:
        """Wait for the connection to stand or fail; `responses` has the reason of a failure.

        Raises:
            UnavailableError: Nothing answered in time.
        """
        limit_s = self._limits.connect_s
        if await settle(self._channel, limit_s) is None:
            code = grpc.StatusCode.UNAVAILABLE.name
            raise connecting.no_answer(self._endpoint.title, limit_s=limit_s, code=code)

    async def responses(
        self,
    ) -> AsyncGenerator[riva_asr_pb2.StreamingRecognizeResponse | None, None]:
        """Send the audio of the buffer and yield each response as it comes.

        None comes first where a while has passed without an answer: the server has not refused the
        stream, and has nothing to say yet. Ends when the server ends the call without an error,
        whether asked to or not.

        Raises:
            CaptionerError: What went wrong, by status code; its ``retryable`` decides what next.
            StreamLeft: ``leave`` said so.
        """
        if self._failure is not None:
            raise self._failure
        stub = riva_asr_pb2_grpc.RivaSpeechRecognitionStub(self._channel)
        call = self._call = stub.StreamingRecognize(metadata=self._metadata)
        if self._tap is not None:
            self._tap.opened()
        tasks = (
            writer := asyncio.create_task(self._write(call), name="asr-writer"),
            asyncio.create_task(self._watch(call, writer), name="asr-watchdog"),
        )
        # A write that outlives the call would put its own failure in the place of the status.
        call.add_done_callback(lambda _: writer.cancel())
        reading = asyncio.create_task(self._read(call), name="asr-first-answer")
        try:
            if not (await asyncio.wait({reading}, timeout=self._limits.accept_s))[0]:
                yield None
            response = await reading
            while response is not None:
                self._note_answer(response)
                yield response
                response = await self._read(call)
        finally:
            for task in (*tasks, reading):
                task.cancel()
            call.cancel()
            await asyncio.wait((*tasks, reading))
            if not reading.cancelled():
                reading.exception()  # raised above already, or of no interest any more
        for task in tasks:
            if not task.cancelled() and (fault := task.exception()) is not None:
                raise fault

    def _note_answer(self, response: riva_asr_pb2.StreamingRecognizeResponse) -> None:
        self._speech_unanswered_since = None
        if self._draining_since is not None and response.results:
            self._draining_since = self._clock.now()
        if self._tap is not None:
            self._tap.answered(audio_processed_s(response))

    async def _read(self, call: _Call) -> riva_asr_pb2.StreamingRecognizeResponse | None:
        """Return the next response, or None at a good end."""
        try:
            response = await call.read()
        except grpc.aio.AioRpcError as error:
            await self._judge(call, error)
            return None
        except asyncio.CancelledError:
            # The watchdog ends a dead call by cancelling it, and leaves the reason.
            task = asyncio.current_task()
            if self._failure is not None and not (task and task.cancelling()):
                raise self._failure from None
            raise
        if response is not grpc.aio.EOF:  # type: ignore[attr-defined]  # the stubs lack it
            return response
        code = await call.code()
        if code is not grpc.StatusCode.OK:
            raise self._error(code, await call.details())
        return None

    async def _judge(self, call: _Call, error: grpc.aio.AioRpcError) -> None:
        """Return where the server ended the call well, and raise what it means where not."""
        code, details = error.code(), error.details()
        for _ in range(_STATUS_LOOKS):
            if details != _WRITE_FAILED:
                break
            # A write failed as the call ended; the server's own status follows in a moment.
            await asyncio.sleep(_STATUS_WAIT_S)
            code, details = await call.code(), await call.details()
        if code is not grpc.StatusCode.OK:
            raise self._error(code, details) from error

    def _error(self, code: grpc.StatusCode, details: str | None) -> CaptionerError:
        return error_from_status(code, details, server=self._endpoint.title)

    async def _write(self, call: _Call) -> None:
        request = riva_asr_pb2.StreamingRecognizeRequest
        try:
            await call.write(self._options.to_first_request(correlation_id()))
            while (chunk := await self._next()) is not None:
                self.timeline.sent(chunk)
                self.progress.sent = self.timeline.sent_samples
                self._last_sent_at = self._writing_since = self._clock.now()
                if self._tap is not None:
                    self._tap.sent(self.progress.sent)
                _log_sent(chunk, self.progress.sent)
                await call.write(request(audio_content=chunk.pcm))
                self._writing_since = None
            await self._half_close(call)
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            # The call is over. The reader meets the same end and knows the reason.
            return

    async def _next(self) -> AudioChunk | None:
        if not self.progress.may_send:
            # The end needs no room.
            await self._buffer.wait_for_audio()
            if not self._buffer.is_drained:
                await self.progress.room()
        return await self._buffer.next()

    async def _half_close(self, call: _Call) -> None:
        self._draining_since = self._clock.now()
        self._drain_s = self._limits.drain_s + self._behind_s()
        await call.done_writing()

    async def _watch(self, call: _Call, writer: asyncio.Task[None]) -> None:
        while self._failure is None:
            is_draining = self._draining_since is not None
            await self._clock.sleep(_DRAIN_INTERVAL_S if is_draining else _WATCH_INTERVAL_S)
            now = self._clock.now()
            self.progress.tick(now)
            if self._is_idle(now):
                writer.cancel()
                with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
                    await self._half_close(call)
            due = StreamLeft() if self._may_leave() else self._overdue(now)
            if self._failure is None:  # it may have been left meanwhile
                self._failure = due
        call.cancel()

    def _is_idle(self, now: float) -> bool:
        return (
            self._draining_since is None
            and self._writing_since is None
            and self._buffer.is_drained
            and now - self._last_sent_at > self._limits.idle_s
        )

    def _overdue(self, now: float) -> CaptionerError | None:
        limits = self._limits
        if self._draining_since is not None:
            if now - self._draining_since > self._drain_s:
                return DrainTimeoutError(
                    f"{self._endpoint.title} did not send the last words in time.",
                    hint="The last caption is kept as it was shown.",
                    code=grpc.StatusCode.DEADLINE_EXCEEDED.name,
                )
        elif _has_passed(self._speech_unanswered_since, limits.response_s, now):
            return UnavailableError(
                f"{self._endpoint.title} hears speech but has not answered for "
                f"{limits.response_s:g} seconds.",
                hint="The connection is made anew.",
                code=grpc.StatusCode.DEADLINE_EXCEEDED.name,
            )
        elif _has_passed(self._writing_since, limits.response_s, now):
            return UnavailableError(
                f"{self._endpoint.title} has taken no audio for {limits.response_s:g} seconds.",
                hint="The connection is made anew.",
                code=grpc.StatusCode.DEADLINE_EXCEEDED.name,
            )
        return None


def _has_passed(since: float | None, limit_s: float, now: float) -> bool:
    return since is not None and now - since > limit_s


def _log_sent(chunk: AudioChunk, stream_end: int) -> None:
    if logger.isEnabledFor(logging.DEBUG):
        places = {
            "start_ms": samples_to_ms(chunk.start),
            "end_ms": samples_to_ms(chunk.end),
            "stream_ms": samples_to_ms(stream_end),  # the server counts from the stream's begin
        }
        logger.debug("Sent", extra=with_fields(places, file_only=True))
