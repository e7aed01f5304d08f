"""The files of a page, with the headers that keep it to itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from websockets.datastructures import Headers
from websockets.http11 import Response

from captioner.core.errors import UnsupportedError
from captioner.settings.resources import resource
from captioner.web.access import NOTHING_HERE, Refusal

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Page:
    """All files in memory, by path."""

    files: dict[str, tuple[bytes, str]]

    @classmethod
    def read(cls, files: Mapping[str, tuple[str, str]]) -> Page:
        """Read the files. Blocks on the disk.

        Args:
            files: By path, the name of each resource and the type of its content.

        Raises:
            UnsupportedError: They did not come with this installation.
        """
        try:
            return cls(
                {path: (resource(name).read_bytes(), kind) for path, (name, kind) in files.items()}
            )
        except OSError as error:
            raise UnsupportedError(
                f"The page cannot be read: {error.filename}.",
                hint="Install Captioner again.",
            ) from error

    def answer(self, path: str) -> Response:
        """Return the file at ``path``, or that there is none."""
        found = self.files.get(path.partition("?")[0])
        if found is None:
            return refused(NOTHING_HERE)
        body, kind = found
        return response(HTTPStatus.OK, body, kind)


def refused(refusal: Refusal) -> Response:
    """Return the answer that says why."""
    body = f"{refusal.sentence}\n".encode()
    answer = response(refusal.status, body, "text/plain; charset=utf-8")
    if refusal.status is HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"  # an answer of this status must name a way
    return answer


def response(status: HTTPStatus, body: bytes, kind: str) -> Response:
    """Return an answer that is kept nowhere and may load from here alone."""
    headers = Headers(
        {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Content-Security-Policy": _POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
            "Connection": "close",
        }
    )
    return Response(status.value, status.phrase, headers, body)
