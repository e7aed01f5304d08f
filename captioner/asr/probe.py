"""How a server is, asked without a stream.

The probes, in their order: the health service of gRPC; Riva's list of models; NIM's HTTP port. A
hosted function has neither the first nor the last, and need not list its models: then nothing is
known before a stream is tried.
"""

from __future__ import annotations

import logging
import time
from statistics import median
from typing import Final

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from captioner.asr.channel import open_channel, settle
from captioner.asr.diagnosis import EXPLAIN_STEP_S, explain, read_models
from captioner.asr.endpoint import Endpoint
from captioner.asr.handshake import shake_hands
from captioner.asr.peer import ask_readiness
from captioner.asr.verdict import EndpointReport, Findings, ProbeKind, judge
from captioner.core.errors import CaptionerError
from captioner.riva import connecting
from captioner.riva.models import listed
from captioner.riva.status import error_from_status

logger = logging.getLogger(__name__)

_ROUND_TRIPS: Final = 5
_Code = grpc.StatusCode
_Health = health_pb2.HealthCheckResponse
_LISTS_NOTHING: Final = (_Code.UNIMPLEMENTED.name, _Code.NOT_FOUND.name)


async def probe(
    endpoint: Endpoint, *, limit_s: float = 5.0, thorough: bool = False
) -> EndpointReport:
    """Ask a server how it is. What is wrong with the server is reported, never raised.

    Args:
        endpoint: The server.
        limit_s: How long each wait for gRPC may take, in seconds; looks at other ports take less.
        thorough: Also makes the probes that cannot change the verdict any more, and reads the
            server's certificate.
    """
    found = Findings()
    look_s = min(limit_s, EXPLAIN_STEP_S)
    try:
        async with open_channel(endpoint) as channel:
            await _ask_grpc(found, channel, endpoint, limit_s)
    except CaptionerError as error:
        found.error = await explain(endpoint, error, limit_s=look_s)
        kind = ProbeKind.MODELS if found.is_connected else ProbeKind.CONNECTION
        found.add(kind, found.error.message, is_good=False)
    port = endpoint.http_port
    if port is not None and (thorough or not found.has_streaming_model):
        await _ask_http(found, endpoint, port, look_s)
    if thorough and endpoint.tls:
        await _read_certificate(found, endpoint, look_s)
    report = judge(found, endpoint)
    logger.debug("Probe of %s: %s. %s", endpoint.title, report.state, report.reason)
    return report


async def _ask_grpc(
    found: Findings, channel: grpc.aio.Channel, endpoint: Endpoint, limit_s: float
) -> None:
    """Make the probes that go over gRPC.

    Raises:
        CaptionerError: There is no connection, or the server refuses to list its models.
    """
    stands = await settle(channel, limit_s)
    if stands is None:
        raise connecting.no_answer(endpoint.title, limit_s=limit_s, code=_Code.UNAVAILABLE.name)
    # Where there is no connection, the call gives the reason.
    has_health = await _ask_health(found, channel, endpoint, limit_s)
    found.is_connected = True
    try:
        found.models = await read_models(channel, endpoint, limit_s=limit_s)
    except CaptionerError as error:
        if endpoint.function_id is None or error.code not in _LISTS_NOTHING:
            raise
        found.add(ProbeKind.MODELS, "It does not list its models.")
        return
    said = listed(found.models) or "none"
    found.add(ProbeKind.MODELS, said, is_good=found.has_streaming_model)
    found.round_trip_ms = await _round_trip_ms(channel, endpoint, limit_s, has_health=has_health)


async def _ask_health(
    found: Findings, channel: grpc.aio.Channel, endpoint: Endpoint, limit_s: float
) -> bool:
    """Ask the health service; return whether there is one.

    Raises:
        CaptionerError: There is no connection.
    """
    try:
        status = await _check(channel, endpoint, limit_s)
    except grpc.aio.AioRpcError as error:
        if error.code() in {_Code.UNAVAILABLE, _Code.DEADLINE_EXCEEDED}:
            raise error_from_status(error.code(), error.details(), server=endpoint.title) from error
        found.add(ProbeKind.HEALTH, f"It has no health service ({error.code().name}).")
        return False
    if status in {_Health.SERVING, _Health.NOT_SERVING}:
        found.serves = status == _Health.SERVING
    found.add(ProbeKind.HEALTH, _Health.ServingStatus.Name(status), is_good=found.serves)
    return True


async def _check(channel: grpc.aio.Channel, endpoint: Endpoint, limit_s: float) -> int:
    answer = await health_pb2_grpc.HealthStub(channel).Check(
        health_pb2.HealthCheckRequest(), metadata=endpoint.metadata(), timeout=limit_s
    )
    return int(answer.status)


async def _round_trip_ms(
    channel: grpc.aio.Channel, endpoint: Endpoint, limit_s: float, *, has_health: bool
) -> float | None:
    """Return the median time of a small call; None where a server that answered does no more."""
    times = []
    try:
        for _ in range(_ROUND_TRIPS):
            begun = time.monotonic()
            if has_health:
                await _check(channel, endpoint, limit_s)
            else:
                await read_models(channel, endpoint, limit_s=limit_s)
            times.append(1000 * (time.monotonic() - begun))
    except (grpc.aio.AioRpcError, CaptionerError) as error:
        logger.debug("Round trip to %s: %s", endpoint.title, error)
    return median(times) if times else None


async def _ask_http(found: Findings, endpoint: Endpoint, port: int, limit_s: float) -> None:
    try:
        answer = await ask_readiness(endpoint, port, limit_s=limit_s)
    except CaptionerError as error:
        # Only a NIM has this port; without it, nothing speaks against the server.
        found.add(ProbeKind.HTTP, f"{error.message} Only a NIM has this port.")
        return
    found.http = answer
    if answer is None:
        found.add(ProbeKind.HTTP, f"Port {port} answers, but not in HTTP.")
    elif found.http_says_ready:
        found.add(ProbeKind.HTTP, f"Port {port} says ready.", is_good=True)
    elif found.http_says_not_yet:
        found.add(ProbeKind.HTTP, f"Port {port} says not ready yet.", is_good=False)
    else:
        found.add(ProbeKind.HTTP, f"Port {port} is not a NIM's: HTTP status {answer.status}.")


async def _read_certificate(found: Findings, endpoint: Endpoint, limit_s: float) -> None:
    try:
        shaken = await shake_hands(endpoint, limit_s=limit_s)
    except CaptionerError as error:
        logger.debug("No certificate of %s: %s", endpoint.title, error)
        return
    found.certificate = None if shaken is None else shaken.certificate
