"""Which recogniser a session talks to: the user's server, or the embedded engine."""

from __future__ import annotations

from captioner.asr.endpoint import Endpoint
from captioner.session.embedded import EmbeddedEngine
from captioner.settings.models import ServerSettings, Settings
from captioner.settings.secrets import SecretStore, with_api_key
from captioner.telemetry.logs import register_secret


class EndpointChoice:
    """Answers where the next stream goes, with the key from the keyring where one is kept.

    The keyring is asked once: a locked one must not ask its user at every reconnection.
    """

    def __init__(self, settings: Settings, engine: EmbeddedEngine) -> None:
        """Choose from ``settings``; ``engine`` serves where they name no server."""
        self._settings = settings
        self._engine = engine
        self._server: ServerSettings | None = None

    async def endpoint(self) -> Endpoint:
        """Return where to connect now; starts the embedded engine where it is wanted.

        Raises:
            EngineError: The embedded engine did not start.
        """
        if self._settings.server.host is None:
            return await self._engine.endpoint()
        if self._server is None:
            self._server = (await with_api_key(self._settings, SecretStore())).server
            if self._server.api_key is not None:
                register_secret(self._server.api_key.get_secret_value())
        return server_endpoint(self._server)


def server_endpoint(server: ServerSettings) -> Endpoint:
    """Return the remote server of ``server``, whose host must be set."""
    if server.host is None:
        raise ValueError("no server is set")
    return Endpoint(
        host=server.host,
        port=server.port,
        tls=server.tls,
        ca_file=server.ca_file,
        token=server.api_key,
    )
