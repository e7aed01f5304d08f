"""The bridge as a whole: its port, its clients, and the engine that they share."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import Final

from pydantic import SecretStr
from websockets.asyncio.server import ServerConnection
from websockets.frames import CloseCode
from websockets.http11 import Request, Response

from captioner.bridge.client import BridgeClient
from captioner.session.embedded import EmbeddedEngine
from captioner.settings.models import Settings
from captioner.telemetry.logs import register_secret
from captioner.telemetry.metrics import CONTENT_TYPE, Metrics
from captioner.web.access import Access, Refusal
from captioner.web.pages import refused, response
from captioner.web.server import Service, WebAddress, WebServer

_MEGABYTE: Final = 1_000_000
_FINISH_LIMIT_S: Final = 15.0
_GOES: Final = Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "The bridge is about to end.")
_FILES: Final = {
    "/": ("web/bridge.html", "text/html; charset=utf-8"),
    "/language.js": ("web/language.js", "text/javascript; charset=utf-8"),
    "/bridge.js": ("web/bridge.js", "text/javascript; charset=utf-8"),
    "/bridge-capture.js": ("web/bridge-capture.js", "text/javascript; charset=utf-8"),
    "/bridge.css": ("web/bridge.css", "text/css; charset=utf-8"),
}


class Bridge:
    """Serves until it is closed, all on one loop."""

    def __init__(
        self, settings: Settings, token: SecretStr, metrics: Metrics | None = None
    ) -> None:
        """Prepare; nothing is bound before `start`.

        Args:
            settings: Where it is served, and how is recognised.
            token: What clients must carry.
            metrics: Where it counts; None counts for its own ``/metrics`` alone.
        """
        register_secret(token.get_secret_value())
        self._settings = settings
        self._engine = EmbeddedEngine(settings.engine)
        self._clients: set[BridgeClient] = set()
        self._is_closing = False
        self._metrics = metrics or Metrics()
        self._metrics.bridge.clients.set_function(lambda: len(self._clients))
        self._metrics.follow_engine(lambda: self._engine.counts)
        largest = round(settings.bridge.max_message_mb * _MEGABYTE)
        service = Service("bridge", "/ws/transcribe", self._serve, _FILES, largest, self._answer)
        self._server = WebServer(settings.bridge, token, service)

    async def start(self) -> WebAddress:
        """Begin to serve.

        Raises:
            CaptionerError: The port cannot be used, or its settings make no sense.
        """
        return await self._server.start()

    async def close(self) -> None:
        """End all recordings in order, tell the clients, and free the port."""
        self._is_closing = True
        finishing = {
            asyncio.create_task(client.finish(), name="bridge-finish") for client in self._clients
        }
        if finishing:
            await asyncio.wait(finishing, timeout=_FINISH_LIMIT_S)
        await self._server.close()
        await self._engine.close()

    async def _serve(self, connection: ServerConnection) -> None:
        if self._is_closing:
            await connection.close(CloseCode.GOING_AWAY)
            return
        client = BridgeClient(connection, self._settings, self._engine, self._metrics)
        self._clients.add(client)
        try:
            await client.serve()
        finally:
            self._clients.discard(client)

    def _answer(self, request: Request, access: Access) -> Response | None:
        path = request.path.partition("?")[0]
        if path == "/healthz":
            return self._health()
        if path == "/metrics":
            refusal = access.refuse_stranger(request.headers)
            if refusal is not None:
                return refused(refusal)
            return response(HTTPStatus.OK, self._metrics.text(), CONTENT_TYPE)
        return None

    def _health(self) -> Response:
        if self._is_closing:
            return refused(_GOES)
        is_waiting = any(client.is_waiting for client in self._clients)
        body = json.dumps({"status": "degraded" if is_waiting else "ok"})
        return response(HTTPStatus.OK, body.encode(), "application/json")
