"""The file that names the newest version, from a real server of HTTPS."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from captioner.core.errors import ProtocolError, UnavailableError
from captioner.gui.updates.published import Published, ask_published
from captioner.settings.updates import UpdateSettings
from tests.gui.updates.conftest import Publisher

PAGE = "https://example.org/captioner"


def test_it_is_asked_without_saying_who_asks(publisher: Publisher) -> None:
    url = publisher.publish({"version": "1.2.3", "page": PAGE, "more": []}, "/real.json")
    found = ask_published(publisher.redirect("/newest.json", url))

    assert found == Published(version="1.2.3", page=PAGE)
    for headers in publisher.asked:
        assert headers["User-Agent"] == "Captioner"
        assert {name.lower() for name in headers} == {"host", "user-agent", "connection"} | {
            "accept-encoding"
        }
    assert len(publisher.asked) == 2


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<html>", "line|JSON"),
        (b"[" * 5000, "JSON"),
        ([1], "object"),
        ({"version": "1.2"}, "page"),
        ({"version": 2, "page": PAGE}, "version"),
        ({"version": "1.2 <b>", "page": PAGE}, "numbers such as"),
        ({"version": "1.2", "page": "http://example.org"}, "begins with https"),
        ({"version": "1.2", "page": "javascript:alert(1)"}, "begins with https"),
        ({"version": "1.2", "page": PAGE, "more": "x" * 20_000}, "too large"),
    ],
)
def test_what_is_no_such_file_is_refused(publisher: Publisher, content: object, why: str) -> None:
    with pytest.raises(ProtocolError, match=why):
        ask_published(publisher.publish(content))


def test_nothing_is_had_without_encryption(
    publisher: Publisher, plain_publisher: Publisher, strange_publisher: Publisher
) -> None:
    plain = plain_publisher.publish({"version": "9", "page": PAGE})
    with pytest.raises(UnavailableError, match="without encryption"):
        ask_published(publisher.redirect("/newest.json", plain))
    with pytest.raises(UnavailableError):
        ask_published(plain)
    assert plain_publisher.connections == 0

    strange = strange_publisher.publish({"version": "9", "page": PAGE})
    with pytest.raises(UnavailableError, match="certificate"):
        ask_published(strange)
    assert strange_publisher.asked == []


def test_a_file_that_is_gone_is_said(publisher: Publisher) -> None:
    with pytest.raises(UnavailableError, match="404"):
        ask_published(publisher.url("/gone.json"))


@pytest.mark.parametrize(
    ("published", "own", "is_newer"),
    [
        ("0.1.1", "0.1.0", True),
        ("0.10", "0.9.9", True),
        ("0.1.0", "0.1.0", False),
        ("0.1", "0.1.0", False),
        ("0.0.9", "0.1.0", False),
        ("1.2", "1.2.0.dev3", False),
    ],
)
def test_versions_are_compared_by_number(published: str, own: str, *, is_newer: bool) -> None:
    assert Published(version=published, page=PAGE).is_newer_than(own) is is_newer


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a.json",
        "example.org",
        "https://",
        "https://me:secret@example.org/a",
        "https://example.org:x/a",
        "https://exa mple.org",
        "file:///etc/passwd",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="such as https"):
        UpdateSettings(url=url)


def test_an_address_may_come_with_spaces_around() -> None:
    assert UpdateSettings(url=" https://example.org/a.json\n").url == "https://example.org/a.json"
