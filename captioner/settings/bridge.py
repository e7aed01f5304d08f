"""Captions of audio that other programs and browsers send over WebSocket."""

from __future__ import annotations

from pydantic import Field

from captioner.settings.web import WebSettings


class BridgeSettings(WebSettings):
    """Where the bridge is served, and to how many; see `WebSettings`.

    Attributes:
        port: Port to serve at; 0 takes any free one, another one at each start.
        max_message_mb: The largest message that a client may send, in megabytes; each holds half a
            minute of audio.
    """

    port: int = Field(default=8761, ge=0, le=65535)
    max_message_mb: float = Field(default=1.0, ge=0.01, le=16.0)
