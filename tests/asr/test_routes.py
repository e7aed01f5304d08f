"""The way to a server: proxies, several addresses, certificates of both sides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from pydantic import SecretStr
from riva.client.proto import riva_asr_pb2, riva_asr_pb2_grpc

from captioner.asr.channel import open_channel
from captioner.asr.endpoint import Endpoint
from captioner.core.errors import (
    CaptionerError,
    ConfigurationError,
    CredentialsError,
    TlsError,
    UnavailableError,
)
from captioner.core.network import is_address, is_loopback, is_private
from captioner.riva.models import ServerModel
from tests.asr.test_connecting import outcome, say_hello
from tests.support.connect_proxy import running_proxy
from tests.support.riva_server import RivaServer, serve_riva

NAME = "speech.invalid"
"""A name that only a proxy of the tests can resolve."""
TARGET = f"{NAME}:50051"
PROXY_NAMES = ("grpc_proxy", "https_proxy", "http_proxy", "no_grpc_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_proxy_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def hint_of(error: list[str] | CaptionerError) -> str:
    assert isinstance(error, CaptionerError)
    return error.hint


async def test_a_proxy_of_the_settings() -> None:
    async with (
        serve_riva(say_hello) as server,
        running_proxy({TARGET: ("127.0.0.1", server.port)}) as proxy,
    ):
        assert await outcome(Endpoint(NAME, 50051, proxy=proxy.url)) == ["Hello."]
        assert proxy.asked == [TARGET]
        assert proxy.logins == [None]


async def test_tls_goes_through_a_proxy_from_end_to_end(
    authority: trustme.CA, ca_file: str
) -> None:
    async with (
        serve_riva(say_hello, authority=authority, certified=[NAME]) as server,
        running_proxy({TARGET: ("127.0.0.1", server.port)}) as proxy,
    ):
        endpoint = Endpoint(NAME, 50051, tls=True, ca_file=ca_file, proxy=proxy.url)
        assert await outcome(endpoint) == ["Hello."]
        assert proxy.asked == [TARGET]


@pytest.mark.parametrize("login", ["user:password", "us@er:p:a/ss %40", "user:"])
async def test_a_proxy_that_wants_a_login(login: str) -> None:
    async with (
        serve_riva(say_hello) as server,
        running_proxy({TARGET: ("127.0.0.1", server.port)}, login=login) as proxy,
    ):
        endpoint = Endpoint(NAME, 50051, proxy=proxy.url, proxy_credentials=SecretStr(login))
        assert await outcome(endpoint) == ["Hello."]
        assert proxy.logins == [login]


async def test_a_wrong_login_for_the_proxy_names_the_fix() -> None:
    async with running_proxy({}, login="user:right") as proxy:
        endpoint = Endpoint(
            NAME, 50051, proxy=proxy.url, proxy_credentials=SecretStr("user:wrong-one")
        )
        for each in (endpoint, Endpoint(NAME, 50051, proxy=proxy.url)):
            error = await outcome(each)
            assert isinstance(error, CredentialsError)
            assert "proxy" in error.message
            assert "RIVA_PROXY" in error.hint
            assert "wrong-one" not in f"{error.message} {error.hint} {each}"


async def test_a_proxy_that_lets_nothing_through_is_named() -> None:
    async with running_proxy({}) as proxy:
        error = await outcome(Endpoint(NAME, 50051, proxy=proxy.url))
    assert isinstance(error, UnavailableError)
    assert "does not let the connection through (502)" in error.message


@pytest.mark.parametrize("variable", ["https_proxy", "http_proxy"])
async def test_the_proxy_of_the_system(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with (
        serve_riva(say_hello) as server,
        running_proxy({TARGET: ("127.0.0.1", server.port)}) as proxy,
    ):
        monkeypatch.setenv(variable, proxy.url)
        assert await outcome(Endpoint(NAME, 50051)) == ["Hello."]
        assert proxy.asked == [TARGET]
        monkeypatch.setenv("no_proxy", NAME)
        assert "is not known" in str(await outcome(Endpoint(NAME, 50051)))
        assert proxy.asked == [TARGET]


async def test_without_a_proxy_and_on_this_machine_no_proxy_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serve_riva(say_hello) as server, running_proxy({}) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        error = await outcome(Endpoint(NAME, 50051, proxy="none"))
        assert "is not known" in str(error)
        assert await outcome(Endpoint("127.0.0.1", server.port)) == ["Hello."]
        assert await outcome(Endpoint("localhost", server.port)) == ["Hello."]
        assert proxy.asked == []


async def test_streams_are_spread_over_the_addresses_of_a_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two servers, as a resolver hands them out for one name: the target names both addresses."""
    first = RivaServer(say_hello, models=[ServerModel("first")])
    second = RivaServer(say_hello, models=[ServerModel("second")])
    await first.start()
    second.port, second.address = first.port, "127.0.0.2"
    await second.start()
    target = f"ipv4:127.0.0.1:{first.port},127.0.0.2:{first.port}"
    monkeypatch.setattr(Endpoint, "address", target)
    try:
        async with open_channel(Endpoint(NAME, first.port)) as channel, asyncio.timeout(20):
            asked = []
            while len(set(asked[-4:])) < 2:  # the second connection may come a moment later
                asked.append(await model_at(channel))
            assert [await model_at(channel) for _ in range(6)].count("first") == 3
        await first.stop()
        assert await outcome(Endpoint(NAME, second.port)) == ["Hello."]
        assert len(second.streams) == 1
    finally:
        await first.stop()
        await second.stop()


async def model_at(channel: grpc.aio.Channel) -> str:
    stub = riva_asr_pb2_grpc.RivaSpeechRecognitionStub(channel)
    answer = await stub.GetRivaSpeechRecognitionConfig(
        riva_asr_pb2.RivaSpeechRecognitionConfigRequest()
    )
    return str(answer.model_config[0].model_name)


async def test_a_certificate_for_another_name_can_be_accepted_by_that_name(
    authority: trustme.CA, ca_file: str
) -> None:
    async with serve_riva(say_hello, authority=authority, certified=["other.example"]) as server:
        endpoint = Endpoint(
            "localhost", server.port, tls=True, ca_file=ca_file, target_name="other.example"
        )
        assert await outcome(endpoint) == ["Hello."]
        endpoint = Endpoint(
            "localhost", server.port, tls=True, ca_file=ca_file, target_name="third.example"
        )
        assert isinstance(await outcome(endpoint), TlsError)


class ClientFiles:
    """Certificate and key of a client, in files."""

    def __init__(self, authority: trustme.CA, folder: Path) -> None:
        issued = authority.issue_cert("captioner.example")
        self.certificate = folder / "client.pem"
        self.key = folder / "client.key"
        self.certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        self.key.write_bytes(issued.private_key_pem.bytes())


@pytest.fixture
def client_files(authority: trustme.CA, tmp_path: Path) -> ClientFiles:
    return ClientFiles(authority, tmp_path)


def mutual(
    server: RivaServer, ca_file: str, certificate: Path | None, key: Path | None
) -> Endpoint:
    return Endpoint(
        "localhost",
        server.port,
        tls=True,
        ca_file=ca_file,
        client_cert_file=None if certificate is None else str(certificate),
        client_key_file=None if key is None else str(key),
    )


async def test_a_server_that_wants_to_know_its_clients(
    authority: trustme.CA, ca_file: str, client_files: ClientFiles, tmp_path: Path
) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes(client_files.certificate.read_bytes() + client_files.key.read_bytes())
    async with serve_riva(say_hello, authority=authority, wants_client=True) as server:
        endpoint = mutual(server, ca_file, client_files.certificate, client_files.key)
        assert await outcome(endpoint) == ["Hello."]
        assert await outcome(mutual(server, ca_file, both, None)) == ["Hello."]
        assert isinstance(await outcome(mutual(server, ca_file, None, None)), CaptionerError)
        assert len(server.streams) == 2


def _missing(files: ClientFiles) -> None:
    files.certificate.unlink()


def _without_key(files: ClientFiles) -> None:
    files.key.unlink()


def _folder(files: ClientFiles) -> None:
    files.key.unlink()
    files.key.mkdir()


def _not_pem(files: ClientFiles) -> None:
    files.certificate.write_bytes(b"\x30\x82\x01\x0a")


def _key_not_pem(files: ClientFiles) -> None:
    files.key.write_text("no key\n", encoding="utf-8")


def _other_key(files: ClientFiles) -> None:
    files.key.write_bytes(trustme.CA().issue_cert("other.example").private_key_pem.bytes())


def _damaged(files: ClientFiles) -> None:
    text = files.certificate.read_text(encoding="utf-8")
    files.certificate.write_text(text[:100] + "!!!!" + text[104:], encoding="utf-8")


def _encrypted(files: ClientFiles) -> None:
    key = serialization.load_pem_private_key(files.key.read_bytes(), None)
    files.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"pass phrase"),
        )
    )


@pytest.mark.parametrize(
    ("spoil", "said", "name"),
    [
        (_missing, "client.pem cannot be read: No such file", "RIVA_SSL_CLIENT_CERT"),
        (_without_key, "client.key cannot be read: No such file", "RIVA_SSL_KEY"),
        (_folder, "client.key cannot be read: Is a directory", "RIVA_SSL_KEY"),
        (_not_pem, "client.pem holds no certificate", "RIVA_SSL_CLIENT_CERT"),
        (_key_not_pem, "client.key holds no key", "RIVA_SSL_KEY"),
        (_other_key, "client.key is not the key of the certificate", "RIVA_SSL_KEY"),
        (_damaged, "client.pem or its key", "RIVA_SSL_CLIENT_CERT"),
        (_encrypted, "client.key is encrypted", "openssl pkey"),
    ],
)
async def test_client_files_that_cannot_be_used_are_named(
    client_files: ClientFiles, spoil: Callable[[ClientFiles], None], said: str, name: str
) -> None:
    spoil(client_files)
    endpoint = Endpoint(
        "localhost",
        1,
        tls=True,
        client_cert_file=str(client_files.certificate),
        client_key_file=str(client_files.key),
    )
    error = await outcome(endpoint)
    assert isinstance(error, ConfigurationError)
    assert said in error.message
    assert name in error.hint


async def test_half_a_pair_is_named(client_files: ClientFiles) -> None:
    key = str(client_files.key)
    error = await outcome(Endpoint("localhost", 1, tls=True, client_key_file=key))
    assert "RIVA_SSL_CLIENT_CERT" in hint_of(error)
    certificate = str(client_files.certificate)
    error = await outcome(Endpoint("localhost", 1, tls=True, client_cert_file=certificate))
    assert "RIVA_SSL_KEY" in hint_of(error)


def test_what_a_host_says_of_the_way() -> None:
    assert all(map(is_loopback, ["localhost", "LOCALHOST", "127.0.0.2", "::1"]))
    assert not any(map(is_loopback, ["localhost.example", "10.0.0.1", "::", "riva"]))
    assert all(map(is_private, ["10.1.2.3", "fd00::1", "riva", "riva.local", "gpu.lan.", "::1"]))
    assert not any(map(is_private, ["8.8.8.8", "grpc.nvcf.nvidia.com", "2606:4700::1"]))
    assert all(map(is_address, ["::1", "10.0.0.1"]))
    assert not is_address("riva.example")
