"""The file that names the newest version: asked for over HTTPS, and read with care."""

from __future__ import annotations

import re
import ssl
from http.client import HTTPException, HTTPMessage
from typing import IO, Final
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
)

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from captioner.core.errors import ProtocolError, UnavailableError
from captioner.settings.file import reason
from captioner.settings.updates import is_https

_MOST_BYTES: Final = 16_384
_TIMEOUT_S: Final = 10.0
_VERSION: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){0,3}")
_NUMBERS: Final = re.compile(r"[0-9]+(?:\.[0-9]+)*")


class Published(BaseModel):
    """What the file says; whatever else stands in it is left alone.

    Attributes:
        version: The newest version, of up to four numbers.
        page: Where people read about it and get it.
    """

    model_config = ConfigDict(frozen=True, strict=True, hide_input_in_errors=True)

    version: str
    page: str

    @field_validator("version")
    @classmethod
    def _of_numbers(cls, version: str) -> str:
        if not _VERSION.fullmatch(version):
            raise ValueError("it must be numbers such as 1.2.3")
        return version

    @field_validator("page")
    @classmethod
    def _encrypted(cls, page: str) -> str:
        if not is_https(page):
            raise ValueError("it must be an address that begins with https://")
        return page

    def is_newer_than(self, version: str) -> bool:
        """Return whether this is a later version than ``version``."""
        return _numbers(self.version) > _numbers(version)


def ask_published(url: str) -> Published:
    """Return what the file at ``url`` says; blocks. Nothing but the request itself is sent.

    Raises:
        UnavailableError: It cannot be had, or only without encryption.
        ProtocolError: It is not such a file.
    """
    request = Request(url, headers={"User-Agent": "Captioner"})  # noqa: S310  # https, see below
    try:
        with _opener().open(request, timeout=_TIMEOUT_S) as response:
            content = response.read(_MOST_BYTES + 1)
    except (OSError, HTTPException, ValueError) as error:
        raise UnavailableError(
            f"The file that names the newest version cannot be had: {error}."
        ) from error
    if len(content) > _MOST_BYTES:
        raise _not_such_a_file("it is too large")
    try:
        return Published.model_validate_json(content)
    except ValidationError as error:
        raise _not_such_a_file(reason(error)) from None  # what it shows is a stranger's


class _OnlyEncrypted(HTTPRedirectHandler):
    """Follows to other places of HTTPS, and to nothing else."""

    def redirect_request(  # noqa: PLR0917  # urllib's
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if not is_https(newurl):
            raise OSError("it leads to an address without encryption")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> OpenerDirector:
    """Return what speaks HTTPS and nothing else, keeps no cookies, and uses the system's proxy."""
    opener = OpenerDirector()
    opener.addheaders = []
    for handler in (
        ProxyHandler(),
        UnknownHandler(),
        HTTPSHandler(context=ssl.create_default_context()),
        HTTPDefaultErrorHandler(),
        _OnlyEncrypted(),
        HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def _numbers(version: str) -> tuple[int, ...]:
    found = _NUMBERS.match(version)
    numbers = [int(each) for each in found[0].split(".")] if found else []
    while numbers and numbers[-1] == 0:  # 1.2 and 1.2.0 are the same
        numbers.pop()
    return tuple(numbers)


def _not_such_a_file(why: str) -> ProtocolError:
    return ProtocolError(f"The file that should name the newest version does not: {why}.")
