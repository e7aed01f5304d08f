"""Which recogniser a session talks to: the user's server, or the embedded engine."""

from __future__ import annotations

import logging

from captioner.asr.endpoint import Endpoint
from captioner.core.errors import CaptionerError
from captioner.riva.options import Endpointing, Phrase, RecognitionOptions
from captioner.session.embedded import EmbeddedEngine
from captioner.settings.endpoints import EndpointSettings
from captioner.settings.insecurities import insecurities
from captioner.settings.models import Settings
from captioner.settings.recognition import RecognitionSettings
from captioner.settings.secrets import SecretStore, with_api_key
from captioner.telemetry.logs import register_secret

logger = logging.getLogger(__name__)


class EndpointChoice:
    """Answers where the next stream goes, with the key from the keyring where one is kept.

    The keyring is asked once: a locked one must not ask its user at every reconnection.
    """

    def __init__(self, settings: Settings, engine: EmbeddedEngine) -> None:
        """Choose from ``settings``; ``engine`` serves where they name no server."""
        self._settings = settings
        self._engine = engine
        self._server: Endpoint | None = None

    async def next(self) -> Endpoint:
        """Return where to connect now; starts the embedded engine where it is wanted.

        Raises:
            EngineError: The embedded engine did not start.
        """
        if self._settings.endpoint is None:
            return await self._engine.endpoint()
        if self._server is None:
            self._server = await endpoint_with_key(self._settings.endpoint)
        return self._server

    def failed(self, endpoint: Endpoint | None, error: CaptionerError) -> bool:  # noqa: ARG002  # see Route
        """There is no other endpoint."""
        return False

    def succeeded(self, endpoint: Endpoint) -> None:
        """Nothing follows from it."""


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
        function_id=settings.function_id,
        extra_metadata=tuple(settings.metadata.items()),
        token=settings.api_key,
        allow_plaintext_key=settings.allow_plaintext_key,
        may_fail_over=settings.takes_over,
    )


def recognition_options(settings: RecognitionSettings) -> RecognitionOptions:
    """Return ``settings`` as the client asks for them."""
    return RecognitionOptions(
        language=settings.language,
        model=settings.model,
        punctuation=settings.punctuation,
        inverse_text_normalization=settings.inverse_text_normalization,
        profanity_filter=settings.profanity_filter,
        word_times=settings.word_times,
        interim_results=settings.partials,
        boosted=tuple(Phrase(each.phrase, each.boost) for each in settings.boosted),
        endpointing=Endpointing(**settings.endpointing.model_dump()),
        diarization=settings.diarization,
        max_speakers=settings.max_speakers,
        custom=tuple(settings.custom.items()),
    )
