"""The errors of a connection that does not come about, whoever finds out: gRPC or a look of ours.

``server`` is what a person calls the server; ``code`` is the name of the gRPC status.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from captioner.core.errors import (
    CaptionerError,
    CredentialsError,
    ProtocolError,
    TlsError,
    UnavailableError,
)

_PROXY_WANTS_LOGIN: Final = "407"
_GRPC_PORT: Final = (
    "Set the gRPC port (RIVA_PORT): 50051 for most Riva and NIM servers. 9000 is the HTTP port."
)


def unknown_name(host: str, server: str, *, code: str = "") -> UnavailableError:
    """Return the error for a host name that no name server knows."""
    return UnavailableError(
        f"{server} cannot be reached: the name {host} is not known.",
        hint="Check its spelling, and that this computer is online. Names inside a company's "
        "network often need its VPN.",
        code=code,
    )


def refused(server: str, *, code: str = "") -> UnavailableError:
    """Return the error for a port where nothing listens."""
    return UnavailableError(
        f"Nothing listens at {server}: the connection is refused.",
        hint="Check the port, and that the server runs. A NIM opens it only once its models are "
        "loaded; its first start takes up to 30 minutes.",
        code=code,
    )


def unreachable(server: str, reason: str, *, code: str = "") -> UnavailableError:
    """Return the error for a host that the network does not lead to."""
    return UnavailableError(
        f"{server} cannot be reached: {reason}.",
        hint="Check that this computer is online, and whether the server needs a VPN.",
        code=code,
    )


def no_answer(server: str, *, limit_s: float, code: str = "") -> UnavailableError:
    """Return the error for a host that takes no notice of us."""
    return UnavailableError(
        f"{server} did not answer within {limit_s:g} seconds.",
        hint="Check host and port, that the server is on, and that no firewall is in between.",
        code=code,
    )


def silent(server: str, *, limit_s: float, code: str = "") -> UnavailableError:
    """Return the error for a port that takes connections and then says nothing."""
    return UnavailableError(
        f"{server} takes the connection, but says nothing within {limit_s:g} seconds.",
        hint="Check the port, and restart the server if it hangs. A container's port can be open "
        "with nothing behind it.",
        code=code,
    )


def hung_up(server: str, *, code: str = "") -> UnavailableError:
    """Return the error for a port that closes each connection."""
    return UnavailableError(
        f"{server} closes the connection at once.",
        hint="Check whether it wants TLS (RIVA_SSL=true) or a client certificate, and that the "
        "recogniser behind the port runs.",
        code=code,
    )


def not_grpc(server: str, *, spoken: str = "", code: str = "") -> ProtocolError:
    """Return the error for a port that speaks something else, such as HTTP."""
    what = f"answers in {spoken}, not in gRPC" if spoken else "answers, but does not speak gRPC"
    return ProtocolError(f"{server} {what}.", hint=_GRPC_PORT, code=code)


def proxy_refusal(status: str, server: str, *, code: str = "") -> CaptionerError:
    """Return the error for a proxy that answers a request to connect with HTTP ``status``."""
    if status == _PROXY_WANTS_LOGIN:
        return CredentialsError(
            f"The proxy on the way to {server} wants a name and a password.",
            hint="Give them in the environment: RIVA_PROXY=http://user:password@proxy:port.",
            code=code,
        )
    return UnavailableError(
        f"The proxy on the way to {server} does not let the connection through ({status}).",
        hint="Check that it may reach this server, or go without it (RIVA_PROXY=none).",
        code=code,
    )


def proxy_unreachable(server: str, proxy: str, *, code: str = "") -> UnavailableError:
    """Return the error for a proxy ("host:port") that is not there."""
    return UnavailableError(
        f"The proxy {proxy} on the way to {server} cannot be reached.",
        hint="Check the proxy's address, or go without it (RIVA_PROXY=none).",
        code=code,
    )


def proxy_silent(server: str, proxy: str, *, code: str = "") -> UnavailableError:
    """Return the error for a proxy that does not answer as one."""
    return UnavailableError(
        f"{proxy}, which is to be the proxy on the way to {server}, does not answer as a proxy.",
        hint="Check the proxy's address, or go without it (RIVA_PROXY=none).",
        code=code,
    )


def wants_tls(server: str, *, code: str = "") -> TlsError:
    """Return the error for an unencrypted connection to a port that wants TLS."""
    return TlsError(
        f"{server} wants an encrypted connection.",
        hint="Turn TLS on for this server (RIVA_SSL=true).",
        code=code,
    )


def not_tls(server: str, *, code: str = "") -> TlsError:
    """Return the error for an encrypted connection to a port without TLS."""
    return TlsError(
        f"{server} answers, but not over TLS.",
        hint="Check the port, or turn TLS off for this server (RIVA_SSL=false).",
        code=code,
    )


def wants_client_certificate(server: str, *, said: str = "", code: str = "") -> CaptionerError:
    """Return the error for a server that ends the handshake of a client without a certificate.

    Most servers give no reason when they do. It is then as likely that the server is just going
    down, so that another try may help.
    """
    hint = (
        "Give the client certificate and its key that you were issued for this server "
        "(RIVA_SSL_CLIENT_CERT and RIVA_SSL_KEY)."
    )
    if said:
        return TlsError(f'{server} wants a client certificate ("{said}").', hint=hint, code=code)
    return UnavailableError(
        f"{server} breaks off after the secure handshake, as servers do that want a client "
        "certificate.",
        hint=hint,
        code=code,
    )


def refuses_client_certificate(
    server: str, path: str, *, said: str = "", until: datetime | None = None, code: str = ""
) -> CaptionerError:
    """Return the error for a server that ends the handshake of a client with a certificate."""
    hint = (
        "Have a new client certificate issued by the authority that the server trusts "
        "(RIVA_SSL_CLIENT_CERT and RIVA_SSL_KEY)."
    )
    if until is not None:
        message = f"{server} refuses the client certificate {path}: it expired on {until:%Y-%m-%d}."
        return TlsError(message, hint=hint, code=code)
    if said:
        message = f'{server} refuses the client certificate {path} ("{said}").'
        return TlsError(message, hint=hint, code=code)
    return UnavailableError(
        f"{server} breaks off after the secure handshake, as servers do that do not accept the "
        f"client certificate; ours is {path}.",
        hint=hint,
        code=code,
    )


def expired(server: str, *, until: datetime | None = None, code: str = "") -> TlsError:
    """Return the error for a server's certificate whose time is over."""
    told = "has expired" if until is None else f"expired on {until:%Y-%m-%d}"
    return TlsError(
        f"The certificate of {server} {told}.",
        hint="Have it renewed on the server. If it is new, check this computer's clock.",
        code=code,
    )


def not_yet_valid(server: str, *, since: datetime | None = None, code: str = "") -> TlsError:
    """Return the error for a server's certificate whose time has not come."""
    told = "is not valid yet" if since is None else f"is valid only from {since:%Y-%m-%d %H:%M} UTC"
    return TlsError(
        f"The certificate of {server} {told}.",
        hint="Check this computer's clock. If it is right, the certificate can be used only then.",
        code=code,
    )


def wrong_host(
    server: str, *, host: str = "", names: tuple[str, ...] = (), code: str = ""
) -> TlsError:
    """Return the error for a certificate that names other hosts."""
    is_for = f"is not for {host}, but for {', '.join(names)}" if names else "is for another host"
    return TlsError(
        f"The certificate of {server} {is_for}.",
        hint="Reach the server by a name that its certificate is for, or have it name this one.",
        code=code,
    )


def unknown_authority(server: str, *, issuer: str = "", code: str = "") -> TlsError:
    """Return the error for a certificate that nobody vouches for whom we trust."""
    signer = f" ({issuer})" if issuer else ""
    return TlsError(
        f"The certificate of {server} is signed by an authority that is not trusted here{signer}.",
        hint="Give the PEM file of that authority (RIVA_SSL_CERT); whoever runs the server has it.",
        code=code,
    )
