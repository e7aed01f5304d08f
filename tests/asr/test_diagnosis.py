"""Connections that do not work: the sentence names the cause, the hint what to do."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme
from pydantic import SecretStr

from captioner.asr.diagnosis import explain
from captioner.asr.endpoint import Endpoint
from captioner.asr.probe import probe
from captioner.core.errors import (
    CaptionerError,
    ConfigurationError,
    CredentialsError,
    ProtocolError,
    RequestError,
    TlsError,
    UnavailableError,
)
from captioner.core.health import EndpointState
from captioner.riva.models import ServerModel
from captioner.riva.options import RecognitionOptions
from tests.support.connect_proxy import running_proxy
from tests.support.riva_server import RivaServer, ServedStream, serve_riva
from tests.support.tcp_server import black_hole, free_port, http_answer, serve_tcp

LIMIT_S = 5.0
DAY = timedelta(days=1)
KEY = "the-key"


async def hear(stream: ServedStream) -> None:
    await stream.hear_all()


@asynccontextmanager
async def secure(authority: trustme.CA, **options: Any) -> AsyncIterator[RivaServer]:  # noqa: ANN401 - those of `RivaServer`
    async with serve_riva(hear, authority=authority, **options) as server:
        yield server


async def down(endpoint: Endpoint, *, limit_s: float = LIMIT_S) -> CaptionerError:
    """Probe a server that cannot be used and return why."""
    report = await probe(endpoint, limit_s=limit_s)
    assert report.state is EndpointState.DOWN, report
    assert report.error is not None
    assert (report.reason, report.fix) == (report.error.message, report.error.hint)
    assert report.fix
    assert not report.is_usable
    assert endpoint.title in report.reason
    return report.error


def tls(server: RivaServer, ca_file: str | None, **fields: Any) -> Endpoint:  # noqa: ANN401 - those of `Endpoint`
    return Endpoint("127.0.0.1", server.port, tls=True, ca_file=ca_file, http_port=None, **fields)


def plain(port: int, **fields: Any) -> Endpoint:  # noqa: ANN401 - those of `Endpoint`
    return Endpoint("127.0.0.1", port, http_port=None, **fields)


@pytest.mark.parametrize("encrypted", [False, True])
async def test_refused(encrypted: bool) -> None:  # noqa: FBT001 - pytest passes it by name
    error = await down(plain(free_port(), tls=encrypted))
    assert isinstance(error, UnavailableError)
    assert "the connection is refused" in error.message
    assert "port" in error.hint
    assert "30 minutes" in error.hint


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_name_that_nobody_knows(encrypted: bool) -> None:  # noqa: FBT001 - see above
    error = await down(Endpoint("riva.invalid", 50051, tls=encrypted, http_port=None))
    assert isinstance(error, UnavailableError)
    assert "the name riva.invalid is not known" in error.message
    assert "spelling" in error.hint


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_port_that_takes_the_connection_and_says_nothing(encrypted: bool) -> None:  # noqa: FBT001 - see above
    async def silence(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async with serve_tcp(silence) as port:
        endpoint = plain(port, tls=encrypted)
        first = UnavailableError("No answer.", code="UNAVAILABLE")
        error = await explain(endpoint, first, limit_s=0.2)
    assert isinstance(error, UnavailableError)
    assert "takes the connection, but says nothing within 0.2 seconds" in error.message
    assert "restart the server" in error.hint


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_host_that_takes_no_notice(encrypted: bool) -> None:  # noqa: FBT001 - see above
    with black_hole() as port:
        error = await down(plain(port, tls=encrypted), limit_s=0.3)
    assert isinstance(error, UnavailableError)
    assert "did not answer within 0.3 seconds" in error.message
    assert "firewall" in error.hint


async def test_a_port_that_hangs_up() -> None:
    async def hang_up(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    async with serve_tcp(hang_up) as port:
        for encrypted in (False, True):
            error = await down(plain(port, tls=encrypted))
            assert isinstance(error, UnavailableError)
            assert "closes the connection at once" in error.message
            assert error.retryable


@pytest.mark.parametrize("encrypted", [False, True])
async def test_the_http_port(encrypted: bool) -> None:  # noqa: FBT001 - see above
    async with serve_tcp(http_answer(404)) as port:
        error = await down(plain(port, tls=encrypted))
    assert isinstance(error, ProtocolError)
    assert "answers in HTTP, not in gRPC" in error.message
    assert "Set the gRPC port (RIVA_PORT): 50051" in error.hint
    assert "9000 is the HTTP port" in error.hint


@pytest.mark.parametrize("encrypted", [False, True])
async def test_the_http_port_of_a_server_with_tls(
    authority: trustme.CA,
    ca_file: str,
    encrypted: bool,  # noqa: FBT001 - see above
) -> None:
    async with serve_tcp(http_answer(404), authority=authority) as port:
        error = await down(plain(port, tls=encrypted, ca_file=ca_file))
    assert isinstance(error, ProtocolError)
    assert "answers in HTTPS, not in gRPC" in error.message
    assert "RIVA_PORT" in error.hint


@pytest.mark.parametrize("encrypted", [False, True])
async def test_random_bytes(encrypted: bool) -> None:  # noqa: FBT001 - see above
    async def noise(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(bytes((n * 89 + 37) % 256 for n in range(400)))
        await writer.drain()
        await reader.read(-1)

    async with serve_tcp(noise) as port:
        error = await down(plain(port, tls=encrypted))
    assert isinstance(error, ProtocolError)
    assert "not in gRPC" in error.message
    assert "RIVA_PORT" in error.hint


async def test_plaintext_to_a_tls_port(authority: trustme.CA) -> None:
    async with secure(authority) as server:
        error = await down(plain(server.port))
    assert isinstance(error, TlsError)
    assert "wants an encrypted connection" in error.message
    assert "RIVA_SSL=true" in error.hint


async def test_tls_to_a_plaintext_port(ca_file: str) -> None:
    async with serve_riva(hear) as server:
        error = await down(tls(server, ca_file))
    assert isinstance(error, TlsError)
    assert "not over TLS" in error.message
    assert "RIVA_SSL=false" in error.hint


async def test_an_authority_that_is_not_trusted(authority: trustme.CA, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    async with secure(authority) as server:
        for ca in (str(other), None):
            error = await down(tls(server, ca))
            assert isinstance(error, TlsError)
            assert "an authority that is not trusted here (" in error.message
            assert "trustme" in error.message, "the authority is named"
            assert "RIVA_SSL_CERT" in error.hint


async def test_an_expired_certificate(authority: trustme.CA, ca_file: str) -> None:
    end = datetime.now(UTC) - DAY
    async with secure(authority, validity=(end - DAY, end)) as server:
        error = await down(tls(server, ca_file))
    assert isinstance(error, TlsError)
    assert f"expired on {end:%Y-%m-%d}" in error.message
    assert "renewed" in error.hint
    assert "clock" in error.hint


async def test_a_certificate_that_is_not_valid_yet(authority: trustme.CA, ca_file: str) -> None:
    begin = datetime.now(UTC) + DAY
    async with secure(authority, validity=(begin, begin + DAY)) as server:
        error = await down(tls(server, ca_file))
    assert isinstance(error, TlsError)
    assert f"valid only from {begin:%Y-%m-%d %H:%M} UTC" in error.message
    assert "clock" in error.hint


async def test_a_certificate_for_another_host(authority: trustme.CA, ca_file: str) -> None:
    names = ["riva.example.org", "10.1.2.3"]
    async with secure(authority, certified=names) as server:
        error = await down(tls(server, ca_file))
    assert isinstance(error, TlsError)
    assert "is not for 127.0.0.1, but for riva.example.org, 10.1.2.3" in error.message
    assert "Reach the server by a name" in error.hint


async def test_a_missing_client_certificate(authority: trustme.CA, ca_file: str) -> None:
    async with secure(authority, wants_client=True) as server:
        error = await down(tls(server, ca_file))
    assert "want a client certificate" in error.message
    assert "RIVA_SSL_CLIENT_CERT and RIVA_SSL_KEY" in error.hint
    assert error.retryable, "gRPC's server gives no reason, so that it may as well be going down"


def client_files(authority: trustme.CA, folder: Path, **dates: datetime) -> dict[str, str]:
    """Write a client's certificate and key; return them as fields of an endpoint."""
    certificate = authority.issue_cert("client.example", **dates)
    chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
    (folder / "client.pem").write_bytes(chain)
    certificate.private_key_pem.write_to_path(folder / "client.key")
    return {
        "client_cert_file": str(folder / "client.pem"),
        "client_key_file": str(folder / "client.key"),
    }


async def test_a_client_certificate_of_another_authority(
    authority: trustme.CA, ca_file: str, tmp_path: Path
) -> None:
    files = client_files(trustme.CA(), tmp_path)
    async with secure(authority, wants_client=True) as server:
        error = await down(tls(server, ca_file, **files))
    assert "do not accept the client certificate" in error.message
    assert str(tmp_path / "client.pem") in error.message
    assert "Have a new client certificate issued" in error.hint


async def test_a_client_certificate_that_has_expired(
    authority: trustme.CA, ca_file: str, tmp_path: Path
) -> None:
    end = datetime.now(UTC) - DAY
    files = client_files(authority, tmp_path, not_before=end - DAY, not_after=end)
    async with secure(authority, wants_client=True) as server:
        error = await down(tls(server, ca_file, **files))
    assert isinstance(error, TlsError)
    assert f"client.pem: it expired on {end:%Y-%m-%d}" in error.message
    assert "Have a new client certificate issued" in error.hint


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("shown", ["none", "of another authority"])
async def test_a_server_that_says_why_it_refuses_the_client(
    authority: trustme.CA, ca_file: str, tmp_path: Path, shown: str, newest: ssl.TLSVersion
) -> None:
    """GRPC's own server closes the connection without the alert; others send it."""
    files = {} if shown == "none" else client_files(trustme.CA(), tmp_path)
    broken_off = UnavailableError("Socket closed.", code="UNAVAILABLE")
    with outspoken_server(authority, newest) as port:
        endpoint = plain(port, tls=True, ca_file=ca_file, **files)
        error = await explain(endpoint, broken_off)
        probed = await down(endpoint)
    assert isinstance(error, TlsError)
    assert (type(probed), probed.message) == (TlsError, error.message)
    if shown == "none":
        assert 'wants a client certificate ("' in error.message
    else:
        assert 'client.pem ("unknown ca")' in error.message
    assert error.code == "UNAVAILABLE"


@contextmanager
def outspoken_server(authority: trustme.CA, newest: ssl.TLSVersion) -> Iterator[int]:
    """Run a server on blocking sockets, which demands client certificates; yield its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = newest
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols(["h2"])
    authority.configure_trust(context)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):  # the listener is shut
            while True:
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):  # the client is refused
                    context.wrap_socket(connection, server_side=True).read(1)

    thread = threading.Thread(target=serve, name="outspoken-server")
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)
        listener.close()


NAME = "speech.invalid"
"""A name that only a proxy of the tests can resolve."""


async def test_a_proxy_that_is_not_there() -> None:
    for proxy in (f"http://127.0.0.1:{free_port()}", "http://proxy.invalid:3128"):
        error = await down(Endpoint(NAME, 50051, proxy=proxy, http_port=None))
        assert isinstance(error, UnavailableError)
        assert f"The proxy {proxy.removeprefix('http://')} on the way to" in error.message
        assert "cannot be reached" in error.message
        assert "RIVA_PROXY=none" in error.hint


async def test_a_proxy_that_is_none() -> None:
    async with serve_riva(hear) as server:
        proxy = f"http://127.0.0.1:{server.port}"
        error = await down(Endpoint(NAME, 50051, proxy=proxy, http_port=None))
    assert "does not answer as a proxy" in error.message
    assert "RIVA_PROXY" in error.hint


async def test_a_proxy_that_refuses_or_wants_a_login() -> None:
    async with running_proxy({}) as proxy:
        error = await down(Endpoint(NAME, 50051, proxy=proxy.url, http_port=None))
        assert "does not let the connection through (502)" in error.message
        assert error.hint
    async with running_proxy({}, login="user:right") as proxy:
        login = SecretStr("user:wrong-one")
        error = await down(
            Endpoint(NAME, 50051, proxy=proxy.url, proxy_credentials=login, http_port=None)
        )
        assert isinstance(error, CredentialsError)
        assert "wants a name and a password" in error.message
        assert "wrong-one" not in f"{error.message} {error.hint}"


async def test_what_is_behind_a_proxy_is_looked_at_through_it(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        secure(authority) as server,
        running_proxy({f"{NAME}:50051": ("127.0.0.1", server.port)}, login="us er:p@ss") as proxy,
    ):
        monkeypatch.setenv("no_proxy", "another.example")
        monkeypatch.setenv("https_proxy", proxy.url.replace("//", "//us%20er:p%40ss@"))
        error = await down(Endpoint(NAME, 50051, http_port=None))
        assert isinstance(error, TlsError)
        assert "wants an encrypted connection" in error.message
        assert set(proxy.logins) == {"us er:p@ss"}
        monkeypatch.setenv("no_proxy", NAME)
        error = await down(Endpoint(NAME, 50051, http_port=None))
        assert f"the name {NAME} is not known" in error.message


async def test_a_key_that_is_not_set_and_one_that_is_wrong() -> None:
    async with serve_riva(hear, token=KEY) as server:
        missing = await down(plain(server.port))
        wrong = await down(plain(server.port, token=SecretStr("a-wrong-one")))
    assert isinstance(missing, CredentialsError)
    assert "wants a key, and none is set" in missing.message
    assert f"`captioner config set-key 127.0.0.1:{server.port}`" in missing.hint
    assert isinstance(wrong, CredentialsError)
    assert "refused the key" in wrong.message
    assert "a-wrong-one" not in f"{wrong.message} {wrong.hint}"


MODELS = (ServerModel("parakeet", "en-US"), ServerModel("canary", "de-DE"))


@pytest.mark.parametrize(
    ("options", "said", "hint"),
    [
        (
            RecognitionOptions(model="conformer"),
            "has no model conformer for streams",
            "It has: parakeet (en-US), canary (de-DE). Set one of these (RIVA_MODEL)",
        ),
        (
            RecognitionOptions(language="fr-FR"),
            "does not recognise the language fr-FR",
            (
                "has: parakeet (en-US), canary (de-DE). Set a language that is listed "
                "(RIVA_LANGUAGE_CODE)"
            ),
        ),
        (
            RecognitionOptions(model="parakeet", language="de-DE"),
            "parakeet does not recognise the language de-DE",
            "canary (de-DE)",
        ),
        (RecognitionOptions(), "the server's own words", "It has: parakeet (en-US)"),
        (None, "the server's own words", "It has: parakeet (en-US)"),
    ],
)
async def test_a_request_that_is_refused_is_answered_with_what_the_server_has(
    options: RecognitionOptions | None, said: str, hint: str
) -> None:
    refused = RequestError("the server's own words", hint="Check.", code="INVALID_ARGUMENT")
    async with serve_riva(hear, models=MODELS) as server:
        error = await explain(server.endpoint, refused, options=options)
    assert isinstance(error, RequestError)
    assert error.code == "INVALID_ARGUMENT"
    assert said in error.message
    assert hint in error.hint


async def test_a_hosted_function_that_is_not_there_names_its_id() -> None:
    refused = RequestError("No function x.", hint="Check the model.", code="NOT_FOUND")
    hosted = Endpoint("riva.invalid", 443, tls=True, function_id="x", http_port=None)
    error = await explain(hosted, refused)
    assert error.message == "No function x."
    assert "RIVA_FUNCTION_ID" in error.hint


async def test_the_error_stays_where_no_look_explains_it() -> None:
    """The server is well, or gone, or has nothing to do with it."""
    code = grpc.StatusCode.UNAVAILABLE.name
    broken_off = UnavailableError("The connection failed: Socket closed.", hint="x", code=code)
    async with serve_riva(hear) as server:
        assert await explain(server.endpoint, broken_off) is broken_off
        ours = ConfigurationError("The settings make no sense.")
        assert await explain(server.endpoint, ours) is ours
    refused = RequestError("No such model.", code="INVALID_ARGUMENT")
    assert await explain(plain(free_port()), refused) is refused


async def test_a_look_at_a_server_with_tls_that_is_well_explains_nothing(
    authority: trustme.CA, ca_file: str
) -> None:
    broken_off = UnavailableError("Socket closed.", code="UNAVAILABLE")
    async with secure(authority) as server:
        assert await explain(tls(server, ca_file), broken_off) is broken_off


async def test_a_certificate_is_not_blamed_for_what_grpc_does_not_blame_it_for(
    authority: trustme.CA, ca_file: str
) -> None:
    other = TlsError("The secure handshake failed: no shared cipher.", code="UNAVAILABLE")
    async with secure(authority) as server:
        assert await explain(tls(server, ca_file), other) is other
