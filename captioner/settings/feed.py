"""Captions for other programs, live over WebSocket."""

from __future__ import annotations

from pydantic import Field

from captioner.settings.web import WebSettings


class FeedSettings(WebSettings):
    """Where captions are served, and to how many; see also `WebSettings`.

    Attributes:
        is_on: Whether the window serves them; the command ``captioner feed`` always does.
        port: Port to serve at; 0 takes any free one, another one at each start.
        replay: How many finished captions are told to whoever connects late.
    """

    is_on: bool = False
    port: int = Field(default=8760, ge=0, le=65535)
    replay: int = Field(default=20, ge=0, le=150)
