"""What a server of ours shows to those who call, and what it expects of them."""

from __future__ import annotations

import ssl
from pathlib import Path

from pydantic import SecretStr

from captioner.core.errors import ConfigurationError, TlsError


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return the TLS of a server. Blocks on files.

    Args:
        certificate: PEM file with the certificate and what leads to its authority.
        key: PEM file with its private key, not encrypted.

    Raises:
        TlsError: A file is missing, unreadable, or the two do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except ssl.SSLError as error:
        raise TlsError(
            f"The certificate {certificate} and the key {key} cannot be used "
            f"together: {error.reason or 'they are not PEM files'}.",
            hint="Both must be PEM files of one pair; the key must not have a password.",
        ) from error
    except OSError as error:
        raise TlsError(
            f"The file {error.filename or certificate} cannot be read: {error.strerror}.",
            hint="Check the paths of the certificate and of its key.",
        ) from error
    return context


def trust_clients(context: ssl.SSLContext, authority: Path) -> None:
    """Have ``context`` ask clients for a certificate of ``authority``, a PEM file. Blocks on it.

    Raises:
        TlsError: It is missing, unreadable, or holds no certificate.
    """
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_verify_locations(cafile=authority)
    except ssl.SSLError as error:
        raise TlsError(
            f"The file {authority} holds no certificate.",
            hint="Give the PEM file of the authority that signs your clients' certificates.",
        ) from error
    except OSError as error:
        raise TlsError(
            f"The file {authority} cannot be read: {error.strerror}.",
            hint="Check the path of the clients' authority.",
        ) from error


def read_token(path: Path) -> SecretStr:
    """Return the token in a file, without the space around it.

    Raises:
        ConfigurationError: There is no such file, it is empty, or it holds several lines.
    """
    try:
        token = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigurationError(
            f"The token file {path} cannot be read: {reason}.", hint="Check --token-file."
        ) from error
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigurationError(
            f"The token file {path} must hold one token: a single line of ASCII without spaces.",
            hint="Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
        )
    return SecretStr(token)


def _no_password() -> str:
    # Without this, OpenSSL would ask for one on the terminal.
    return ""
