"""The page on servers, by keyboard: the list, a server, its key, and the test of a connection."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from captioner.gui.preferences.server_page import ServerPage
from captioner.riva.models import ServerModel
from captioner.settings import secrets
from captioner.settings.endpoints import EndpointSettings
from captioner.settings.secrets import SecretStore
from tests.gui.preferences.conftest import Office, Play, keys
from tests.support.connect_proxy import running_proxy
from tests.support.riva_server import NOT_SERVING, ServedStream, serve_riva
from tests.support.tcp_server import black_hole, free_port, http_answer, serve_tcp
from tests.support.wait import until

KEY = "nvapi-a-key-of-the-tests"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_find_backend", lambda: None)
    monkeypatch.setattr(secrets, "_held", {})


def page_of(office: Office) -> ServerPage:
    page = next(each for each in office.dialog.pages if isinstance(each, ServerPage))
    office.dialog.open_page("server")
    return page


def type_into(control: QWidget, text: str) -> None:
    control.setFocus()
    if isinstance(control, QLineEdit):
        control.selectAll()
    QTest.keyClicks(control, text)


def control(page: ServerPage, field: str) -> QWidget:
    found = page.form.controls[field]
    return found.focusProxy() or found


def listed(page: ServerPage) -> list[str]:
    return [page.list.item(row).text() for row in range(page.list.count())]


async def hear(stream: ServedStream) -> None:
    await stream.hear_all()


def test_a_server_is_added_filled_in_and_used(play: Play) -> None:
    async def story(office: Office) -> None:
        page = page_of(office)
        office.press(page.list.add_button)
        assert QApplication.focusWidget() is control(page, "host")
        assert listed(page) == ["New server"]
        assert not office.dialog.apply_button.isEnabled()
        assert "Enter a name or an address" in page.form.main.problems["host"].text()
        assert office.dialog.bar.text.startswith("Server: New server: Enter a name")
        QTest.keyClicks(control(page, "host"), "riva.example.org:443")
        QTest.keyClick(control(page, "host"), Qt.Key.Key_Tab)
        assert listed(page) == ["riva.example.org:443"]
        assert page.form.main.problems["host"].isHidden()
        QTest.keyClick(control(page, "tls"), Qt.Key.Key_Space)
        type_into(control(page, "name"), "Ward 3")
        office.press(page.more)
        type_into(control(page, "metadata"), "ward=3")
        type_into(control(page, "proxy"), "none")
        office.press(office.dialog.ok_button)
        await until(lambda: not office.dialog.isVisible())
        wanted = EndpointSettings(
            host="riva.example.org",
            port=443,
            tls=True,
            name="Ward 3",
            metadata={"ward": "3"},
            proxy="none",
        )
        assert office.now.endpoints == (wanted,)
        await until(lambda: office.saved().endpoints == (wanted,))

    play(story)


def test_servers_change_places_and_go_by_keyboard_and_cancel_brings_them_back(
    play: Play,
) -> None:
    async def story(office: Office) -> None:
        before = tuple(EndpointSettings(host=name) for name in ("one", "two", "three"))
        office.front_end.desk.live.change({"endpoints": before})
        page = page_of(office)
        assert listed(page) == ["one:50051", "two:50051", "three:50051"]
        page.list.setFocus()
        keys(page.list, "Alt+Down")
        assert listed(page) == ["two:50051", "one:50051", "three:50051"]
        assert page.list.currentRow() == 1
        keys(page.list, "Alt+Up")
        office.press(page.list.down_button)
        page.list.setFocus()
        QTest.keyClick(page.list, Qt.Key.Key_Delete)
        assert listed(page) == ["two:50051", "three:50051"]
        assert [each.host for each in office.dialog.draft.settings.endpoints] == ["two", "three"]
        office.press(office.dialog.cancel_button)
        assert office.now.endpoints == before
        page_of(office)
        assert listed(page) == ["one:50051", "two:50051", "three:50051"]

    play(story)


def test_what_makes_no_sense_is_said_at_its_field_and_no_password_is_taken(play: Play) -> None:
    async def story(office: Office) -> None:
        office.front_end.desk.live.change({"endpoints": (EndpointSettings(host="one"),)})
        page = page_of(office)
        office.press(page.more)
        for field, text, problem in (
            ("proxy", "http://user:secret@proxy:3128", "RIVA_PROXY"),
            ("proxy", "what", "or an address such as"),
            ("function_id", "a b", "letters, digits"),
        ):
            type_into(control(page, field), text)
            label = page.form.special.problems[field]
            assert problem in label.text()
            assert label.isVisible()
            assert not office.dialog.apply_button.isEnabled()
        type_into(control(page, "function_id"), "good")
        type_into(control(page, "proxy"), "none")
        type_into(control(page, "metadata"), "api-key=x")
        assert "field for the API key" in page.form.special.problems["metadata"].text()
        assert "secret" not in office.dialog.bar.text

    play(story)


def test_certificates_are_looked_at_as_they_are_entered(
    play: Play, tmp_path: Path, authority: trustme.CA
) -> None:
    good, bad = tmp_path / "ca.pem", tmp_path / "bad.pem"
    authority.cert_pem.write_to_path(good)
    bad.write_text("no certificate")

    async def story(office: Office) -> None:
        office.front_end.desk.live.change({"endpoints": (EndpointSettings(host="one", tls=True),)})
        page = page_of(office)
        office.press(page.more)
        label = page.form.special.problems["ca_file"]
        type_into(control(page, "ca_file"), str(bad))
        await until(lambda: "holds no certificate" in label.text() and label.isVisible())
        type_into(control(page, "ca_file"), str(tmp_path / "none.pem"))
        await until(lambda: "cannot be read" in label.text())
        type_into(control(page, "ca_file"), str(good))
        await until(label.isHidden)
        type_into(control(page, "client_key_file"), str(bad))
        await until(page.form.special.problems["client_cert_file"].isVisible)
        office.press(office.dialog.cancel_button)

    play(story)


def test_a_server_of_the_environment_is_locked_and_says_so(play: Play) -> None:
    async def story(office: Office) -> None:
        page = page_of(office)
        assert listed(page) == ["riva.example.org:50051, set by RIVA_HOST (environment)"]
        assert not page.list.remove_button.isEnabled()
        assert not control(page, "host").isEnabled()
        await until(lambda: "RIVA_API_KEY" in page.server_key.state.text())
        assert not page.server_key.line.isEnabled()
        assert page.test.button.isEnabled()
        office.press(page.list.add_button)
        QTest.keyClicks(control(page, "host"), "two")
        office.press(office.dialog.apply_button)
        await until(lambda: office.saved().endpoints == (EndpointSettings(host="two"),))
        assert [each.host for each in office.now.endpoints] == ["riva.example.org", "two"]

    play(story, environ={"RIVA_HOST": "riva.example.org", "RIVA_API_KEY": KEY})


def test_a_key_for_a_server_of_the_environment_is_kept(play: Play) -> None:
    async def story(office: Office) -> None:
        page = page_of(office)
        await until(lambda: "offers no keyring" in page.server_key.state.text())
        type_into(page.server_key.line, KEY)
        office.press(office.dialog.apply_button)
        await until(lambda: SecretStore().holds("riva.example.org:50051"))

    play(story, environ={"RIVA_HOST": "riva.example.org"})


async def verdict_of(office: Office, page: ServerPage) -> str:
    """Press the button and return the verdict."""
    office.press(page.test.button)
    assert page.test.button.text() == "&Cancel the test"
    await until(lambda: page.test.result.text().startswith(("\u2713", "\u26a0")), limit_s=20)
    return page.test.result.text()


def test_what_is_entered_is_tested_with_its_key_and_fills_the_lists(play: Play) -> None:
    async def story(office: Office) -> None:
        page = page_of(office)
        models = (ServerModel("parakeet", "en-US,de-DE"), ServerModel("canary", "fr-FR"))
        async with serve_riva(hear, token=KEY, models=models) as server:
            office.press(page.list.add_button)
            QTest.keyClicks(control(page, "host"), f"localhost:{server.port}")
            QTest.keyClick(control(page, "host"), Qt.Key.Key_Tab)
            assert "wants a key, and none is set" in await verdict_of(office, page)
            type_into(page.server_key.line, KEY)
            assert page.test.result.text() == "", "it was of something else"
            assert (await verdict_of(office, page)).startswith("\u2713 localhost")
            steps = page.test.steps.text()
            assert "\u2713 Key: It takes the key." in steps
            assert "\u2713 Models: parakeet (en-US,de-DE), canary (fr-FR)" in steps
            assert KEY not in steps + page.test.result.text()
            assert page.asked.model.listed == ("parakeet", "canary")
            assert page.asked.language.listed == ("en-US", "de-DE", "fr-FR")
            QTest.keyClick(office.focus("recognition.model"), Qt.Key.Key_Down)
            QTest.keyClick(QApplication.focusWidget() or page, Qt.Key.Key_Return)
            assert office.dialog.isVisible()
            type_into(page.asked.language.line, "xx-XX")
            assert "does not recognise the language xx-XX" in await verdict_of(office, page)
            assert server.streams == []
        assert office.now.endpoints == ()
        office.press(office.dialog.cancel_button)
        assert not SecretStore().holds(f"localhost:{server.port}")
        assert not office.paths.settings_file.exists()
        assert page.server_key.line.text() == ""

    play(story)


def test_a_test_can_be_given_up_and_ends_with_the_dialog(play: Play) -> None:
    async def story(office: Office) -> None:
        page = page_of(office)
        with black_hole() as port:
            at = EndpointSettings(host="127.0.0.1", port=port)
            office.dialog.draft.set("endpoints", (at,))
            office.press(page.test.button)
            await until(lambda: "Connection" in page.test.steps.text())
            QTest.keyClick(page.test.button, Qt.Key.Key_Space)
            assert page.test.result.text() == "The test was stopped."
            assert page.test.button.text() == "Test the &connection"
            QTest.keyClick(page.test.button, Qt.Key.Key_Space)
            assert page.test.result.text().startswith("Asking 127.0.0.1")
            office.dialog.open_page("audio")
            assert page.test.result.text() == "The test was stopped."
            office.dialog.open_page("server")
            QTest.keyClick(page.test.button, Qt.Key.Key_Space)
            office.press(office.dialog.cancel_button)
            await until(lambda: "test-connection" not in names_of_tasks())

    play(story)


def names_of_tasks() -> set[str]:
    return {task.get_name() for task in asyncio.all_tasks()}


@asynccontextmanager
async def troubles(
    authority: trustme.CA, folder: Path
) -> AsyncIterator[list[tuple[EndpointSettings, str]]]:
    """Servers with one trouble each, and what is to be said of it."""
    ca = folder / "ca.pem"
    authority.cert_pem.write_to_path(ca)
    ended = (datetime.now(UTC) - 2 * DAY, datetime.now(UTC) - DAY)
    trusted = {"tls": True, "ca_file": str(ca)}
    german = (ServerModel("parakeet", "de-DE"),)
    offline = (ServerModel("parakeet", "en-US", kind="offline"),)

    def at(port: int, **fields: object) -> EndpointSettings:
        return EndpointSettings(**({"host": "127.0.0.1", "port": port, "http_port": 1} | fields))

    with black_hole() as hole:
        async with (
            serve_riva(hear) as plain,
            serve_riva(hear, authority=authority) as secure,
            serve_riva(hear, authority=authority, certified=["other.example"]) as other,
            serve_riva(hear, authority=authority, validity=ended) as expired,
            serve_riva(hear, authority=authority, wants_client=True) as mutual,
            serve_riva(hear, token=KEY) as keyed,
            serve_riva(hear, models=german) as german_only,
            serve_riva(hear, models=offline) as whole,
            serve_riva(hear, status=NOT_SERVING) as starting,
            serve_riva(hear, overload="all streams are in use") as full,
            serve_tcp(http_answer(404)) as web,
            running_proxy({}) as proxy,
        ):
            yield [
                (at(free_port()), "the connection is refused"),
                (EndpointSettings(host="riva.invalid"), "the name riva.invalid is not known"),
                (at(hole), "firewall"),
                (at(secure.port), "wants an encrypted connection"),
                (at(plain.port, **trusted), "answers, but not over TLS"),
                (at(secure.port, tls=True), "an authority that is not trusted here"),
                (at(other.port, **trusted), "is not for 127.0.0.1, but for other.example"),
                (at(expired.port, **trusted), "expired on"),
                (at(mutual.port, **trusted), "want a client certificate"),
                (at(keyed.port), "wants a key, and none is set"),
                (at(plain.port, model="canary"), "has no model canary"),
                (at(german_only.port), "does not recognise the language en-US"),
                (at(starting.port), "is not ready to serve"),
                (at(whole.port), "for whole recordings only"),
                (at(full.port), "no room for another stream"),
                (at(web), "answers in HTTP, not in gRPC"),
                (at(1, host="speech.invalid", proxy=proxy.url), "does not let the connection"),
            ]


def test_every_trouble_of_a_connection_is_told_from_the_others(
    play: Play, authority: trustme.CA, tmp_path: Path
) -> None:
    async def story(office: Office) -> None:
        office.front_end.desk.live.change({"connection.connect_timeout_s": 1.0})
        page = page_of(office)
        async with troubles(authority, tmp_path) as all_of_them:
            for server, words in all_of_them:
                office.dialog.draft.set("endpoints", (server,))
                verdict = await verdict_of(office, page)
                assert verdict.startswith("\u26a0"), (server, verdict)
                assert words in verdict, (server, verdict)
                assert "\u26a0" in page.test.steps.text(), server
                others = {text for _, text in all_of_them} - {words}
                assert not [text for text in others if text in verdict], (server, verdict)
            keyed = next(server for server, words in all_of_them if "wants a key" in words)
            office.dialog.draft.set("endpoints", (keyed,))
            type_into(page.server_key.line, "another-key")
            assert "refused the key" in await verdict_of(office, page)
        office.press(office.dialog.cancel_button)

    play(story)


def test_without_a_keyring_a_key_is_kept_for_this_run_and_used_at_once(play: Play) -> None:
    async def story(office: Office) -> None:
        office.front_end.desk.live.change({"endpoints": (EndpointSettings(host="one"),)})
        page = page_of(office)
        page.show_values()
        await until(lambda: "offers no keyring" in page.server_key.state.text())
        before = len(office.session.commands)
        page.server_key.line.setFocus()
        QApplication.clipboard().setText(f" {KEY}\n")
        keys(page.server_key.line, "Ctrl+V")
        assert "until Captioner quits" in page.server_key.state.text()
        assert page.server_key.line.echoMode() is QLineEdit.EchoMode.Password
        assert office.dialog.apply_button.isEnabled()
        office.press(office.dialog.apply_button)
        store = SecretStore()
        await until(lambda: store.holds("one:50051"))
        kept = await store.get("one:50051")
        assert kept is not None
        assert kept.get_secret_value() == KEY
        await until(lambda: len(office.session.commands) > before)
        assert page.server_key.line.text() == ""
        await until(lambda: page.server_key.state.text().startswith("Kept until"))
        assert not office.dialog.apply_button.isEnabled()

        office.press(page.server_key.remove_button)
        assert "removed once you apply" in page.server_key.state.text()
        office.press(office.dialog.cancel_button)
        assert store.holds("one:50051"), "cancel changes nothing"
        page_of(office)
        await until(page.server_key.remove_button.isEnabled)
        QTest.keyClick(page.server_key.remove_button, Qt.Key.Key_Space)
        QTest.keyClick(office.dialog.ok_button, Qt.Key.Key_Space)
        await until(lambda: not store.holds("one:50051"))

    play(story)


def test_a_key_goes_to_no_other_address_than_that_it_was_entered_for(play: Play) -> None:
    async def story(office: Office) -> None:
        office.front_end.desk.live.change({"endpoints": (EndpointSettings(host="one"),)})
        page = page_of(office)
        type_into(page.server_key.line, KEY)
        type_into(control(page, "host"), "evil")
        assert page.server_key.line.text() == ""
        office.press(office.dialog.apply_button)
        await until(lambda: office.saved().endpoints == (EndpointSettings(host="evil"),))
        assert secrets._held == {}
        assert not page.is_changed

    play(story)


def test_a_locked_keyring_is_said_and_can_be_asked_again(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Locked:
        name = "Test Keyring"
        kept: str | None = None
        is_locked = True

        def get_password(self, _service: str, _account: str) -> str | None:
            self._refuse()
            return self.kept

        def set_password(self, _service: str, _account: str, key: str) -> None:
            self._refuse()
            self.kept = key

        def _refuse(self) -> None:
            if self.is_locked:
                from keyring.errors import KeyringLocked  # noqa: PLC0415  # as the real one

                raise KeyringLocked

    backend = Locked()
    monkeypatch.setattr(secrets, "_find_backend", lambda: backend)

    async def story(office: Office) -> None:
        office.front_end.desk.live.change({"endpoints": (EndpointSettings(host="one"),)})
        page = page_of(office)
        await until(lambda: "is locked. Unlock it" in page.server_key.problem.text())
        type_into(page.server_key.line, KEY)
        office.press(office.dialog.ok_button)
        await until(lambda: "is locked" in office.dialog.bar.text)
        assert office.dialog.isVisible()
        assert page.is_changed
        backend.is_locked = False
        office.press(office.dialog.apply_button)
        await until(lambda: backend.kept == KEY)
        await until(lambda: page.server_key.state.text().startswith("Stored in Test Keyring"))

    play(story)


def test_cancel_and_another_key_while_the_keyring_asks_its_user(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answered = threading.Event(), threading.Event()
    kept: list[str] = []

    class Asking:
        name = "Test Keyring"

        def get_password(self, _service: str, _account: str) -> str | None:
            return kept[-1] if kept else None

        def set_password(self, _service: str, _account: str, key: str) -> None:
            asked.set()
            assert answered.wait(20)
            kept.append(key)

    monkeypatch.setattr(secrets, "_find_backend", Asking)

    async def story(office: Office) -> None:
        office.front_end.desk.live.change({"endpoints": (EndpointSettings(host="one"),)})
        page = page_of(office)
        type_into(page.server_key.line, KEY)
        office.press(office.dialog.apply_button)
        await until(asked.is_set)
        type_into(page.server_key.line, "another")
        answered.set()
        await until(lambda: kept == [KEY])
        await until(office.dialog.apply_button.isEnabled)
        assert page.server_key.line.text() == "another"

        asked.clear()
        answered.clear()
        office.press(office.dialog.apply_button)
        await until(asked.is_set)
        office.press(office.dialog.cancel_button)
        answered.set()
        await until(lambda: kept == [KEY, "another"])

    play(story)


def test_one_server_or_this_computer_comes_first_and_the_menu_is_followed(play: Play) -> None:
    async def story(office: Office) -> None:
        live = office.front_end.desk.live
        live.change({"endpoints": (EndpointSettings(host="one"), EndpointSettings(host="two"))})
        page = page_of(office)
        box = page.recogniser.box
        assert [box.itemText(each) for each in range(box.count())] == [
            "The servers as they are listed",
            "one:50051 before the others",
            "two:50051 before the others",
            "This computer alone",
        ]
        keys(box, "End")
        office.press(office.dialog.apply_button)
        await until(lambda: office.now.servers == ())
        assert len(office.now.endpoints) == 2
        office.dialog.cancel()
        live.change({"connection.recogniser": "two:50051"})
        page_of(office)
        assert box.currentText() == "two:50051 before the others"
        page.list.setCurrentRow(1)
        page.list.remove_button.click()
        assert box.currentText() == "two:50051 (not there)"
        office.dialog.cancel()

    play(story)


def test_who_comes_first_does_so_when_its_address_is_mended(play: Play) -> None:
    async def story(office: Office) -> None:
        servers = (EndpointSettings(host="one"), EndpointSettings(host="two"))
        live = office.front_end.desk.live
        live.change({"endpoints": servers, "connection.recogniser": "two:50051"})
        page = page_of(office)
        page.list.setCurrentRow(1)
        type_into(control(page, "host"), "three")
        assert page.recogniser.box.currentText() == "three:50051 before the others"
        office.press(office.dialog.apply_button)
        await until(lambda: office.saved().connection.recogniser == "three:50051")
        assert [each.host for each in office.now.servers] == ["three", "one"]

    play(story)
