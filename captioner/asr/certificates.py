"""Certificates and keys for a secure channel, checked before gRPC has them.

gRPC says of a file that it cannot use only that the handshake failed; OpenSSL can say why.
"""

from __future__ import annotations

import ssl
from pathlib import Path

import grpc

from captioner.asr.endpoint import Endpoint
from captioner.core.errors import ConfigurationError


class _KeyIsEncryptedError(Exception):
    pass


def channel_credentials(endpoint: Endpoint) -> grpc.ChannelCredentials:
    """Return what a TLS channel to ``endpoint`` trusts and shows. Blocks on files.

    Raises:
        ConfigurationError: A file is missing or is not what it must be.
    """
    if endpoint.ca_file is None:
        authority = _system_authorities()
    else:
        authority = _read(endpoint.ca_file, "CA file", "RIVA_SSL_CERT")
        _check_authority(endpoint.ca_file)
    certificate, key = _client_certificate(endpoint)
    return grpc.ssl_channel_credentials(
        root_certificates=authority, private_key=key, certificate_chain=certificate
    )


def _system_authorities() -> bytes | None:
    """Return whom the system trusts, as PEM; None where it keeps no list.

    gRPC would trust a list of its own instead, which lacks what an administrator has added.
    """
    found = ssl.create_default_context().get_ca_certs(binary_form=True)
    return "".join(map(ssl.DER_cert_to_PEM_cert, found)).encode() or None


def _client_certificate(endpoint: Endpoint) -> tuple[bytes | None, bytes | None]:
    """Return the certificate that the client shows and its key; one file may hold both."""
    certificate_file = endpoint.client_cert_file
    if certificate_file is None:
        if endpoint.client_key_file is None:
            return None, None
        raise ConfigurationError(
            f"A client key is set for {endpoint.title}, but no client certificate.",
            hint="Give the PEM file of the certificate too (RIVA_SSL_CLIENT_CERT).",
        )
    key_file = endpoint.client_key_file or certificate_file
    certificate = _read(certificate_file, "client certificate", "RIVA_SSL_CLIENT_CERT")
    key = _read(key_file, "client key", "RIVA_SSL_KEY")
    load_client_certificate(endpoint, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    return certificate, key


def _read(path: str, what: str, name: str) -> bytes:
    try:
        return _expanded(path).read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"The {what} {path} cannot be read: {error.strerror}.",
            hint=f"Give the path of a PEM file that you may read ({name}).",
        ) from error


def _check_authority(path: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=_expanded(path))
    except ssl.SSLError as error:
        raise ConfigurationError(
            f"The CA file {path} holds no certificate.",
            hint="Give a PEM file: it has a line '-----BEGIN CERTIFICATE-----' (RIVA_SSL_CERT).",
        ) from error


def load_client_certificate(endpoint: Endpoint, context: ssl.SSLContext) -> None:
    """Have ``context`` show the client certificate of ``endpoint``, if there is one.

    Raises:
        ConfigurationError: The files cannot be used.
    """
    certificate_file = endpoint.client_cert_file
    if certificate_file is None:
        return
    key_file = endpoint.client_key_file or certificate_file

    def refuse() -> str:
        raise _KeyIsEncryptedError

    try:
        context.load_cert_chain(_expanded(certificate_file), _expanded(key_file), password=refuse)
    except _KeyIsEncryptedError as error:
        raise ConfigurationError(
            f"The client key {key_file} is encrypted.",
            hint=f"Decrypt it into a file that only you may read: `openssl pkey -in {key_file} "
            "-out FILE`, and name that one (RIVA_SSL_KEY).",
        ) from error
    except ssl.SSLError as error:
        raise _bad_pair(certificate_file, key_file, error) from error


def _bad_pair(certificate_file: str, key_file: str, error: ssl.SSLError) -> ConfigurationError:
    if error.reason == "KEY_VALUES_MISMATCH":
        return ConfigurationError(
            f"The client key {key_file} is not the key of the certificate {certificate_file}.",
            hint="Name the two files that were made together "
            "(RIVA_SSL_CLIENT_CERT and RIVA_SSL_KEY).",
        )
    if b"-----BEGIN CERTIFICATE-----" not in _expanded(certificate_file).read_bytes():
        return ConfigurationError(
            f"The client certificate {certificate_file} holds no certificate.",
            hint="Give a PEM file: it has a line '-----BEGIN CERTIFICATE-----' "
            "(RIVA_SSL_CLIENT_CERT).",
        )
    if b"PRIVATE KEY-----" not in _expanded(key_file).read_bytes():
        return ConfigurationError(
            f"The client key {key_file} holds no key.",
            hint="Give a PEM file: it has a line with 'BEGIN' and 'PRIVATE KEY' (RIVA_SSL_KEY).",
        )
    return ConfigurationError(
        f"The client certificate {certificate_file} or its key {key_file} is damaged.",
        hint="Copy both files once more (RIVA_SSL_CLIENT_CERT and RIVA_SSL_KEY).",
    )


def _expanded(path: str) -> Path:
    return Path(path).expanduser()
