"""A real gRPC server that speaks the Riva protocol and says what a test tells it to.

A test supplies one coroutine, which gets each stream as a `ServedStream`: it reads audio, says
partials and finals, and ends or aborts the call. The server runs in the test's own loop on a port
that the system chooses, and keeps what every stream was sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NoReturn, TypeAlias

import grpc
import pytest
import trustme
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from riva.client.proto import riva_asr_pb2, riva_asr_pb2_grpc

from captioner.asr.endpoint import Endpoint
from captioner.core.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from captioner.riva.models import ServerModel

Result: TypeAlias = riva_asr_pb2.StreamingRecognitionResult
SERVING: Final = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING: Final = health_pb2.HealthCheckResponse.NOT_SERVING
Validity: TypeAlias = tuple[datetime, datetime]
"""From when until when a certificate is valid."""

WordTimes: TypeAlias = tuple[str, int, int]
"""A word with its begin and end in milliseconds of the stream."""


def partial(text: str, *, processed_s: float = 0.0, stability: float = 0.1) -> Result:
    """Return a result that may still change."""
    return riva_asr_pb2.StreamingRecognitionResult(
        alternatives=[riva_asr_pb2.SpeechRecognitionAlternative(transcript=text)],
        stability=stability,
        channel_tag=1,
        audio_processed=processed_s,
    )


def final(
    text: str,
    *,
    processed_s: float = 0.0,
    words: Sequence[WordTimes] = (),
    confidence: float = 0.0,
) -> Result:
    """Return a result that will not change."""
    alternative = riva_asr_pb2.SpeechRecognitionAlternative(
        transcript=text,
        confidence=confidence,
        words=[
            riva_asr_pb2.WordInfo(word=word, start_time=start, end_time=end)
            for word, start, end in words
        ],
    )
    return riva_asr_pb2.StreamingRecognitionResult(
        alternatives=[alternative], is_final=True, channel_tag=1, audio_processed=processed_s
    )


@dataclass
class ServedStream:
    """One `StreamingRecognize` call, seen from the server.

    Attributes:
        number: 0 for the first stream of the server, rising by one.
        context: gRPC's own context of the call.
        metadata: What the client sent along, by lower-case name.
        config: The first message of the stream.
        request_id: The client's name for the stream; empty until the first message was read.
        chunks: The audio so far, a message each.
        heard_samples: Length of the audio so far in samples, also when `chunks` was emptied.
        half_closed: True once the client has said that no more audio follows.
        ended: True once the handler is done, or was cancelled.
    """

    number: int
    context: Any
    metadata: dict[str, str] = field(default_factory=dict)
    config: riva_asr_pb2.StreamingRecognitionConfig | None = None
    request_id: str = ""
    chunks: list[bytes] = field(default_factory=list)
    heard_samples: int = 0
    half_closed: bool = False
    ended: bool = False

    @property
    def pcm(self) -> bytes:
        """All audio so far."""
        return b"".join(self.chunks)

    @property
    def heard_s(self) -> float:
        """Length of the audio so far in seconds."""
        return self.heard_samples / SAMPLE_RATE

    async def audio(self) -> AsyncIterator[bytes]:
        """Yield each message's audio until the client half-closes."""
        while (request := await self.context.read()) is not grpc.aio.EOF:
            if request.WhichOneof("streaming_request") == "streaming_config":
                self.config = request.streaming_config
                self.request_id = request.id.value
                continue
            self.chunks.append(request.audio_content)
            self.heard_samples += len(request.audio_content) // BYTES_PER_SAMPLE
            yield request.audio_content
        self.half_closed = True

    async def hear(self, samples: int) -> None:
        """Read until at least ``samples`` samples have come, or the client half-closes."""
        if self.heard_samples >= samples:
            return
        async for _ in self.audio():
            if self.heard_samples >= samples:
                return

    async def hear_all(self) -> None:
        """Read until the client half-closes."""
        async for _ in self.audio():
            pass

    async def say(self, *results: Result) -> None:
        """Send one response with these results; none makes the empty response of a real server."""
        await self.context.write(riva_asr_pb2.StreamingRecognizeResponse(results=results))

    async def abort(self, code: grpc.StatusCode, details: str = "as the test wants it") -> NoReturn:
        """End the call with an error."""
        await self.context.abort(code, details)
        raise AssertionError("abort does not return")


Handler: TypeAlias = Callable[[ServedStream], Awaitable[None]]


class RivaServer(riva_asr_pb2_grpc.RivaSpeechRecognitionServicer):  # type: ignore[misc]  # untyped
    """The server. Use `serve_riva`, or `start` and `stop` to have it die and come back."""

    def __init__(
        self,
        handler: Handler,
        *,
        authority: trustme.CA | None = None,
        certified: Sequence[str] = ("localhost", "127.0.0.1"),
        wants_client: bool = False,
        validity: Validity | None = None,
        token: str | None = None,
        models: Sequence[ServerModel] | None = (ServerModel("scripted-en-us", "en-US"),),
        status: int | None = SERVING,
        overload: str = "",
    ) -> None:
        """Prepare; nothing listens before `start`.

        Args:
            handler: Called with each stream; may be exchanged through the attribute.
            authority: Serve TLS with a certificate of this authority.
            certified: Names and addresses that the certificate is for.
            wants_client: Refuse clients that show no certificate of this authority.
            validity: From when until when the certificate is valid; None: now.
            token: Refuse every call that does not carry it, health included.
            models: What `GetRivaSpeechRecognitionConfig` lists; None refuses to, as hosted
                functions do. May be exchanged through the attribute.
            status: What the health service says; None leaves the service out.
            overload: Why it has no room to list its models.
        """
        self.handler = handler
        self.token = token
        self.models = models
        self.configs_asked = 0
        self.overload = overload
        self.streams: list[ServedStream] = []
        self._begun = 0
        self.port = 0
        self.faults: list[BaseException] = []
        self._authority = authority
        self._certified = certified
        self._wants_client = wants_client
        self._validity = validity
        self._status = status
        self.address = "127.0.0.1"
        self._server: Any = None

    @property
    def endpoint(self) -> Endpoint:
        """How the client reaches it, without TLS or token."""
        return Endpoint(host=self.address, port=self.port)

    async def start(self) -> None:
        """Listen: first on a port of the system's choice, later on the same one again."""
        checks = [] if self.token is None else [_TokenCheck(self.token)]
        self._server = grpc.aio.server(interceptors=checks, options=(("grpc.so_reuseport", 0),))
        riva_asr_pb2_grpc.add_RivaSpeechRecognitionServicer_to_server(self, self._server)
        if self._status is not None:
            state = health.aio.HealthServicer()
            await state.set("", self._status)
            health_pb2_grpc.add_HealthServicer_to_server(state, self._server)
        address = f"{self.address}:{self.port}"
        if self._authority is None:
            self.port = self._server.add_insecure_port(address)
        else:
            self.port = self._server.add_secure_port(address, self._credentials(self._authority))
        await self._server.start()

    async def stop(self) -> None:
        """Break every call off and stop listening."""
        server, self._server = self._server, None
        if server is not None:
            await server.stop(grace=None)
            await server.wait_for_termination()

    def _credentials(self, authority: trustme.CA) -> grpc.ServerCredentials:
        begin, end = self._validity or (None, None)
        certificate = authority.issue_cert(*self._certified, not_before=begin, not_after=end)
        chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
        return grpc.ssl_server_credentials(
            [(certificate.private_key_pem.bytes(), chain)],
            root_certificates=authority.cert_pem.bytes() if self._wants_client else None,
            require_client_auth=self._wants_client,
        )

    async def StreamingRecognize(self, _requests: object, context: Any) -> None:  # noqa: ANN401, N802 - gRPC's name and type
        """Hand the call to the test's handler."""
        metadata = dict(context.invocation_metadata() or ())
        stream = ServedStream(self._begun, context, metadata)
        self._begun += 1
        self.streams.append(stream)
        try:
            await self.handler(stream)
        except (asyncio.CancelledError, grpc.aio.AbortError, grpc.aio.InternalError):
            # The call was aborted by us, or its client went away in the middle of it.
            raise
        except BaseException as fault:
            # A failed assertion in a handler would reach the client as a status: keep it for the
            # test, which fails with it when the server is closed. A stop of the server is no fault.
            if not context.cancelled() and self._server is not None:
                self.faults.append(fault)
            raise
        finally:
            stream.ended = True

    async def GetRivaSpeechRecognitionConfig(  # noqa: N802 - gRPC's name
        self,
        _request: object,
        context: Any,  # noqa: ANN401 - gRPC's type
    ) -> riva_asr_pb2.RivaSpeechRecognitionConfigResponse:
        """List the models."""
        self.configs_asked += 1
        if self.models is None:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, "Method not found!")
        if self.overload:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, self.overload)
        return riva_asr_pb2.RivaSpeechRecognitionConfigResponse(
            model_config=[
                riva_asr_pb2.RivaSpeechRecognitionConfigResponse.Config(
                    model_name=model.name,
                    parameters={"type": model.kind, "language_code": model.language},
                )
                for model in self.models
            ]
        )


class _TokenCheck(grpc.aio.ServerInterceptor):  # type: ignore[misc]  # untyped
    def __init__(self, token: str) -> None:
        self._expected = f"Bearer {token}"

    async def intercept_service(self, continuation: Any, details: Any) -> Any:  # noqa: ANN401 - gRPC's types
        handler = await continuation(details)
        if dict(details.invocation_metadata).get("authorization") == self._expected:
            return handler

        async def refuse(_request: object, context: Any) -> None:  # noqa: ANN401 - see above
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "the token is missing or wrong")

        if handler.request_streaming:
            return grpc.stream_stream_rpc_method_handler(refuse)
        return grpc.unary_unary_rpc_method_handler(refuse)


@asynccontextmanager
async def serve_riva(handler: Handler, **options: Any) -> AsyncIterator[RivaServer]:  # noqa: ANN401 - those of `RivaServer`
    """Run a `RivaServer` for the length of a block; fail with the first fault of its handler."""
    server = RivaServer(handler, **options)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
    if server.faults:
        raise server.faults[0]


@pytest.fixture
def authority() -> trustme.CA:
    """A certificate authority of its own."""
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    """The file by which a client trusts ``authority``."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)
