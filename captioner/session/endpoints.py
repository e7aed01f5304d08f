"""Which recogniser a session talks to: the user's server, or the embedded engine."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from captioner.asr.endpoint import Endpoint
from captioner.asr.probe import probe
from captioner.asr.route import Candidate, Failover
from captioner.core.clock import Clock
from captioner.core.errors import CaptionerError
from captioner.core.health import EndpointState
from captioner.session.embedded import EmbeddedEngine
from captioner.settings.endpoints import EndpointSettings
from captioner.settings.insecurities import insecurities
from captioner.settings.models import Settings
from captioner.settings.secrets import SecretStore, with_api_key
from captioner.telemetry.logs import register_secret

logger = logging.getLogger(__name__)


def session_route(
    settings: Settings,
    engine: EmbeddedEngine,
    *,
    clock: Clock,
    is_live: bool = True,
    channels: int = 1,
    on_return: Callable[[], None],
    on_away: Callable[[CaptionerError | None], None],
) -> Failover:
    """Return the route of a session.

    Args:
        settings: As for `session_candidates`.
        engine: As for `session_candidates`.
        clock: Time.
        is_live: As for `session_candidates`.
        channels: How many share the route; each outage is a failure of all of them.
        on_return: As in `Failover`.
        on_away: As in `Failover`.
    """
    return Failover(
        session_candidates(settings, engine, is_live=is_live),
        clock=clock,
        is_ready=_is_ready,
        on_return=on_return,
        on_away=on_away,
        after=settings.connection.fail_over_after * channels,
    )


def session_candidates(
    settings: Settings, engine: EmbeddedEngine, *, is_live: bool
) -> list[Candidate]:
    """Return where audio may go: the servers in order, and the embedded engine.

    Args:
        settings: Which servers are used, and whether the engine may take over. Where there are
            none, the engine is the only one.
        engine: Started when it is needed.
        is_live: Whether somebody reads along. A file can wait for the server that was chosen for
            it, and is not handed to the engine.
    """
    candidates = [
        Candidate(_located(server), may_take_over=server.takes_over) for server in settings.servers
    ]
    language = settings.recognition.language
    may_fall_back = is_live and settings.connection.embedded_fallback
    if not candidates or (may_fall_back and engine.understands(language)):

        async def embedded() -> Endpoint:
            engine.check(language)
            return await engine.endpoint()

        candidates.append(Candidate(embedded))
    return candidates


def candidate_traits(settings: Settings, engine: EmbeddedEngine) -> tuple[object, ...]:
    """Return all that the candidates depend on: where it is the same, they are the same."""
    is_understood = engine.understands(settings.recognition.language)
    return settings.servers, settings.connection.embedded_fallback, is_understood


def _located(server: EndpointSettings) -> Callable[[], Awaitable[Endpoint]]:
    """Return what finds ``server``.

    The keyring is asked once: a locked one must not ask its user at every reconnection, nor for
    each channel.
    """
    found: list[Endpoint] = []
    asking = asyncio.Lock()

    async def locate() -> Endpoint:
        async with asking:
            if not found:
                found.append(await endpoint_with_key(server))
            return found[0]

    return locate


async def _is_ready(endpoint: Endpoint) -> bool:
    report = await probe(endpoint)
    # A hosted function answers and tells nothing of itself: a stream shows whether it works.
    return report.state in {EndpointState.READY, EndpointState.UNKNOWN}


def log_insecurities(settings: Settings) -> None:
    """Name in the log what is insecure about each listed server."""
    for endpoint in settings.endpoints:
        for each in insecurities(endpoint):
            logger.warning("%s: %s %s", endpoint.account, each.sentence, each.fix)


async def endpoint_with_key(settings: EndpointSettings) -> Endpoint:
    """Return the server of ``settings``, with its key from the keyring if they have none.

    The key is kept out of the log from here on. The keyring may ask its user.
    """
    found = await with_api_key(settings, SecretStore())
    for secret in found.secrets:
        register_secret(secret)
    return server_endpoint(found)


def server_endpoint(settings: EndpointSettings) -> Endpoint:
    """Return the server of ``settings`` as the client sees it."""
    return Endpoint(
        host=settings.host,
        port=settings.port,
        name=settings.name,
        tls=settings.tls,
        ca_file=settings.ca_file,
        client_cert_file=settings.client_cert_file,
        client_key_file=settings.client_key_file,
        target_name=settings.target_name,
        proxy=settings.proxy,
        proxy_credentials=settings.proxy_credentials,
        http_port=None if settings.is_hosted else settings.http_port,
        model=settings.model,
        function_id=settings.function_id,
        extra_metadata=tuple(settings.metadata.items()),
        token=settings.api_key,
        allow_plaintext_key=settings.allow_plaintext_key,
    )
