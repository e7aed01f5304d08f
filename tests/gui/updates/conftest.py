"""A real server of HTTPS, on a port of its own, whose authority the program trusts."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import trustme


class Publisher(ThreadingHTTPServer):
    """Answers each path with what `answers` says: status, headers, content.

    Attributes:
        answers: By path.
        connections: How many were begun.
        asked: The headers of each request.
    """

    daemon_threads = True

    def __init__(self, authority: trustme.CA | None) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.connections = 0
        self.asked: list[Message] = []
        self.scheme = "http"
        if authority is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert("127.0.0.1").configure_cert(context)
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
            self.scheme = "https"

    def publish(self, content: object, path: str = "/newest.json") -> str:
        """Serve ``content`` and return its address."""
        text = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.answers[path] = (200, {}, text)
        return self.url(path)

    def redirect(self, path: str, target: str) -> str:
        """Lead from ``path`` to ``target`` and return the address of the former."""
        self.answers[path] = (302, {"Location": target, "Set-Cookie": "who=you"}, b"")
        return self.url(path)

    def url(self, path: str) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_port}{path}"

    def get_request(self) -> tuple[socket.socket, Any]:
        found = super().get_request()
        self.connections += 1
        return found

    def handle_error(self, request: object, client_address: object) -> None:
        """Be quiet about clients that do not trust the certificate."""


class _Answer(BaseHTTPRequestHandler):
    server: Publisher

    def do_GET(self) -> None:
        self.server.asked.append(self.headers)
        status, headers, content = self.server.answers.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Print nothing."""


def _serving(server: Publisher) -> Iterator[Publisher]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def publisher(
    authority: trustme.CA, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Publisher]:
    monkeypatch.setenv("SSL_CERT_FILE", ca_file)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield from _serving(Publisher(authority))


@pytest.fixture
def plain_publisher() -> Iterator[Publisher]:
    """The same without encryption."""
    yield from _serving(Publisher(None))


@pytest.fixture
def strange_publisher() -> Iterator[Publisher]:
    """The same with a certificate of an authority that nobody trusts."""
    yield from _serving(Publisher(trustme.CA()))
