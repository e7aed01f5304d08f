"""Whether a server is there, ready, and what models it has."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Final

import grpc
from riva.client.proto import riva_asr_pb2, riva_asr_pb2_grpc

from captioner.asr.channel import open_channel
from captioner.asr.endpoint import Endpoint
from captioner.core.errors import UnavailableError
from captioner.riva.status import error_from_status
from captioner.session.embedded import EmbeddedEngine
from captioner.session.endpoints import endpoint_with_key
from captioner.settings.models import Settings

_READY_LIMIT_S: Final = 20.0
_RETRY_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a server said of itself.

    Attributes:
        server: What a person calls it.
        is_embedded: True for the embedded engine.
        models: Names of its models for streaming.
        round_trip_ms: Time of one small call over the standing connection.
    """

    server: str
    is_embedded: bool
    models: tuple[str, ...]
    round_trip_ms: float


async def probe_server(settings: Settings) -> ProbeResult:
    """Ask the configured server, or an embedded engine started for it, what it offers.

    Raises:
        CaptionerError: It cannot be reached, refuses the key, or is no recogniser.
    """
    if settings.endpoint is not None:
        server = await endpoint_with_key(settings.endpoint)
        return await _probe(server, settings, is_embedded=False)
    engine = EmbeddedEngine(settings.engine)
    try:
        return await _probe(await engine.endpoint(), settings, is_embedded=True)
    finally:
        await engine.close()


async def wait_until_ready(endpoint: Endpoint) -> tuple[str, ...]:
    """Wait until ``endpoint`` has a model for streaming; return the models' names.

    Raises:
        CaptionerError: It cannot be reached, refuses the key, is no recogniser, or has no model
            even after a while.
    """
    async with open_channel(endpoint) as channel:
        give_up = time.monotonic() + _READY_LIMIT_S
        while not (models := await _models(channel, endpoint, _READY_LIMIT_S)):
            if time.monotonic() > give_up:
                raise UnavailableError(
                    f"{endpoint.title} runs, but has no model ready.", hint="Wait, then try again."
                )
            await asyncio.sleep(_RETRY_S)
        return models


async def _probe(endpoint: Endpoint, settings: Settings, *, is_embedded: bool) -> ProbeResult:
    if is_embedded:
        await wait_until_ready(endpoint)
    limit_s = settings.connection.connect_timeout_s
    async with open_channel(endpoint) as channel:
        await _models(channel, endpoint, limit_s)
        begun = time.monotonic()
        models = await _models(channel, endpoint, limit_s)
        round_trip_ms = 1000 * (time.monotonic() - begun)
    return ProbeResult(endpoint.title, is_embedded, models, round_trip_ms)


async def _models(channel: grpc.aio.Channel, endpoint: Endpoint, limit_s: float) -> tuple[str, ...]:
    stub = riva_asr_pb2_grpc.RivaSpeechRecognitionStub(channel)
    try:
        answer = await stub.GetRivaSpeechRecognitionConfig(
            riva_asr_pb2.RivaSpeechRecognitionConfigRequest(),
            metadata=endpoint.metadata(),
            timeout=limit_s,
        )
    except grpc.aio.AioRpcError as error:
        raise error_from_status(error.code(), error.details(), server=endpoint.title) from error
    return tuple(
        model.model_name
        for model in answer.model_config
        if model.parameters.get("type", "online") == "online"
    )
