"""How a server is, asked without a stream.

The probes, in their order: the health service of gRPC; Riva's list of models; NIM's HTTP port. A
hosted function has neither the first nor the last, and need not list its models: then nothing is
known before a stream is tried. A thorough probe also looks at the way to the server, step by step;
the verdict is the same.
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
from captioner.asr.dial import addresses_of, dialled
from captioner.asr.endpoint import Endpoint
from captioner.asr.handshake import shake_hands
from captioner.asr.peer import ask_readiness
from captioner.asr.proxy import proxy_in_use
from captioner.asr.verdict import SLOW_MS, EndpointReport, Findings, Progress, judge, unwatched
from captioner.core.errors import (
    CaptionerError,
    ConfigurationError,
    CredentialsError,
    TlsError,
    UnavailableError,
)
from captioner.core.health import ProbeKind
from captioner.core.network import is_address
from captioner.riva import connecting
from captioner.riva.models import listed
from captioner.riva.status import error_from_status

logger = logging.getLogger(__name__)

_ROUND_TRIPS: Final = 5
_Code = grpc.StatusCode
_Health = health_pb2.HealthCheckResponse
_LISTS_NOTHING: Final = (_Code.UNIMPLEMENTED.name, _Code.NOT_FOUND.name)


async def probe(
    endpoint: Endpoint,
    *,
    limit_s: float = 5.0,
    thorough: bool = False,
    progress: Progress = unwatched,
) -> EndpointReport:
    """Ask a server how it is. What is wrong with the server is reported, never raised.

    Args:
        endpoint: The server.
        limit_s: How long each wait for gRPC may take, in seconds; looks at other ports take less.
        thorough: Also makes the probes that cannot change the verdict, and reads the server's
            certificate.
        progress: Is told of each step as it is made.
    """
    found = Findings(progress)
    look_s = min(limit_s, EXPLAIN_STEP_S)
    if thorough:
        await _look_at_way(found, endpoint, look_s)
    try:
        async with open_channel(endpoint) as channel:
            await _ask_grpc(found, channel, endpoint, limit_s, thorough=thorough)
    except CaptionerError as error:
        if found.obstacle is not None and isinstance(error, UnavailableError):
            found.error = found.obstacle
            found.error.code = error.code
        else:
            found.error = await explain(endpoint, error, limit_s=look_s)
            kind = _failed_step(found, found.error, thorough=thorough)
            found.add(kind, found.error.message, is_good=False)
    port = endpoint.http_port
    if port is not None and (thorough or not found.has_streaming_model):
        await _ask_http(found, endpoint, port, look_s)
    if thorough and endpoint.tls:
        await _read_certificate(found, endpoint, look_s)
    report = judge(found, endpoint)
    logger.debug("Probe of %s: %s. %s", endpoint.title, report.state, report.reason)
    return report


async def _look_at_way(found: Findings, endpoint: Endpoint, limit_s: float) -> None:
    """Tell whether the name is known and the port open, which gRPC does not tell apart."""
    proxy = proxy_in_use(endpoint)
    try:
        if proxy is None and not is_address(endpoint.host):
            found.begin(ProbeKind.NAME)
            addresses = ", ".join(await addresses_of(endpoint, endpoint.port, limit_s=limit_s))
            found.add(
                ProbeKind.NAME, f"The name {endpoint.host} stands for {addresses}.", is_good=True
            )
        found.begin(ProbeKind.CONNECTION)
        async with dialled(endpoint, endpoint.port, limit_s=limit_s):
            pass
    except CaptionerError as error:
        found.obstacle = error
        found.add(found.current, error.message, is_good=False)
        return
    way = f"Port {endpoint.port} is open."
    if proxy is not None:
        way = f"The proxy leads to port {endpoint.port}."
    found.add(ProbeKind.CONNECTION, way, is_good=True)


def _failed_step(found: Findings, error: CaptionerError, *, thorough: bool) -> ProbeKind:
    """Return which step ``error`` ended."""
    if isinstance(error, ConfigurationError) and found.current is ProbeKind.HEALTH:
        return ProbeKind.KEY  # it cannot be sent
    if found.is_connected:
        return ProbeKind.KEY if isinstance(error, CredentialsError) else ProbeKind.MODELS
    if not thorough:
        return ProbeKind.CONNECTION
    is_of_tls = isinstance(error, TlsError | ConfigurationError)
    return ProbeKind.ENCRYPTION if is_of_tls else found.current


async def _ask_grpc(
    found: Findings,
    channel: grpc.aio.Channel,
    endpoint: Endpoint,
    limit_s: float,
    *,
    thorough: bool,
) -> None:
    """Make the probes that go over gRPC.

    Raises:
        CaptionerError: There is no connection, or the server refuses to list its models.
    """
    found.begin(ProbeKind.ENCRYPTION if endpoint.tls else ProbeKind.PROTOCOL)
    stands = await settle(channel, limit_s)
    if stands is None:
        raise connecting.no_answer(endpoint.title, limit_s=limit_s, code=_Code.UNAVAILABLE.name)
    if stands:
        if thorough and endpoint.tls:
            found.add(ProbeKind.ENCRYPTION, "The certificate is in order.", is_good=True)
        found.begin(ProbeKind.HEALTH)
    # Where there is no connection, the call gives the reason.
    has_health = await _ask_health(found, channel, endpoint, limit_s)
    found.is_connected = True
    found.begin(ProbeKind.MODELS)
    try:
        found.models = await read_models(channel, endpoint, limit_s=limit_s)
    except CaptionerError as error:
        if endpoint.function_id is None or error.code not in _LISTS_NOTHING:
            raise
        found.add(ProbeKind.MODELS, "It does not list its models.")
        return
    said = listed(found.models) or "none"
    found.add(ProbeKind.MODELS, said, is_good=found.has_streaming_model)
    if thorough:
        has_key = endpoint.token is not None
        taken = "It takes the key." if has_key else "No key is set, and it wants none."
        found.add(ProbeKind.KEY, taken, is_good=True)
    found.begin(ProbeKind.TIME)
    found.round_trip_ms = await _round_trip_ms(channel, endpoint, limit_s, has_health=has_health)
    if thorough and found.round_trip_ms is not None:
        is_fast = found.round_trip_ms <= SLOW_MS
        found.add(ProbeKind.TIME, f"It takes {found.round_trip_ms:.1f} ms.", is_good=is_fast)


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
        if error.code() in {_Code.UNAUTHENTICATED, _Code.PERMISSION_DENIED}:
            found.add(ProbeKind.HEALTH, "It does not say without a key that it takes.")
        elif error.code() is _Code.RESOURCE_EXHAUSTED:
            found.add(ProbeKind.HEALTH, "It has no room to answer.", is_good=False)
        else:
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
    found.begin(ProbeKind.HTTP)
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
    found.begin(ProbeKind.CERTIFICATE)
    try:
        shaken = await shake_hands(endpoint, limit_s=limit_s)
    except CaptionerError as error:
        logger.debug("No certificate of %s: %s", endpoint.title, error)
        return
    found.certificate = None if shaken is None else shaken.certificate
