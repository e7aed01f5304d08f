"""The feed as a service: one WebSocket for captions, and the page for OBS that shows them."""

from __future__ import annotations

from typing import Final

from pydantic import SecretStr
from websockets.asyncio.server import ServerConnection

from captioner.feed.client import serve_client
from captioner.feed.hub import Hub
from captioner.settings.feed import FeedSettings
from captioner.web.server import Service, WebServer

_LARGEST_MESSAGE: Final = 4096

_FILES: Final = {
    "/": ("web/overlay.html", "text/html; charset=utf-8"),
    "/overlay.html": ("web/overlay.html", "text/html; charset=utf-8"),
    "/language.js": ("web/language.js", "text/javascript; charset=utf-8"),
    "/overlay.js": ("web/overlay.js", "text/javascript; charset=utf-8"),
    "/overlay.css": ("web/overlay.css", "text/css; charset=utf-8"),
    "/feed.schema.json": ("web/feed.schema.json", "application/schema+json"),
}


def feed_server(settings: FeedSettings, token: SecretStr, hub: Hub) -> WebServer:
    """Return the server that tells its clients what ``hub`` is told."""

    async def serve(connection: ServerConnection) -> None:
        await serve_client(connection, hub)

    service = Service("feed", "/ws/captions", serve, _FILES, _LARGEST_MESSAGE)
    return WebServer(settings, token, service)
