"""Where something is served over HTTP and WebSocket, and to how many."""

from __future__ import annotations

from pydantic import Field

from captioner.settings.base import SettingsModel


class WebSettings(SettingsModel):
    """What all services have in common.

    Attributes:
        host: Address to serve at; any that others can reach needs a certificate.
        port: Port to serve at; 0 takes any free one, another one at each start.
        tls_cert: PEM file with the certificate; None serves without encryption.
        tls_key: PEM file with its key; None looks for it in the certificate's file.
        max_clients: How many may be connected at a time.
        ping_interval_s: Seconds between questions whether a quiet client is there still; one that
            does not answer for as long is gone.
        origins: Pages from elsewhere that may connect, such as ``https://overlay.example.org``.
    """

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=0, ge=0, le=65535)
    tls_cert: str | None = Field(default=None, min_length=1)
    tls_key: str | None = Field(default=None, min_length=1)
    max_clients: int = Field(default=100, ge=1, le=1000)
    ping_interval_s: float = Field(default=20.0, ge=1.0, le=300.0)
    origins: tuple[str, ...] = ()
