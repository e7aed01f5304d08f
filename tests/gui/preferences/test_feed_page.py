"""The page Live feed: a switch that is followed while captions run, and an address to copy."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
import trustme
from keyring.backends.fail import Keyring as NoKeyring
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSpinBox
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from captioner.gui.preferences.feed_page import FeedPage
from captioner.settings import secrets
from tests.gui.preferences.conftest import Office, Play
from tests.support.feed import TOKEN, heard
from tests.support.scripted_session import caption
from tests.support.wait import until


def page_of(office: Office) -> FeedPage:
    return next(page for page in office.dialog.pages if isinstance(page, FeedPage))


def reader(address: str) -> connect:
    """Connect as the page at ``address`` does."""
    page, _, token = address.partition("/#token=")
    return connect(
        page.replace("http", "ws", 1) + "/ws/captions",
        additional_headers={"Authorization": f"Bearer {token}"},
        proxy=None,
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def enter_port(office: Office, port: int) -> None:
    box = office.focus("feed.port")
    assert isinstance(box, QSpinBox)
    box.selectAll()
    QTest.keyClicks(box, str(port))
    QTest.keyClick(box, Qt.Key.Key_Tab)


def test_the_switch_is_followed_while_captions_run(play: Play) -> None:
    async def story(office: Office) -> None:
        page = page_of(office)
        office.dialog.open_page(page.key)
        assert page.state.text() == "The captions are not served."
        assert not page.copy_button.isEnabled()
        QTest.keyClick(office.focus("feed.is_on"), Qt.Key.Key_Space)
        enter_port(office, free_port())
        office.press(office.dialog.apply_button)
        await until(page.copy_button.isEnabled)
        assert "Only this computer can connect." in page.state.text()
        assert not page.renew_button.isEnabled()  # the environment's token is not ours

        office.press(page.copy_button)
        address = QGuiApplication.clipboard().text()
        assert address == page.address.text()
        assert address.endswith(f"/#token={TOKEN}")
        async with reader(address) as client:
            await heard(client)
            office.session.emit(caption(0, "Good morning"))
            assert (await heard(client))["text"] == "Good morning"
            await until(lambda: page.state.text().startswith("Connected: 1."))

            QTest.keyClick(office.focus("feed.is_on"), Qt.Key.Key_Space)
            office.press(office.dialog.apply_button)
            await client.wait_closed()
        await until(lambda: page.state.text() == "The captions are not served.")
        assert page.address.text() == ""
        await until(lambda: office.saved().feed.is_on is False)  # written in the background

    play(story)


def test_a_port_in_use_is_said_and_captions_go_on(play: Play) -> None:
    async def story(office: Office) -> None:
        page = page_of(office)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            office.front_end.desk.live.change({"feed.is_on": True, "feed.port": port})
            await until(lambda: "in use by another program" in page.state.text())
        assert page.state.property("role") == "problem"
        assert not page.copy_button.isEnabled()
        office.session.emit(caption(0, "and on", is_final=True))
        office.dialog.open_page(page.key)
        enter_port(office, free_port())
        office.press(office.dialog.ok_button)
        await until(lambda: page.address.text() != "")
        async with reader(page.address.text()) as client:
            assert (await heard(client))["type"] == "connection"

    play(story)


def test_others_may_connect_with_a_certificate_alone(play: Play, tmp_path: Path) -> None:
    authority = trustme.CA()
    pem = tmp_path / "feed.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(pem))
    context = ssl.create_default_context()
    authority.configure_trust(context)

    async def story(office: Office) -> None:
        page = page_of(office)
        office.dialog.open_page(page.key)
        QTest.keyClick(office.focus("feed.is_on"), Qt.Key.Key_Space)
        enter_port(office, free_port())
        QTest.keyClick(office.focus("feed.host"), Qt.Key.Key_Down)
        office.press(office.dialog.apply_button)
        await until(lambda: page.state.property("role") == "problem")
        assert "without encryption" in page.state.text()
        assert "“Certificate”" in page.state.text()  # and not what it is called in the file
        QTest.keyClicks(office.focus("feed.tls_cert"), str(pem))
        office.press(office.dialog.apply_button)
        await until(lambda: page.address.text().startswith("https://"))
        assert "Other computers can connect too." in page.state.text()
        url = f"wss://localhost:{office.now.feed.port}/ws/captions"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with connect(url, ssl=context, additional_headers=headers, proxy=None) as client:
            await heard(client)
            office.session.emit(caption(0, "Good morning"))
            assert (await heard(client))["text"] == "Good morning"

    play(story)


@pytest.fixture
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("CAPTIONER_FEED_TOKEN")
    before = keyring.get_keyring()
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]  # keyring's own
    yield
    keyring.set_keyring(before)
    secrets._held.pop("feed", None)


@pytest.mark.usefixtures("_no_keyring")
def test_a_new_address_shuts_out_whoever_had_the_old_one(play: Play) -> None:
    async def story(office: Office) -> None:
        page = page_of(office)
        office.front_end.desk.live.change({"feed.is_on": True, "feed.port": free_port()})
        await until(lambda: page.address.text() != "")
        assert "another one at the next start" in page.state.text()
        old = page.address.text()
        office.dialog.open_page(page.key)
        async with reader(old) as client:
            await heard(client)
            office.press(page.renew_button)
            await client.wait_closed()
        await until(lambda: page.address.text() not in ("", old))
        with pytest.raises(InvalidStatus):
            async with reader(old):
                pass
        async with reader(page.address.text()) as client:
            await heard(client)
        await until(office.paths.settings_file.exists)
        assert old.partition("token=")[2] not in office.paths.settings_file.read_text()

    play(story)
