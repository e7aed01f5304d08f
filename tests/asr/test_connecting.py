"""Servers that are not there, are something else, or must be reached securely."""

from __future__ import annotations

import asyncio
import re
import socket
from pathlib import Path

import pytest
import trustme
from pydantic import SecretStr

from captioner.asr.endpoint import Endpoint
from captioner.asr.stream import StreamLimits
from captioner.core.errors import (
    CaptionerError,
    ConfigurationError,
    CredentialsError,
    ProtocolError,
    TlsError,
    UnavailableError,
)
from tests.asr.listening import CHUNK, Listener, feed, recogniser_for
from tests.support.riva_server import RivaServer, ServedStream, final, serve_riva
from tests.support.tcp_server import free_port, serve_tcp

KEY = "the-key"


async def say_hello(stream: ServedStream) -> None:
    await stream.hear_all()
    await stream.say(final("Hello."))


async def outcome(
    endpoint: Endpoint, *, connect_s: float = 5.0, tries: int = 1
) -> list[str] | CaptionerError:
    """Return the finals that come from ``endpoint``, or why there are none."""
    limits = StreamLimits(connect_s=connect_s, response_s=5.0, drain_s=5.0)
    recogniser = recogniser_for(endpoint, limits=limits, max_retries=tries)
    feed(recogniser, 0, CHUNK)
    recogniser.finish()
    async with Listener(recogniser) as listener:
        try:
            await listener.end()
        except CaptionerError as error:
            return error
    return listener.finals


async def test_a_port_where_nothing_listens() -> None:
    error = await outcome(Endpoint("127.0.0.1", free_port()))
    assert isinstance(error, UnavailableError)
    assert "refused" in error.message
    assert "failed to connect to all addresses" not in error.message
    assert error.hint


async def test_a_name_that_does_not_exist_though_it_sounds_like_tls() -> None:
    error = await outcome(Endpoint("tls-handshake.invalid", 50051))
    assert isinstance(error, UnavailableError)
    assert "tls-handshake.invalid" in error.message


async def test_an_http_server() -> None:
    async def http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        await reader.read()

    async with serve_tcp(http) as port:
        error = await outcome(Endpoint("127.0.0.1", port))
    assert isinstance(error, ProtocolError)
    assert "not in gRPC" in error.message
    assert "9000" in error.hint


async def test_something_else_altogether() -> None:
    async def banner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
        await writer.drain()
        await reader.read()

    async with serve_tcp(banner) as port:
        error = await outcome(Endpoint("127.0.0.1", port))
    assert isinstance(error, ProtocolError)


async def test_a_port_that_accepts_and_says_nothing() -> None:
    async def silence(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async with serve_tcp(silence) as port:
        error = await outcome(Endpoint("127.0.0.1", port), connect_s=0.3)
    assert isinstance(error, UnavailableError)
    assert "did not answer within 0.3 seconds" in error.message


async def test_a_port_that_hangs_up() -> None:
    async def hang_up(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    async with serve_tcp(hang_up) as port:
        error = await outcome(Endpoint("127.0.0.1", port))
    assert isinstance(error, UnavailableError)


async def test_a_server_far_away_is_given_time_to_connect(
    authority: trustme.CA, ca_file: str
) -> None:
    """A tenth of a second each way: three round trips before the first word."""

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await asyncio.sleep(0.1)
            writer.write(data)
            await writer.drain()

    async with serve_riva(say_hello, authority=authority) as server:

        async def far(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", server.port)
            try:
                await asyncio.gather(forward(reader, inner_writer), forward(inner_reader, writer))
            finally:
                inner_writer.close()

        async with serve_tcp(far) as port:
            endpoint = Endpoint("localhost", port, tls=True, ca_file=ca_file)
            assert await outcome(endpoint) == ["Hello."]


async def test_tls_with_an_authority_that_is_trusted(authority: trustme.CA, ca_file: str) -> None:
    async with serve_riva(say_hello, authority=authority, token=KEY) as server:
        endpoint = Endpoint(
            "localhost", server.port, tls=True, ca_file=ca_file, token=SecretStr(KEY)
        )
        assert await outcome(endpoint) == ["Hello."]
    assert server.streams[0].metadata["authorization"] == f"Bearer {KEY}"


async def test_tls_with_an_authority_that_is_not(authority: trustme.CA, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    async with serve_riva(say_hello, authority=authority) as server:
        for ca in (str(other), None):
            error = await outcome(Endpoint("localhost", server.port, tls=True, ca_file=ca))
            assert isinstance(error, TlsError), ca
            assert "is not trusted" in error.message
            assert "RIVA_SSL_CERT" in error.hint
    assert server.streams == []


async def test_without_a_ca_file_the_system_s_authorities_are_trusted(
    authority: trustme.CA, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenSSL looks for them where SSL_CERT_FILE says, as for every program."""
    monkeypatch.setenv("SSL_CERT_FILE", ca_file)
    async with serve_riva(say_hello, authority=authority) as server:
        assert isinstance(await outcome(Endpoint("localhost", server.port, tls=True)), list)


async def test_tls_with_a_certificate_for_another_name(authority: trustme.CA, ca_file: str) -> None:
    async with serve_riva(say_hello, authority=authority, certified=["other.example"]) as server:
        error = await outcome(Endpoint("localhost", server.port, tls=True, ca_file=ca_file))
    assert isinstance(error, TlsError)


@pytest.mark.parametrize("content", [b"", b"no certificate", None], ids=["empty", "junk", "absent"])
async def test_a_ca_file_that_is_none(
    authority: trustme.CA, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    async with serve_riva(say_hello, authority=authority) as server:
        error = await outcome(Endpoint("localhost", server.port, tls=True, ca_file=str(path)))
    assert isinstance(error, ConfigurationError | TlsError)
    assert not error.retryable
    assert "RIVA_SSL_CERT" in error.hint


async def test_plaintext_to_a_tls_port_names_tls(authority: trustme.CA) -> None:
    async with serve_riva(say_hello, authority=authority) as server:
        error = await outcome(Endpoint("localhost", server.port))
    assert isinstance(error, TlsError)
    assert "wants an encrypted connection" in error.message
    assert "RIVA_SSL=true" in error.hint


async def test_tls_to_a_plaintext_port_says_so(ca_file: str) -> None:
    async with serve_riva(say_hello) as server:
        error = await outcome(Endpoint("localhost", server.port, tls=True, ca_file=ca_file))
    assert isinstance(error, TlsError)
    assert "not over TLS" in error.message


async def test_a_connection_that_breaks_during_the_handshake_is_tried_again(
    authority: trustme.CA, ca_file: str
) -> None:
    dials = 0

    async with serve_riva(say_hello, authority=authority) as server:

        async def flaky(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal dials
            dials += 1
            if dials <= 2:
                await reader.read(10)
                writer.transport.abort()
                return
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", server.port)
            try:
                await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))
            finally:
                inner_writer.close()

        async with serve_tcp(flaky) as port:
            endpoint = Endpoint("localhost", port, tls=True, ca_file=ca_file)
            assert await outcome(endpoint, tries=10) == ["Hello."]


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass bytes on as they come."""
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def test_a_wrong_key() -> None:
    async with serve_riva(say_hello, token=KEY) as server:
        endpoint = Endpoint("127.0.0.1", server.port, token=SecretStr("wrong"))
        error = await outcome(endpoint)
    assert isinstance(error, CredentialsError)
    assert "wrong" not in str(endpoint)
    assert server.streams == []


async def test_a_key_is_never_sent_unencrypted_over_a_network() -> None:
    """This machine is addressed by a name that does not look like loopback."""
    dials: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        dials.append(await reader.read(1000))

    async with serve_tcp(listen) as port:
        endpoint = Endpoint(socket.gethostname(), port, token=SecretStr("a-secret"))
        for target in (endpoint, Endpoint("192.0.2.1", port, token=SecretStr("a-secret"))):
            error = await outcome(target)
            assert isinstance(error, ConfigurationError)
            assert "a-secret" not in f"{error.message} {error.hint}"
            assert "RIVA_SSL=true" in error.hint
    assert dials == []


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "localhost"])
def test_loopback_may_have_the_key(host: str) -> None:
    endpoint = Endpoint(host, 1, token=SecretStr("k"))
    assert endpoint.metadata() == (("authorization", "Bearer k"),)


@pytest.mark.parametrize(
    "host",
    ["localhost.example.org", "10.0.0.1", "127.0.0.1.nip.io", "::ffff:10.0.0.1", "::"],
)
def test_no_other_host_may_have_the_key_without_tls(host: str) -> None:
    endpoint = Endpoint(host, 1, token=SecretStr("k"))
    with pytest.raises(ConfigurationError):
        endpoint.metadata()
    assert Endpoint(host, 1, token=SecretStr("k"), tls=True).metadata()


def test_no_proxy_may_have_the_key_of_this_machine() -> None:
    key = SecretStr("k")
    with pytest.raises(ConfigurationError):
        Endpoint("localhost", 1, token=key, proxy="http://proxy:3128").metadata()
    assert Endpoint("localhost", 1, token=key, proxy="http://[::1]:3128").metadata()


async def test_a_server_that_may_have_the_key_unencrypted_gets_it() -> None:
    """This machine under an address that does not look like loopback."""
    async with serve_riva(say_hello, token=KEY) as server:
        fields = {"host": "::ffff:127.0.0.1", "port": server.port, "token": SecretStr(KEY)}
        assert isinstance(await outcome(Endpoint(**fields)), ConfigurationError)
        assert server.streams == []
        assert await outcome(Endpoint(**fields, allow_plaintext_key=True)) == ["Hello."]


def test_a_key_pasted_with_its_line_break_is_the_key() -> None:
    endpoint = Endpoint("localhost", 1, token=SecretStr(" k\n"))
    assert endpoint.metadata() == (("authorization", "Bearer k"),)


@pytest.mark.parametrize("key", ["a\nb", "schlüssel", "a\0b"])
def test_a_key_that_cannot_be_sent_is_a_mistake_in_the_settings(key: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape("cannot be sent")):
        Endpoint("localhost", 1, token=SecretStr(key)).metadata()


def test_addresses() -> None:
    assert Endpoint("::1", 5).address == "[::1]:5"
    assert Endpoint("example.org", 5).address == "example.org:5"
    assert Endpoint("example.org", 5).title == "example.org:5"
    assert Endpoint("example.org", 5, name="My server").title == "My server"


async def test_the_server_of_the_tests_refuses_what_a_real_one_would() -> None:
    server = RivaServer(say_hello, token=KEY)
    await server.start()
    try:
        assert isinstance(await outcome(server.endpoint), CredentialsError)
    finally:
        await server.stop()
