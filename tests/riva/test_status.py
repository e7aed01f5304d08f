"""Status codes and their details as errors. The details are gRPC's own, as they were met."""

from __future__ import annotations

import grpc
import pytest

from captioner.core.errors import (
    CaptionerError,
    CredentialsError,
    OverloadedError,
    ProtocolError,
    RequestError,
    TlsError,
    UnavailableError,
)
from captioner.riva.status import error_from_status

Code = grpc.StatusCode
DIALLING = "failed to connect to all addresses; last error: "
ALL_FAIL = "connections to all backends failing; last error: "


@pytest.mark.parametrize("code", [code for code in Code if code is not Code.OK])
def test_every_code_has_an_error_for_people(code: grpc.StatusCode) -> None:
    for details in (None, "", "some details"):
        error = error_from_status(code, details, server="riva.example:50051")
        assert "riva.example:50051" in error.message
        assert error.message.endswith((details or code.name, "."))
        assert error.hint
        assert error.code == code.name
        assert error.as_record()["retryable"] is error.retryable


@pytest.mark.parametrize(
    ("code", "details", "expected", "said"),
    [
        (
            Code.UNAVAILABLE,
            DIALLING + "UNKNOWN: ipv4:127.0.0.1:1: Failed to connect to remote host: "
            "Connection refused",
            UnavailableError,
            "Nothing listens at the server: the connection is refused",
        ),
        (
            Code.UNAVAILABLE,
            (
                "errors resolving tls-server.invalid:1: [field:hostname lookup error:address "
                "lookup failed for tls-server.invalid:1: Domain name not found]"
            ),
            UnavailableError,
            "the name tls-server.invalid is not known",
        ),
        (
            Code.UNAVAILABLE,
            DIALLING + "UNAVAILABLE: ipv4:127.0.0.1:5: Handshake read failed (Socket closed)",
            UnavailableError,
            "closes the connection",
        ),
        (
            Code.UNAVAILABLE,
            ALL_FAIL + "UNAVAILABLE: ipv4:127.0.0.1:5: Handshake read failed (Socket closed)",
            UnavailableError,
            "closes the connection",
        ),
        (
            Code.UNAVAILABLE,
            ALL_FAIL + "UNKNOWN: ipv4:127.0.0.1:5: HTTP proxy returned response code 407",
            CredentialsError,
            "wants a name and a password",
        ),
        (
            Code.UNAVAILABLE,
            DIALLING + "UNKNOWN: ipv4:127.0.0.1:5: HTTP proxy returned response code 503",
            UnavailableError,
            "does not let the connection through (503)",
        ),
        (Code.UNAVAILABLE, "Socket closed", UnavailableError, "failed: Socket closed"),
        (
            Code.UNAVAILABLE,
            DIALLING + "UNKNOWN: ipv4:127.0.0.1:5: Tls handshake failed (TSI_PROTOCOL_FAILURE): "
            "SSL_ERROR_SSL: error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED"
            ": unable to get local issuer certificate: OK",
            TlsError,
            "is not trusted",
        ),
        (
            Code.UNAVAILABLE,
            DIALLING + "UNKNOWN: ipv4:127.0.0.1:5: Custom verification check failed with error: "
            "UNAUTHENTICATED: Hostname Verification Check failed.",
            TlsError,
            "is for another host",
        ),
        (
            Code.UNAVAILABLE,
            DIALLING + "UNKNOWN: ipv4:127.0.0.1:5: Tls handshake failed (TSI_PROTOCOL_FAILURE): "
            "SSL_ERROR_SSL: error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED"
            ": certificate has expired: OK",
            TlsError,
            "has expired",
        ),
        (
            Code.UNAVAILABLE,
            DIALLING + "UNKNOWN: ipv4:127.0.0.1:5: Tls handshake failed (TSI_PROTOCOL_FAILURE): "
            "SSL_ERROR_SSL: error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED"
            ": certificate is not yet valid: OK",
            TlsError,
            "is not valid yet",
        ),
        (
            Code.UNAVAILABLE,
            DIALLING + "UNKNOWN: ipv4:127.0.0.1:5: Tls handshake failed (TSI_PROTOCOL_FAILURE): "
            "SSL_ERROR_SSL: error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER: "
            "Invalid certificate verification context: OK",
            TlsError,
            "not over TLS",
        ),
        (
            Code.UNAVAILABLE,
            DIALLING + "UNKNOWN: ipv4:127.0.0.1:5: Cannot check peer: missing selected ALPN "
            "property.",
            ProtocolError,
            "does not speak gRPC",
        ),
        (Code.DEADLINE_EXCEEDED, "Deadline Exceeded", UnavailableError, "did not answer in time"),
        (
            Code.UNAVAILABLE,
            DIALLING + "UNKNOWN: ipv4:127.0.0.1:5: Tls handshake failed (TSI_PROTOCOL_FAILURE): "
            "SSL_ERROR_SSL: error:10000410:SSL routines:OPENSSL_internal:"
            "SSLV3_ALERT_HANDSHAKE_FAILURE: Invalid certificate verification context: OK",
            TlsError,
            "The secure handshake with the server failed: handshake failure.",
        ),
        (
            Code.UNAVAILABLE,
            DIALLING + "UNKNOWN: ipv4:127.0.0.1:5: Tls handshake failed (TSI_PROTOCOL_FAILURE): "
            "SSL_ERROR_ZERO_RETURN: error:00000000:invalid library (0):OPENSSL_internal:invalid "
            "library (0): Invalid certificate verification context: OK",
            TlsError,
            "failed: the server's answer makes no sense.",
        ),
        (
            Code.UNAVAILABLE,
            DIALLING + "UNKNOWN: ipv4:127.0.0.1:5: Failed to create security handshaker.",
            TlsError,
            "can be prepared",
        ),
        (
            Code.UNAVAILABLE,
            DIALLING + "INTERNAL: ipv4:127.0.0.1:9000: Failed parsing HTTP/2 (Expected SETTINGS "
            "frame as the first frame, got frame type 80) (Trying to connect an http1.x server "
            "(HTTP status 400))",
            ProtocolError,
            "does not speak gRPC",
        ),
        (
            Code.INVALID_ARGUMENT,
            (
                "Unavailable model requested given these parameters: language_code=xx; "
                "sample_rate=16000; type=online"
            ),
            RequestError,
            "language_code=xx",
        ),
        (Code.UNKNOWN, "TRTIS response timeout", UnavailableError, "TRTIS response timeout"),
        (Code.PERMISSION_DENIED, "no", CredentialsError, "refused the key"),
        (Code.UNIMPLEMENTED, "Method not found!", ProtocolError, "no Riva speech recogniser"),
        (Code.RESOURCE_EXHAUSTED, "", OverloadedError, "no room"),
        (Code.INTERNAL, "\x1b]0;evil\x07 tail", UnavailableError, "]0;evil tail"),
    ],
)
def test_known_details(
    code: grpc.StatusCode, details: str, expected: type[CaptionerError], said: str
) -> None:
    error = error_from_status(code, details, server="the server")
    assert type(error) is expected
    assert said in error.message
    assert "\x1b" not in error.message
