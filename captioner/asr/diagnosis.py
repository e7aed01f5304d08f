"""Why a connection does not work, where gRPC's own words leave it open.

gRPC says "Socket closed" for a server that wants TLS, for one that wants a client certificate, and
for one that is going down; it says nothing at all where nothing answers. `explain` looks for itself
what answers at the port, and asks a server that refuses a request for its models.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

import grpc
from riva.client.proto import riva_asr_pb2, riva_asr_pb2_grpc

from captioner.asr.channel import open_channel
from captioner.asr.endpoint import Endpoint
from captioner.asr.handshake import Handshake, shake_hands
from captioner.asr.peer import Spoken, listen
from captioner.asr.x509 import Certificate, certificate_from_file
from captioner.core.errors import (
    CaptionerError,
    ConfigurationError,
    CredentialsError,
    ProtocolError,
    RequestError,
    TlsError,
    UnavailableError,
)
from captioner.riva import connecting
from captioner.riva.models import ServerModel, for_streams, listed, missing_model, models_from
from captioner.riva.options import RecognitionOptions
from captioner.riva.status import error_from_status

logger = logging.getLogger(__name__)

EXPLAIN_STEP_S: Final = 2.0
_LOOK_LIMIT_S: Final = 8.0
_NOT_FOUND: Final = grpc.StatusCode.NOT_FOUND.name
_ABOUT_CONNECTING: Final = (
    grpc.StatusCode.UNAVAILABLE.name,
    grpc.StatusCode.DEADLINE_EXCEEDED.name,
)


async def explain(
    endpoint: Endpoint,
    error: CaptionerError,
    *,
    options: RecognitionOptions | None = None,
    limit_s: float = EXPLAIN_STEP_S,
) -> CaptionerError:
    """Return what is behind ``error``, by a look of its own; ``error`` itself where that is all.

    Meant for the first error of a connection and for one that ends a session: it connects to the
    server up to three times, and takes 8 seconds at most.

    Args:
        endpoint: The server that it came from.
        error: What a call or the wait for a connection gave.
        options: What was asked of the server, to name the model or the language that it lacks.
        limit_s: How long each step may take, in seconds.
    """
    try:
        async with asyncio.timeout(_LOOK_LIMIT_S):
            found = await _look(endpoint, error, options, limit_s)
    except ConfigurationError as ours:
        found = ours
    except (CaptionerError, TimeoutError) as reason:
        logger.info("No explanation of %s: %s", error.code or error.category, reason)
        return error
    if found is None:
        return error
    found.code = error.code
    logger.info("%s, explained: %s", error.code or error.category, found)
    return found


async def read_models(
    channel: grpc.aio.Channel, endpoint: Endpoint, *, limit_s: float
) -> tuple[ServerModel, ...]:
    """Ask a server for its models.

    Raises:
        CaptionerError: It cannot be reached, refuses the key, or is no recogniser.
    """
    stub = riva_asr_pb2_grpc.RivaSpeechRecognitionStub(channel)
    try:
        answer = await stub.GetRivaSpeechRecognitionConfig(
            riva_asr_pb2.RivaSpeechRecognitionConfigRequest(),
            metadata=endpoint.metadata(),
            timeout=limit_s,
        )
    except grpc.aio.AioRpcError as error:
        raise error_from_status(error.code(), error.details(), server=endpoint.title) from error
    return models_from(answer)


async def _look(
    endpoint: Endpoint, error: CaptionerError, options: RecognitionOptions | None, limit_s: float
) -> CaptionerError | None:
    match error:
        case CredentialsError() if endpoint.token is None:
            return _without_key(endpoint, error)
        case RequestError() if endpoint.function_id is not None and error.code == _NOT_FOUND:
            hint = "Check the function id (RIVA_FUNCTION_ID); hosted services change them."
            return RequestError(error.message, hint=hint)
        case RequestError():
            return await _look_at_models(endpoint, error, options, limit_s)
        case TlsError() | ProtocolError() | UnavailableError() if error.code in _ABOUT_CONNECTING:
            try:
                if endpoint.tls:
                    return await _look_at_tls(endpoint, error, limit_s)
                return await _look_at_plain(endpoint, limit_s)
            except UnavailableError as reason:
                # There is nothing to look at now, which explains only that there was no answer.
                return reason if isinstance(error, UnavailableError) else None
        case _:
            return None


def _without_key(endpoint: Endpoint, error: CaptionerError) -> CaptionerError | None:
    if error.code not in {
        grpc.StatusCode.UNAUTHENTICATED.name,
        grpc.StatusCode.PERMISSION_DENIED.name,
    }:
        return None
    return CredentialsError(
        f"{endpoint.title} wants a key, and none is set.",
        hint="Give it in RIVA_API_KEY, or keep it in the keyring: "
        f"`captioner config set-key {endpoint.host}:{endpoint.port}`.",
    )


async def _look_at_models(
    endpoint: Endpoint, error: CaptionerError, options: RecognitionOptions | None, limit_s: float
) -> CaptionerError | None:
    async with open_channel(endpoint) as channel:
        models = await read_models(channel, endpoint, limit_s=limit_s)
    if options is not None:
        missing = missing_model(
            models, model=options.model, language=options.language, server=endpoint.title
        )
        if missing is not None:
            return missing
    streaming = for_streams(models)
    if not streaming:
        return None
    return RequestError(error.message, hint=f"{error.hint} It has: {listed(streaming)}.")


async def _look_at_plain(endpoint: Endpoint, limit_s: float) -> CaptionerError | None:
    spoken = await listen(endpoint, limit_s=limit_s)
    if spoken not in {Spoken.TLS, Spoken.NOTHING}:
        return _plain_answer(endpoint, spoken)
    shaken = await shake_hands(endpoint, limit_s=limit_s)
    if shaken is None:
        return None
    if shaken.certificate is not None and not shaken.speaks_http2:
        return connecting.not_grpc(endpoint.title, spoken="HTTPS")
    return connecting.wants_tls(endpoint.title)


async def _look_at_tls(
    endpoint: Endpoint, error: CaptionerError, limit_s: float
) -> CaptionerError | None:
    shaken = await shake_hands(endpoint, limit_s=limit_s)
    if shaken is None:
        return _plain_answer(endpoint, await listen(endpoint, limit_s=limit_s))
    if isinstance(error, TlsError) and not shaken.complaint:
        return _bad_certificate(endpoint, error, shaken.certificate)
    if shaken.certificate is not None and not shaken.speaks_http2:
        return connecting.not_grpc(endpoint.title, spoken="HTTPS")
    return await _refused_client(endpoint, shaken) if shaken.is_refused else None


def _plain_answer(endpoint: Endpoint, spoken: Spoken) -> CaptionerError | None:
    """Return what is wrong where a port answers so without TLS."""
    match spoken:
        case Spoken.HTTP1:
            return connecting.not_grpc(endpoint.title, spoken="HTTP")
        case Spoken.HTTP2 if endpoint.tls:
            return connecting.not_tls(endpoint.title)
        case Spoken.UNKNOWN:
            return connecting.not_grpc(endpoint.title, spoken="another protocol")
        case _:
            return None


def _bad_certificate(
    endpoint: Endpoint, error: TlsError, shown: Certificate | None
) -> CaptionerError | None:
    """Return what the certificate itself says about its refusal by gRPC."""
    server = endpoint.title
    if shown is None:
        return None
    if shown.has_expired:
        return connecting.expired(server, until=shown.valid_until)
    if shown.is_too_new:
        return connecting.not_yet_valid(server, since=shown.valid_from)
    if not shown.is_for(endpoint.target_name or endpoint.host):
        host = endpoint.target_name or endpoint.host
        return connecting.wrong_host(server, host=host, names=shown.names)
    if error.message != connecting.unknown_authority(server).message:
        return None
    issuer = "itself" if shown.is_self_signed else shown.issuer
    return connecting.unknown_authority(server, issuer=issuer)


async def _refused_client(endpoint: Endpoint, shaken: Handshake) -> CaptionerError:
    path, said = endpoint.client_cert_file, shaken.complaint
    if path is None:
        return connecting.wants_client_certificate(endpoint.title, said=said)
    try:
        ours = await asyncio.to_thread(certificate_from_file, path)
    except (OSError, ValueError):
        return connecting.refuses_client_certificate(endpoint.title, path, said=said)
    until = ours.valid_until if ours.has_expired else None
    return connecting.refuses_client_certificate(endpoint.title, path, said=said, until=until)
