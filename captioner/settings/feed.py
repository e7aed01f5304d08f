"""Captions for other programs, live over WebSocket."""

from __future__ import annotations

from pydantic import Field

from captioner.settings.base import SettingsModel


class FeedSettings(SettingsModel):
    """Where captions are served, and to how many.

    Attributes:
        is_on: Whether the window serves them; the command ``captioner feed`` always does.
        host: Address to serve at; any that others can reach needs a certificate.
        port: Port to serve at; 0 takes any free one, another one at each start.
        tls_cert: PEM file with the certificate; None serves without encryption.
        tls_key: PEM file with its key; None looks for it in the certificate's file.
        replay: How many finished captions are told to whoever connects late.
        max_clients: How many may be connected at a time.
        origins: Pages from elsewhere that may connect, such as ``https://overlay.example.org``.
    """

    is_on: bool = False
    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8760, ge=0, le=65535)
    tls_cert: str | None = Field(default=None, min_length=1)
    tls_key: str | None = Field(default=None, min_length=1)
    replay: int = Field(default=20, ge=0, le=150)
    max_clients: int = Field(default=100, ge=1, le=1000)
    origins: tuple[str, ...] = ()
