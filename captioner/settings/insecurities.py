"""What is insecure about the way to a server, in one place for all who show it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from captioner.core.network import is_loopback, is_private, stays_here
from captioner.settings.endpoints import EndpointSettings


@dataclass(frozen=True, slots=True)
class Insecurity:
    """One setting that makes the way insecure.

    Attributes:
        field: Of `EndpointSettings`.
        sentence: What it means.
        fix: What to do about it.
    """

    field: str
    sentence: str
    fix: str


def insecurities(endpoint: EndpointSettings) -> tuple[Insecurity, ...]:
    """Return what is insecure about ``endpoint``; nothing is that does not leave this machine."""
    found = []
    if not stays_here(endpoint.host, endpoint.proxy):
        found += _of_connection(endpoint)
    if endpoint.proxy_credentials is not None and not is_loopback(_host(endpoint.proxy)):
        found.append(
            Insecurity(
                "proxy",
                "The password for the proxy travels unencrypted to it.",
                "Use a proxy that needs none, or one on this machine.",
            )
        )
    return tuple(found)


def _of_connection(endpoint: EndpointSettings) -> list[Insecurity]:
    found = []
    if not endpoint.tls:
        found.append(
            Insecurity(
                "tls",
                "The connection is not encrypted: anyone on the way can hear the audio.",
                "Turn TLS on (RIVA_SSL=true), if the server offers it.",
            )
        )
        if endpoint.allow_plaintext_key:
            found.append(
                Insecurity(
                    "allow_plaintext_key",
                    "The key may travel unencrypted: anyone on the way can take it.",
                    "Turn TLS on, and this off.",
                )
            )
        return found
    if endpoint.target_name is not None:
        found.append(
            Insecurity(
                "target_name",
                f"The certificate is checked for {endpoint.target_name} and not for the host: "
                "whoever has one for that name can stand in for the server.",
                "Give the server a certificate for its own name.",
            )
        )
    if endpoint.ca_file is None and is_private(endpoint.host):
        found.append(
            Insecurity(
                "ca_file",
                "No CA file is set for a private host: any authority of the system can vouch for "
                "it.",
                "Name the authority of the server (RIVA_SSL_CERT).",
            )
        )
    return found


def _host(proxy: str) -> str:
    return urlsplit(proxy).hostname or ""
