"""Who may connect: by the name that was called, by the page that calls, and by the token."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers

from captioner.core.network import is_loopback

PROTOCOL: Final = "captioner.v1"
"""The WebSocket subprotocol; a client offers it beside its token."""

_TOKEN_PROTOCOL: Final = "token."  # noqa: S105  # what a token stands behind
_BEARER: Final = "Bearer "
_CLIENT_ID: Final = re.compile(r"[\w.-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is answered with an error: its status and a sentence."""

    status: HTTPStatus
    sentence: str


FULL: Final = Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "As many clients as may be are connected.")
NOTHING_HERE: Final = Refusal(HTTPStatus.NOT_FOUND, "There is nothing here. The page is at /.")


@dataclass(frozen=True, slots=True)
class Access:
    """The rules of one server.

    Attributes:
        token: What clients must carry; the page itself needs none.
        scheme: "http" or "https".
        is_local: Whether only this computer can reach the server.
        origins: Pages from elsewhere that may connect, such as "https://overlay.example.org".
    """

    token: SecretStr
    scheme: str
    is_local: bool
    origins: Sequence[str] = ()

    def refuse_request(self, path: str, headers: Headers) -> Refusal | None:
        """Return why nothing may be served to this request, the page included."""
        hosts = headers.get_all("Host")
        if len(hosts) != 1 or (self.is_local and not is_loopback(_name(hosts[0]))):
            # A page from elsewhere whose name was pointed at this computer calls it by that name.
            return Refusal(HTTPStatus.FORBIDDEN, "Call this computer by its own name.")
        if "token" in parse_qs(path.partition("?")[2], keep_blank_values=True):
            return Refusal(
                HTTPStatus.BAD_REQUEST,
                "The token stands in the fragment (#token=...), never in the query: "
                "queries end up in logs.",
            )
        return None

    def refuse_client(self, headers: Headers) -> Refusal | None:
        """Return why this WebSocket is refused."""
        origins = headers.get_all("Origin")
        own = f"{self.scheme}://{headers['Host']}".lower()
        if len(origins) > 1 or any(
            origin.lower() != own and origin not in self.origins for origin in origins
        ):
            return Refusal(HTTPStatus.FORBIDDEN, "Pages from elsewhere may not connect.")
        return self._refuse_without_token(
            headers,
            f"Offer it as WebSocket subprotocol '{_TOKEN_PROTOCOL}<token>' beside '{PROTOCOL}'.",
        )

    def refuse_stranger(self, headers: Headers) -> Refusal | None:
        """Return why this plain request is refused where the token is wanted."""
        return self._refuse_without_token(
            headers, f"Send it in the header 'Authorization: {_BEARER}<token>'."
        )

    def _refuse_without_token(self, headers: Headers, advice: str) -> Refusal | None:
        if any(self._is_token(given) for given in _tokens(headers)):
            return None
        sentence = f"The token is missing or wrong. {advice}"
        return Refusal(HTTPStatus.UNAUTHORIZED, sentence)

    def _is_token(self, given: str) -> bool:
        # A header may have bytes that are no text.
        return hmac.compare_digest(
            given.encode(errors="surrogateescape"), self.token.get_secret_value().encode()
        )


def client_id(connection: ServerConnection) -> str:
    """Return what the client of ``connection`` calls itself; a new name where it has none."""
    request = connection.request
    query = parse_qs("" if request is None else request.path.partition("?")[2])
    wanted = query.get("client_id", [""])[0]
    return wanted if _CLIENT_ID.fullmatch(wanted) else secrets.token_hex(6)


def _tokens(headers: Headers) -> list[str]:
    offered = [
        each.strip()
        for line in headers.get_all("Sec-WebSocket-Protocol")
        for each in line.split(",")
    ]
    return [
        *(
            each.removeprefix(_TOKEN_PROTOCOL)
            for each in offered
            if each.startswith(_TOKEN_PROTOCOL)
        ),
        *(each.removeprefix(_BEARER) for each in headers.get_all("Authorization")),
    ]


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
