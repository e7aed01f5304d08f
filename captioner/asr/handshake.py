"""A TLS handshake that is looked at: the certificate, the protocol, and how a client is refused."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from captioner.asr.certificates import load_client_certificate
from captioner.asr.dial import Streams, dialled
from captioner.asr.endpoint import Endpoint
from captioner.asr.x509 import Certificate, certificate_from_der
from captioner.riva import connecting

TLS_RECORDS: Final = (b"\x15\x03", b"\x16\x03")
"""How an alert and a handshake begin on the wire."""

_PIECE: Final = 16 * 1024
_LAST_WORD_S: Final = 0.5
_ALERT: Final = "_ALERT_"

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Handshake:
    """A TLS handshake that the other side took part in.

    Attributes:
        certificate: What the server showed; None where it broke off before.
        speaks_http2: Whether it agreed to HTTP/2, which gRPC needs.
        is_refused: Whether the server broke off during the handshake or right after it, as it does
            to clients whose certificate it misses or does not like.
        complaint: The reason that it gave for that, such as "certificate required"; many give none.
    """

    certificate: Certificate | None = None
    speaks_http2: bool = False
    is_refused: bool = False
    complaint: str = ""


async def shake_hands(endpoint: Endpoint, *, limit_s: float) -> Handshake | None:
    """Make a TLS handshake and listen for a moment: TLS 1.3 refuses clients after it.

    No certificate is verified: a bad one is just what is looked at, and nothing is sent.

    Returns:
        What was seen; None where that which answers does not speak TLS.

    Raises:
        UnavailableError: There is no connection, or no answer.
        ConfigurationError: The client's certificate and key cannot be used.
    """
    context = await looking_context(endpoint, "h2", "http/1.1")
    async with dialled(endpoint, endpoint.port, limit_s=limit_s) as streams:
        tls = TlsStream(endpoint, streams, context)
        try:
            async with asyncio.timeout(limit_s):
                await tls.shake_hands()
        except TimeoutError as error:
            raise connecting.silent(endpoint.title, limit_s=limit_s) from error
        except ssl.SSLError as error:
            if tls.took_part:
                return Handshake(is_refused=True, complaint=_complaint(error))
            return None
        is_refused, complaint = False, ""
        try:
            async with asyncio.timeout(_LAST_WORD_S):
                is_refused = await tls.read() == b""
        except TimeoutError:
            pass
        except ssl.SSLError as error:
            is_refused, complaint = True, _complaint(error)
        return Handshake(tls.certificate, tls.speaks_http2, is_refused, complaint)


async def looking_context(endpoint: Endpoint, *protocols: str) -> ssl.SSLContext:
    """Return a context that verifies nothing and shows the client's certificate.

    Args:
        endpoint: Whose client certificate.
        protocols: What is offered to speak, by their ALPN names.

    Raises:
        ConfigurationError: The client's certificate and key cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(list(protocols))
    await asyncio.to_thread(load_client_certificate, endpoint, context)
    return context


class TlsStream:
    """TLS over a pair of streams; asyncio's own hides the alert with which a server refuses.

    All that waits raises `ssl.SSLError` for what is no TLS or is refused.

    Attributes:
        took_part: Whether TLS has come back, be it only to refuse.
        speaks_http2: Whether the server has chosen HTTP/2.
        certificate: What the server showed; None where it cannot be read.
    """

    def __init__(self, endpoint: Endpoint, streams: Streams, context: ssl.SSLContext) -> None:
        """Prepare; `shake_hands` begins.

        Args:
            endpoint: For the name of the server.
            streams: The bare connection.
            context: Of `looking_context`.
        """
        self._reader, self._writer = streams
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        name = endpoint.target_name or endpoint.host
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self.took_part = False
        self.speaks_http2 = False
        self.certificate: Certificate | None = None

    async def shake_hands(self) -> None:
        """Make the handshake, and keep what the server showed: OpenSSL forgets it after a fault."""
        await self._drive(self._tls.do_handshake)
        self.speaks_http2 = self._tls.selected_alpn_protocol() == "h2"
        shown = self._tls.getpeercert(binary_form=True)
        if shown is not None:
            # In a thread, because the first one loads the library.
            with contextlib.suppress(ValueError):
                self.certificate = await asyncio.to_thread(certificate_from_der, shown)

    async def read(self) -> bytes:
        """Return the next bytes, none at the end."""
        try:
            return await self._drive(lambda: self._tls.read(_PIECE))
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return b""

    def write(self, data: bytes) -> None:
        """Send ``data``."""
        self._tls.write(data)
        self._writer.write(self._outgoing.read())

    async def _drive(self, step: Callable[[], _T]) -> _T:
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                pass
            finally:
                self._writer.write(self._outgoing.read())
            data = await self._reader.read(_PIECE)
            self.took_part = self.took_part or data.startswith(TLS_RECORDS)
            if data:
                self._incoming.write(data)
            else:
                self._incoming.write_eof()


def _complaint(error: ssl.SSLError) -> str:
    """Return the alert behind ``error`` in words, such as "unknown ca"; empty for another error."""
    reason: str = error.reason or ""
    return reason.partition(_ALERT)[2].replace("_", " ").lower()
