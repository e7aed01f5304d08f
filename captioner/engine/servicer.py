"""The Riva service: gRPC calls to streams of the back end.

What it does not have, it treats as a Riva server does. Refused with INVALID_ARGUMENT: a language,
model, or sample rate that it lacks; an encoding other than 16-bit PCM; recognition of each channel
by itself. Ignored: boosted phrases, inverse text normalisation, speaker diarization, custom
configuration and endpointing parameters. There is one alternative, whatever the maximum.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import grpc
from riva.client.proto import riva_asr_pb2, riva_asr_pb2_grpc

from captioner.core.audio import SAMPLE_RATE, samples_to_ms
from captioner.core.counts import EngineCounts
from captioner.core.errors import OverloadedError, RequestError, UnavailableError
from captioner.core.hypothesis import Hypothesis
from captioner.engine.backend import Backend, RecognitionStream, Update
from captioner.engine.calls import Context, log_answer, log_heard, name_lines, told
from captioner.engine.pcm import HIGHEST_RATE, LOWEST_RATE, AudioDecoder
from captioner.engine.profanity import masked
from captioner.riva.options import RecognitionOptions
from captioner.riva.serving import (
    INVALID,
    Kind,
    left_aside,
    model_listing,
    offline_response,
    options_from,
    streaming_response,
    unavailable_model,
    wants_end_of_utterance,
)

logger = logging.getLogger(__name__)

_EOF: Final = grpc.aio.EOF  # type: ignore[attr-defined]  # the stubs lack it


@dataclass(eq=False, slots=True)
class _Conversation:
    """A call that is being served.

    Attributes:
        stream: Its stream.
        turn: Held by whoever uses the stream; it is not used by two at a time.
    """

    stream: RecognitionStream
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class RecognitionService(riva_asr_pb2_grpc.RivaSpeechRecognitionServicer):  # type: ignore[misc]  # untyped
    """Serves calls, up to a limit, once the back end is ready."""

    def __init__(self, backend: Backend, *, max_streams: int) -> None:
        """Serve with ``backend``; calls wait until `set_ready`."""
        self._backend = backend
        self._max_streams = max_streams
        self._admitted = self._refused = self._heard = 0
        self._ready = asyncio.Event()
        self._is_stopping = False
        self._conversations: set[_Conversation] = set()

    @property
    def admitted(self) -> int:
        """Calls that are being served."""
        return self._admitted

    @property
    def counts(self) -> EngineCounts:
        """What was counted since the start."""
        return EngineCounts(
            is_ready=self._ready.is_set() and not self._is_stopping,
            streams=self._admitted,
            most_streams=self._max_streams,
            refused=self._refused,
            heard=self._heard,
            decode_s=self._backend.decode_s,
        )

    def set_ready(self) -> None:
        """Let the calls begin: the back end is loaded."""
        self._ready.set()

    async def stop(self) -> None:
        """Let every call say its last words and end as unavailable; admit no more."""
        self._is_stopping = True
        self._ready.set()
        for conversation in list(self._conversations):
            async with conversation.turn:
                await conversation.stream.finish()

    async def GetRivaSpeechRecognitionConfig(  # noqa: N802 - gRPC's name
        self,
        request: riva_asr_pb2.RivaSpeechRecognitionConfigRequest,
        _context: Context,
    ) -> riva_asr_pb2.RivaSpeechRecognitionConfigResponse:
        """List the model, or nothing while it is not ready."""
        model = self._backend.model
        listed = self._ready.is_set() and request.model_name in ("", model.name)
        return riva_asr_pb2.RivaSpeechRecognitionConfigResponse(
            model_config=model_listing(
                model.name,
                language=model.language,
                sample_rate=SAMPLE_RATE,
                is_mock=self._backend.name == "mock",
            )
            if listed
            else ()
        )

    async def StreamingRecognize(self, _requests: object, context: Context) -> None:  # noqa: N802 - gRPC's name
        """Recognise audio as it comes."""
        async with told(context):
            # A call that asks for nothing yet takes nobody's place.
            request = await context.read()
            if request is not _EOF:
                name_lines(request.id.value)
            with self._admission():
                await self._recognise_stream(request, context)

    async def Recognize(  # noqa: N802 - gRPC's name
        self, request: riva_asr_pb2.RecognizeRequest, context: Context
    ) -> riva_asr_pb2.RecognizeResponse:
        """Recognise a whole recording."""
        async with told(context):
            name_lines(request.id.value)
            with self._admission():
                return await self._recognise_whole(request)

    async def _recognise_stream(
        self, request: riva_asr_pb2.StreamingRecognizeRequest, context: Context
    ) -> None:
        if request is _EOF or not request.HasField("streaming_config"):
            raise RequestError("The first message must be the streaming_config", code=INVALID)
        config = request.streaming_config.config
        options = self._checked(config, "online", interim=request.streaming_config.interim_results)
        audio = AudioDecoder(config)
        request_id = request.id.value
        has_final = False
        logger.info("A stream begins")

        async def answer(update: Update) -> None:
            nonlocal has_final
            await context.write(
                streaming_response(
                    update.hypotheses,
                    position_s=update.position_s,
                    leading_space=has_final,
                    word_times=options.word_times,
                    request_id=request_id,
                )
            )
            log_answer(update)
            has_final = has_final or any(one.is_final and one.text for one in update.hypotheses)

        await self._converse(options, lambda talk: self._hear(context, audio, talk), answer)

    async def _recognise_whole(
        self, request: riva_asr_pb2.RecognizeRequest
    ) -> riva_asr_pb2.RecognizeResponse:
        options = self._checked(request.config, "offline", interim=False)
        finals: list[Hypothesis] = []

        async def hear(talk: _Conversation) -> None:
            audio = AudioDecoder(request.config)
            # A recording can be large: its arithmetic stays off the loop.
            sound = await asyncio.to_thread(audio.decode, request.audio)
            self._heard += len(sound)
            async with talk.turn:
                await talk.stream.feed(sound)
                await talk.stream.feed(audio.finish())
                await talk.stream.finish()

        async def answer(update: Update) -> None:
            finals.extend(one for one in update.hypotheses if one.is_final)

        await self._converse(options, hear, answer)
        return offline_response(finals, word_times=options.word_times, request_id=request.id.value)

    async def _converse(
        self,
        options: RecognitionOptions,
        hear: Callable[[_Conversation], Coroutine[Any, Any, None]],
        answer: Callable[[Update], Awaitable[None]],
    ) -> None:
        """Run one stream: hear and answer side by side, until both are done."""
        await self._ready.wait()
        self._refuse_when_stopping()
        talk = _Conversation(self._backend.open_stream(options))
        self._conversations.add(talk)
        hearing = asyncio.create_task(_until_closed(talk, hear), name="engine-hearing")
        try:
            async for update in talk.stream.updates():
                await answer(_masked(update) if options.profanity_filter else update)
            self._refuse_when_stopping()
            await hearing
        finally:
            self._conversations.discard(talk)
            hearing.cancel()
            await asyncio.wait({hearing})
            await talk.stream.close()

    async def _hear(self, context: Context, audio: AudioDecoder, talk: _Conversation) -> None:
        heard = 0
        while (request := await context.read()) is not _EOF:
            if request.HasField("streaming_config"):
                raise RequestError("Only the first message may be a streaming_config", code=INVALID)
            sound = audio.decode(request.audio_content)
            async with talk.turn:
                if self._is_stopping:
                    return
                self._heard += len(sound)
                heard += len(sound)
                log_heard(samples_to_ms(heard))
                await talk.stream.feed(sound)
                if wants_end_of_utterance(request):
                    await talk.stream.end_utterance()
        async with talk.turn:
            if not self._is_stopping:
                await talk.stream.feed(audio.finish())
                await talk.stream.finish()

    def _checked(
        self, config: riva_asr_pb2.RecognitionConfig, kind: Kind, *, interim: bool
    ) -> RecognitionOptions:
        options = options_from(config, interim_results=interim)
        model = self._backend.model
        rate = options.sample_rate
        # Without an encoding, the WAV header tells the rate.
        is_known_rate = LOWEST_RATE <= rate <= HIGHEST_RATE or (rate == 0 and not config.encoding)
        is_known_model = options.model in ("", model.name)
        if not (is_known_rate and is_known_model and _same(options.language, model.language)):
            raise unavailable_model(
                kind,
                language=options.language,
                sample_rate=rate,
                model="" if is_known_model else options.model,
            )
        if config.enable_separate_recognition_per_channel and config.audio_channel_count > 1:
            raise RequestError("Recognition of each channel by itself is not supported")
        if ignored := left_aside(options):
            logger.info("A client asks for what this engine does not do: %s", ", ".join(ignored))
        return options

    @contextlib.contextmanager
    def _admission(self) -> Iterator[None]:
        self._refuse_when_stopping()
        if self._admitted >= self._max_streams:
            self._refused += 1
            raise OverloadedError(f"All {self._max_streams} streams of this engine are in use")
        self._admitted += 1
        try:
            yield
        finally:
            self._admitted -= 1

    def _refuse_when_stopping(self) -> None:
        if self._is_stopping:
            raise UnavailableError("The engine is shutting down")


def _masked(update: Update) -> Update:
    return replace(update, hypotheses=tuple(masked(one) for one in update.hypotheses))


async def _until_closed(
    talk: _Conversation, hear: Callable[[_Conversation], Coroutine[Any, Any, None]]
) -> None:
    try:
        await hear(talk)
    except BaseException:
        # The answering side waits for updates; closing ends them, and it then meets the error.
        await talk.stream.close()
        raise


def _same(asked: str, listed: str) -> bool:
    """Return whether two tags mean the same language, whatever the region."""
    return asked.casefold().split("-")[0] == listed.casefold().split("-")[0]
