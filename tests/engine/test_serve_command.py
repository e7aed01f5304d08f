"""``captioner serve`` as a process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme
from riva.client.proto import riva_asr_pb2, riva_asr_pb2_grpc

from tests.support.program import Program

_LIMIT_S = 30
_TOKEN = "a-token-for-tests"  # noqa: S105 - of a server that lives for one test


class _Child:
    """An engine whose standard input we hold."""

    def __init__(self, program: Program, *arguments: str, **environ: str) -> None:
        self.process = subprocess.Popen(
            program.command("serve", "--port", "0", "--announce", *arguments),
            env=program.environ(**environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1].decode()
        self.announcement: dict[str, Any] = json.loads(line)

    def models(self, **metadata: str) -> list[str]:
        with grpc.insecure_channel(f"127.0.0.1:{self.announcement['port']}") as channel:
            answer = riva_asr_pb2_grpc.RivaSpeechRecognitionStub(
                channel
            ).GetRivaSpeechRecognitionConfig(
                riva_asr_pb2.RivaSpeechRecognitionConfigRequest(),
                metadata=tuple(metadata.items()),
                timeout=_LIMIT_S,
            )
            return [one.model_name for one in answer.model_config]

    def end(self) -> tuple[int, str]:
        """Wait for the end; return the exit code and what else was printed."""
        out, _ = self.process.communicate(timeout=_LIMIT_S)
        return self.process.returncode, out.decode()

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


@pytest.fixture
def children() -> Iterator[list[_Child]]:
    running: list[_Child] = []
    yield running
    for child in running:
        child.kill()


def test_announces_one_line_and_ends_with_its_parent(
    program: Program, children: list[_Child]
) -> None:
    child = _Child(program, "--engine", "mock", "--exit-with-parent", CAPTIONER_TOKEN=_TOKEN)
    children.append(child)
    assert child.announcement == {
        "event": "listening",
        "host": "127.0.0.1",
        "port": child.announcement["port"],
        "tls": False,
        "engine": "mock",
    }
    with pytest.raises(grpc.RpcError) as caught:
        child.models()
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert child.models(authorization=f"Bearer {_TOKEN}") == ["mock-scripted-en"] * 2
    assert child.process.stdin is not None
    child.process.stdin.close()
    child.process.stdin = None
    assert child.end() == (0, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_in_order(
    program: Program, children: list[_Child], number: signal.Signals
) -> None:
    child = _Child(program, "--engine", "mock")
    children.append(child)
    child.process.send_signal(number)
    assert child.end() == (0, "")


def test_token_comes_from_a_file_too(
    program: Program, children: list[_Child], tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(f"{_TOKEN}\n")
    child = _Child(program, "--engine", "mock", "--token-file", str(file))
    children.append(child)
    assert child.models(authorization=f"Bearer {_TOKEN}") == ["mock-scripted-en"] * 2
    log = (program.profile / "logs" / "engine.log").read_text()
    assert _TOKEN not in log


def _refused(program: Program, *arguments: str) -> tuple[int, str]:
    done = program.run("serve", "--port", "0", "--engine", "mock", *arguments, limit_s=_LIMIT_S)
    assert "Traceback" not in done.stderr
    return done.returncode, " ".join(done.stderr.split())


def test_port_in_use_is_told(program: Program) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, said = _refused(program, "--port", str(taken.getsockname()[1]))
    assert code == 7
    assert "is in use by another program" in said
    assert "another --port" in said


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--host", "0.0.0.0"], 3, "without a token"),  # noqa: S104 - refused
        (["--host", "203.0.113.7", "--open-network"], 3, "no address of this computer"),
        (["--host", "no.such.host.invalid", "--open-network"], 3, "no address for the host"),
        (["--tls-cert", "cert.pem"], 3, "a certificate and its key"),
        (["--tls-cert", "none.pem", "--tls-key", "none.pem"], 6, "No such file"),
        (["--tls-client-ca", "ca.pem"], 3, "only over TLS"),
        (["--token-file", "none"], 3, "cannot be read"),
        (["--script", "none.json"], 3, "cannot be read"),
        (["--engine", "moonshine", "--script", "none.json"], 3, "only for the mock"),
    ],
)
def test_what_is_refused(program: Program, arguments: list[str], code: int, words: str) -> None:
    refused, said = _refused(program, *arguments)
    assert words in said
    assert refused == code


def test_certificate_of_another_key_is_told(program: Program, tmp_path: Path) -> None:
    authority = trustme.CA()
    pairs = [authority.issue_cert("localhost") for _ in range(2)]
    pairs[0].cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    pairs[1].private_key_pem.write_to_path(tmp_path / "key.pem")
    (tmp_path / "text.pem").write_text("not a certificate")
    arguments = ("--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem"))
    assert _refused(program, *arguments)[0] == 6
    arguments = ("--tls-cert", str(tmp_path / "text.pem"), "--tls-key", str(tmp_path / "key.pem"))
    assert _refused(program, *arguments)[0] == 6
    pairs[0].private_key_pem.write_to_path(tmp_path / "key.pem")
    arguments = ("--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem"))
    code, said = _refused(program, *arguments, "--tls-client-ca", str(tmp_path / "text.pem"))
    assert code == 6
    assert "text.pem holds no certificate" in said


def test_everything_it_needs_to_listen_beyond_loopback(
    program: Program, children: list[_Child], tmp_path: Path
) -> None:
    pair = trustme.CA().issue_cert("localhost")
    pair.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    pair.private_key_pem.write_to_path(tmp_path / "key.pem")
    child = _Child(
        program,
        *("--engine", "mock", "--host", "0.0.0.0"),  # noqa: S104 - with token and TLS
        *("--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem")),
        CAPTIONER_TOKEN=_TOKEN,
    )
    children.append(child)
    assert child.announcement["tls"] is True


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="reads the process table of Linux")  # noqa: PTH112 - a mount
def test_token_is_not_in_the_arguments(program: Program, children: list[_Child]) -> None:
    child = _Child(program, "--engine", "mock", CAPTIONER_TOKEN=_TOKEN)
    children.append(child)
    arguments = Path(f"/proc/{child.process.pid}/cmdline").read_bytes()
    assert _TOKEN.encode() not in arguments
