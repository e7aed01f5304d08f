"""Which servers may be used, and how a connection to them is kept."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from captioner.settings.base import SettingsModel

DEFAULT_PORT: Final = 50051
"""Riva's own gRPC port."""

_HOST: Final = re.compile(r"[^\s/@:\[\]]+|[0-9A-Fa-f:.]+(?:%\w+)?")
_METADATA_NAME: Final = re.compile(r"[a-z0-9_.-]+")
_CREDENTIAL_NAME: Final = re.compile(r"authorization|cookie|token|secret|password|api-?_?key")
_HOSTED: Final = "nvcf.nvidia.com"
_SHORTEST_STREAM_S: Final = 30.0


EMBEDDED: Final = "embedded"
"""What `ConnectionSettings.recogniser` calls the embedded engine."""


class EndpointSettings(SettingsModel):
    """One Riva server. Audio goes to no server that is not listed.

    Attributes:
        host: Name or address.
        port: Its gRPC port.
        name: What a person calls it; empty shows the address.
        tls: Whether the connection is encrypted.
        ca_file: PEM file with the authority to trust; None trusts the system's.
        client_cert_file: PEM file with the certificate that the client shows (mutual TLS).
        client_key_file: PEM file with the key of that certificate.
        target_name: The name that the server's certificate must be for; None takes the host.
        proxy: ``system`` (what the environment names), ``none``, or ``http://host:port``.
        proxy_credentials: ``user:password`` for the proxy; out of an URL with them, which only the
            environment may give. Never saved.
        http_port: HTTP port of a NIM, where it says whether it is ready.
        model: Name of the model there; None takes the one that is set for all servers.
        function_id: Which function of a hosted service is called.
        metadata: Sent with every call. No credentials: these belong into the keyring.
        api_key: Bearer token; from the environment or the keyring. Never saved.
        allow_plaintext_key: Whether the key may travel unencrypted to this server.
        may_fail_over: Whether another server's failure may bring the audio here; None means yes,
            unless it is a hosted service.
    """

    host: str = Field(min_length=1)
    port: int = Field(default=DEFAULT_PORT, ge=1, le=65535)
    name: str = ""
    tls: bool = False
    ca_file: str | None = Field(default=None, min_length=1)
    client_cert_file: str | None = Field(default=None, min_length=1)
    client_key_file: str | None = Field(default=None, min_length=1)
    target_name: str | None = Field(default=None, min_length=1)
    proxy: str = "system"
    proxy_credentials: SecretStr | None = Field(default=None, exclude=True, repr=False)
    http_port: int = Field(default=9000, ge=1, le=65535)
    model: str | None = None
    function_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]+$")
    metadata: dict[str, str] = Field(default_factory=dict)
    api_key: SecretStr | None = Field(default=None, exclude=True, repr=False)
    allow_plaintext_key: bool = False
    may_fail_over: bool | None = None

    @property
    def account(self) -> str:
        """The name under which the keyring has its key."""
        return f"{self.host}:{self.port}"

    @property
    def is_hosted(self) -> bool:
        """True for a service that others run, where audio must not go unasked."""
        host = self.host.lower().rstrip(".")
        return self.function_id is not None or host == _HOSTED or host.endswith(f".{_HOSTED}")

    @property
    def takes_over(self) -> bool:
        """Whether another server's failure may bring the audio here."""
        return not self.is_hosted if self.may_fail_over is None else self.may_fail_over

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be written or logged, in each form in which it could be met."""
        found = [] if self.api_key is None else [self.api_key.get_secret_value().strip()]
        if self.proxy_credentials is not None:
            credentials = self.proxy_credentials.get_secret_value()
            password = credentials.partition(":")[2]
            found += [credentials, password, quote(password, safe="")]
        return tuple(found)

    @model_validator(mode="before")
    @classmethod
    def _part_proxy_from_its_credentials(cls, values: object) -> object:
        if isinstance(values, dict) and isinstance(values.get("proxy"), str):
            proxy, credentials = split_proxy(values["proxy"])
            if credentials is not None:
                return {**values, "proxy": proxy, "proxy_credentials": credentials}
        return values

    @field_validator("host")
    @classmethod
    def _host_alone(cls, host: str) -> str:
        if not _HOST.fullmatch(host):
            raise ValueError("it must be a host name or address alone, without scheme and port")
        return host

    @field_validator("proxy")
    @classmethod
    def _known_proxy(cls, proxy: str) -> str:
        if proxy in {"system", "none"}:
            return proxy
        try:
            parts = urlsplit(proxy)
            is_good = parts.scheme == "http" and bool(parts.hostname) and parts.port is not None
            is_good = is_good and parts.path in {"", "/"} and not (parts.query or parts.fragment)
        except ValueError:  # a port that is none
            is_good = False
        if not is_good:
            raise ValueError("it must be 'system', 'none', or an URL such as http://proxy:3128")
        return proxy.rstrip("/")

    @field_validator("metadata")
    @classmethod
    def _sendable_metadata(cls, metadata: dict[str, str]) -> dict[str, str]:
        lowered = {name.lower(): value for name, value in metadata.items()}
        for name, value in lowered.items():
            if _CREDENTIAL_NAME.search(name):
                raise ValueError(f"'{name}' is for credentials, which the keyring keeps")
            if name == "function-id":
                raise ValueError("'function-id' has a setting of its own, function_id")
            if not _METADATA_NAME.fullmatch(name) or name.startswith("grpc-"):
                raise ValueError(f"'{name}' cannot be sent: a name is of a-z, 0-9, '-', '_', '.'")
            if name.endswith("-bin") or not (value.isascii() and value.isprintable()):
                raise ValueError(f"the value of '{name}' cannot be sent: it must be plain ASCII")
        return lowered


class ConnectionSettings(SettingsModel):
    """Who recognises, how long each step may take, and what happens when one fails.

    Attributes:
        recogniser: The listed server that comes before the others, as ``host:port``;
            ``embedded`` keeps the audio on this computer; empty takes the servers as listed.
        connect_timeout_s: How long a connection may take.
        response_timeout_s: How long the first answer to speech may take before the stream is
            taken for dead.
        drain_timeout_s: How long to wait for the last words after stop.
        max_retries: Tries in a row without an answer before giving up; 0 tries for ever.
        retry_delay_s: Upper bound of the first delay between two tries.
        replay_s: Audio without a final that is kept, to be heard again by the next stream.
        rotate_after_s: A stream this old is replaced at the next pause; 0 never replaces one.
        fail_over_after: Failures in a row that bring the next listed server.
        embedded_fallback: Whether the embedded engine takes over when no listed server answers.
    """

    recogniser: str = ""
    connect_timeout_s: float = Field(default=5.0, gt=0, le=120)
    response_timeout_s: float = Field(default=15.0, gt=0, le=600)
    drain_timeout_s: float = Field(default=3.0, gt=0, le=60)
    max_retries: int = Field(default=0, ge=0)
    retry_delay_s: float = Field(default=0.25, gt=0, le=60)
    replay_s: float = Field(default=30.0, ge=1, le=120)
    rotate_after_s: float = Field(default=1800.0, ge=0)
    fail_over_after: int = Field(default=3, ge=1)
    embedded_fallback: bool = True

    @field_validator("rotate_after_s")
    @classmethod
    def _not_too_often(cls, seconds: float) -> float:
        if 0 < seconds < _SHORTEST_STREAM_S:
            raise ValueError(f"it must be 0 (never) or at least {_SHORTEST_STREAM_S:g}")
        return seconds


def split_proxy(url: str) -> tuple[str, SecretStr | None]:
    """Return the URL of a proxy without credentials, and these as ``user:password``."""
    scheme, found, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    credentials, at, address = authority.rpartition("@")
    if not (found and at):
        return url, None
    return f"{scheme}://{address}{slash}{path}", SecretStr(unquote(credentials))
