"""Where a recogniser listens and how it is spoken to."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import SecretStr

from captioner.core.errors import ConfigurationError
from captioner.core.network import stays_here


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One server.

    Attributes:
        host: Name or address.
        port: gRPC port.
        name: What a person calls it.
        tls: Whether the connection is encrypted.
        ca_file: PEM file with the authority to trust; None trusts the system's.
        client_cert_file: PEM file with the certificate that the client shows.
        client_key_file: PEM file with the key of that certificate.
        target_name: The name that the server's certificate must be for; None takes the host.
        proxy: ``system`` (what the environment names), ``none``, or ``http://host:port``.
        proxy_credentials: ``user:password`` for the proxy.
        http_port: Where a NIM tells over HTTP whether it is ready; None for what is no NIM.
        function_id: Which function of a hosted service is called.
        extra_metadata: Sent with every call, besides the key and the function.
        token: Sent as ``authorization: Bearer ...`` with every call.
        allow_plaintext_key: Whether the key may travel unencrypted over a network.
        is_embedded: True for the engine that is a child of this process.
        model: The model to ask for there, whatever is asked of others; None has no say.
        is_mock: True when its words are scripted.
    """

    host: str
    port: int
    name: str = ""
    tls: bool = False
    ca_file: str | None = None
    client_cert_file: str | None = None
    client_key_file: str | None = None
    target_name: str | None = None
    proxy: str = "system"
    proxy_credentials: SecretStr | None = field(default=None, repr=False)
    http_port: int | None = 9000
    function_id: str | None = None
    extra_metadata: tuple[tuple[str, str], ...] = ()
    token: SecretStr | None = field(default=None, repr=False)
    allow_plaintext_key: bool = False
    is_embedded: bool = False
    model: str | None = None
    is_mock: bool = False

    @property
    def address(self) -> str:
        """The gRPC target, IPv6 addresses in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def title(self) -> str:
        """The name for sentences."""
        return self.name or self.address

    @property
    def is_loopback(self) -> bool:
        """True when the traffic cannot leave this machine."""
        return stays_here(self.host, self.proxy)

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Return the metadata of each call. This is the only place that makes it.

        Raises:
            ConfigurationError: A key would travel unencrypted over a network, or cannot be sent.
        """
        entries = list(self.extra_metadata)
        if self.function_id is not None:
            entries.append(("function-id", self.function_id))
        if self.token is not None:
            entries.append(("authorization", f"Bearer {self._sendable_key(self.token)}"))
        return tuple(entries)

    def _sendable_key(self, token: SecretStr) -> str:
        key = token.get_secret_value().strip()
        if not (key.isascii() and key.isprintable()):
            raise ConfigurationError(
                f"The key for {self.title} holds characters that cannot be sent.",
                hint="Copy the key once more; it consists of letters, digits and signs only.",
            )
        if not (self.tls or self.is_loopback or self.allow_plaintext_key):
            raise ConfigurationError(
                f"The key for {self.title} is not sent: the connection is not encrypted.",
                hint="Turn TLS on for this server (RIVA_SSL=true), remove the key, or set the "
                "server's allow_plaintext_key where nobody listens in between.",
            )
        return key
