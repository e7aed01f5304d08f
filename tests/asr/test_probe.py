"""What the probes say of a server."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from pydantic import SecretStr

from captioner.asr.endpoint import Endpoint
from captioner.asr.peer import HttpAnswer
from captioner.asr.probe import probe
from captioner.asr.verdict import Findings, judge
from captioner.core.errors import (
    ConfigurationError,
    CredentialsError,
    RequestError,
    TlsError,
    UnavailableError,
)
from captioner.core.health import EndpointHealth, EndpointState, ProbeKind
from captioner.riva.models import ServerModel
from tests.support.riva_server import NOT_SERVING, ServedStream, serve_riva
from tests.support.tcp_server import free_port, http_answer, serve_tcp

STREAMING = ServerModel("parakeet", "en-US")
OFFLINE = ServerModel("parakeet", "en-US", kind="offline")
NIM_READY = http_answer(200, '{"status":"ready"}')
NIM_STARTING = http_answer(503, '{"status":"not ready"}')


async def hear(stream: ServedStream) -> None:
    await stream.hear_all()


async def test_a_server_that_is_ready() -> None:
    async with serve_riva(hear, models=(STREAMING, OFFLINE)) as server:
        endpoint = Endpoint("127.0.0.1", server.port, http_port=None)
        report = await probe(endpoint)
    assert report.state is EndpointState.READY
    assert report.reason == f"127.0.0.1:{server.port} is ready: parakeet (en-US)."
    assert (report.fix, report.error) == ("", None)
    assert report.models == (STREAMING, OFFLINE)
    assert report.streaming_models == (STREAMING,)
    assert report.round_trip_ms is not None
    assert 0 < report.round_trip_ms < 3000
    assert [(each.kind, each.is_good, each.said) for each in report.outcomes] == [
        (ProbeKind.HEALTH, True, "SERVING"),
        (ProbeKind.MODELS, True, "parakeet (en-US)"),
    ]
    assert report.health == EndpointHealth(endpoint.title, EndpointState.READY, report.reason)
    assert server.streams == [], "a probe opens no stream"


async def test_the_http_port_is_asked_last_and_only_where_it_can_tell_something() -> None:
    asked = 0

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await NIM_READY(reader, writer)

    async with serve_riva(hear) as server, serve_tcp(count) as http_port:
        endpoint = Endpoint("127.0.0.1", server.port, http_port=http_port)
        assert (await probe(endpoint)).state is EndpointState.READY
        assert asked == 0
        report = await probe(endpoint, thorough=True)
    assert asked == 1
    assert report.outcomes[-1].kind is ProbeKind.HTTP
    assert (report.outcomes[-1].is_good, report.outcomes[-1].said) == (
        True,
        f"Port {http_port} says ready.",
    )


async def test_a_nim_that_starts_refuses_grpc_and_says_so_over_http() -> None:
    async with serve_tcp(NIM_STARTING) as http_port:
        report = await probe(Endpoint("127.0.0.1", free_port(), http_port=http_port))
    assert report.state is EndpointState.STARTING
    assert "is starting" in report.reason
    assert "first start of a NIM takes up to 30 minutes" in report.fix
    assert not report.is_usable
    assert [each.kind for each in report.outcomes] == [ProbeKind.CONNECTION, ProbeKind.HTTP]


async def test_a_nim_that_starts_with_tls_says_so_over_https(authority: trustme.CA) -> None:
    async with serve_tcp(NIM_STARTING, authority=authority) as http_port:
        report = await probe(Endpoint("127.0.0.1", free_port(), tls=True, http_port=http_port))
    assert report.state is EndpointState.STARTING


async def test_an_unencrypted_http_port_beside_an_encrypted_one_is_asked_too() -> None:
    async with serve_tcp(NIM_STARTING) as http_port:
        report = await probe(Endpoint("127.0.0.1", free_port(), tls=True, http_port=http_port))
    assert report.state is EndpointState.STARTING


async def test_a_server_that_lives_but_is_not_ready_starts() -> None:
    async with serve_tcp(http_answer(200, '{"status":"live"}')) as http_port:
        report = await probe(Endpoint("127.0.0.1", free_port(), http_port=http_port))
    assert report.state is EndpointState.STARTING


async def test_a_nim_that_is_ready_behind_a_grpc_port_that_is_not_published() -> None:
    async with serve_tcp(NIM_READY) as http_port:
        report = await probe(Endpoint("127.0.0.1", free_port(), http_port=http_port))
    assert report.state is EndpointState.DOWN
    assert isinstance(report.error, UnavailableError)
    assert f"HTTP port {http_port} says that it is ready: check the gRPC port" in report.fix


@pytest.mark.parametrize(
    "talk",
    [http_answer(404), http_answer(200, "hello"), http_answer(200, "[]"), http_answer(200, "{}")],
)
async def test_any_other_http_server_there_changes_nothing(talk: object) -> None:
    async with serve_tcp(talk) as http_port:  # type: ignore[arg-type]  # a parameter
        report = await probe(Endpoint("127.0.0.1", free_port(), http_port=http_port))
    assert report.state is EndpointState.DOWN
    assert "refused" in report.reason
    assert report.outcomes[-1].is_good is None


async def test_a_health_service_that_does_not_serve_yet() -> None:
    async with serve_riva(hear, status=NOT_SERVING) as server:
        report = await probe(Endpoint("127.0.0.1", server.port, http_port=None))
    assert report.state is EndpointState.STARTING
    assert "not ready to serve" in report.reason
    assert report.fix


async def test_a_server_without_a_health_service_is_judged_by_its_models() -> None:
    async with serve_riva(hear, status=None) as server:
        report = await probe(Endpoint("127.0.0.1", server.port, http_port=None))
        assert report.state is EndpointState.READY
        assert report.outcomes[0].is_good is None
        assert "no health service (UNIMPLEMENTED)" in report.outcomes[0].said
        assert report.round_trip_ms is not None
        server.models = ()
        report = await probe(Endpoint("127.0.0.1", server.port, http_port=None))
    assert report.state is EndpointState.STARTING
    assert "no model loaded" in report.reason


async def test_a_hosted_function_that_tells_nothing_of_itself() -> None:
    async with serve_riva(hear, status=None, models=None) as server:
        hosted = Endpoint("127.0.0.1", server.port, function_id="f", http_port=None)
        report = await probe(hosted, thorough=True)
        assert report.state is EndpointState.UNKNOWN
        assert "tells nothing of itself" in report.reason
        assert report.is_usable
        other = await probe(Endpoint("127.0.0.1", server.port, http_port=None))
    assert other.state is EndpointState.DOWN
    assert "is no Riva speech recogniser" in other.reason


async def test_a_server_for_whole_recordings_only() -> None:
    async with serve_riva(hear, models=(OFFLINE,)) as server:
        report = await probe(Endpoint("127.0.0.1", server.port, http_port=None))
    assert report.state is EndpointState.DOWN
    assert isinstance(report.error, RequestError)
    assert "models for whole recordings only: parakeet (en-US)" in report.reason
    assert "mode=str in NIM_TAGS_SELECTOR" in report.fix


async def test_the_certificate_is_read_also_where_it_is_the_fault(
    authority: trustme.CA, ca_file: str
) -> None:
    end = datetime.now(UTC) + timedelta(days=10, hours=1)
    begin = datetime.now(UTC) - timedelta(days=1)
    async with serve_riva(hear, authority=authority, validity=(begin, end)) as server:
        endpoint = Endpoint("127.0.0.1", server.port, tls=True, ca_file=ca_file, http_port=None)
        report = await probe(endpoint, thorough=True)
        assert report.state is EndpointState.READY
        assert report.certificate is not None
        assert report.certificate.days_left == 10
        assert report.certificate.names == ("localhost", "127.0.0.1")
        assert (await probe(endpoint)).certificate is None
    ended = (begin - timedelta(days=5), begin)
    async with serve_riva(hear, authority=authority, validity=ended) as server:
        endpoint = Endpoint("127.0.0.1", server.port, tls=True, ca_file=ca_file, http_port=None)
        report = await probe(endpoint, thorough=True)
    assert isinstance(report.error, TlsError)
    assert report.certificate is not None
    assert report.certificate.days_left == -2


async def test_a_wrong_key_is_a_verdict() -> None:
    async with serve_riva(hear, token="right") as server:  # noqa: S106 - of the test alone
        report = await probe(
            Endpoint("127.0.0.1", server.port, token=SecretStr("wrong"), http_port=None)
        )
    assert isinstance(report.error, CredentialsError)
    assert report.outcomes[-1].kind is ProbeKind.KEY


async def test_settings_that_cannot_work_are_a_verdict() -> None:
    unreadable = Endpoint("localhost", 1, tls=True, ca_file="/nonexistent.pem", http_port=None)
    unsent = Endpoint("192.0.2.1", 1, token=SecretStr("k"), http_port=None)
    for endpoint in (unreadable, unsent):
        report = await probe(endpoint, limit_s=0.5)
        assert isinstance(report.error, ConfigurationError), endpoint
        assert report.state is EndpointState.DOWN
        assert report.fix


async def test_a_server_that_never_answers() -> None:
    async def silence(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async with serve_tcp(silence) as port:
        report = await probe(Endpoint("127.0.0.1", port, http_port=port), limit_s=0.2)
    assert report.state is EndpointState.DOWN
    assert "takes the connection, but says nothing" in report.reason
    assert report.outcomes[-1].kind is ProbeKind.HTTP
    assert report.outcomes[-1].is_good is None


def test_a_slow_server_is_degraded() -> None:
    found = Findings(is_connected=True, models=(STREAMING,), round_trip_ms=3200.0)
    report = judge(found, Endpoint("riva.example.org", 50051))
    assert report.state is EndpointState.DEGRADED
    assert "takes 3.2 s for a small call" in report.reason
    assert report.fix
    assert report.is_usable
    assert judge(Findings(models=(STREAMING,), round_trip_ms=3000.0), report.endpoint).state is (
        EndpointState.READY
    )


def test_a_server_that_is_ready_without_any_model_is_down() -> None:
    found = Findings(is_connected=True, serves=True, models=(), http=HttpAnswer(200, "ready"))
    report = judge(found, Endpoint("riva.example.org", 50051))
    assert report.state is EndpointState.DOWN
    assert "has no speech model" in report.reason


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\0" * 64,
        b"\x16\x03\x03\xff\xff" + b"\xff" * 64,
        b"\x15\x03\x03\0\x02\x02\x28",
        b"\x15\x03\x01\0\x02\x01\0" + b"x" * 40,
        b"HTTP/1.1",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n{" + b'"a":' * 60_000,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 60_000,
        b'HTTP/1.1 200 OK\r\n\r\n{"status": ["ready"]}',
        b"\0\0\0\x04\0\0\0\0\0" + b"\xff" * 64,
        "Schlüssel".encode("utf-16"),
    ],
)
async def test_whatever_a_server_says_is_reported_and_never_raised(
    said: bytes,
    encrypted: bool,  # noqa: FBT001 - pytest passes it by name
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()
        await reader.read(-1)

    async with serve_tcp(talk) as port:
        endpoint = Endpoint("127.0.0.1", port, tls=encrypted, http_port=port)
        report = await probe(endpoint, limit_s=0.2, thorough=True)
    assert report.state is EndpointState.DOWN
    assert report.reason.endswith(".")
    assert report.fix
