"""The daily look of the running program: when it is taken, and where its outcome is told."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from captioner import __version__
from captioner.core.events import StateChanged
from captioner.core.state import SessionState
from captioner.gui.preferences.about_page import AboutPage
from captioner.gui.updates import keeper
from captioner.settings.paths import ProfilePaths
from tests.gui.preferences.conftest import Office, Play, paths, play
from tests.gui.updates.conftest import Publisher
from tests.support.scripted_session import ScriptedSession
from tests.support.wait import until

__all__ = ["paths", "play"]

PAGE = "https://example.org/captioner?a=1&b=2"


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "_WAIT_S", 0.0)
    monkeypatch.setattr(keeper, "_SEE_AGAIN_S", 0.001)
    monkeypatch.setenv("CAPTIONER_FEED_TOKEN", "a-token-of-the-tests-0123456789")


def choose(paths: ProfilePaths, url: str, *, check: bool = True) -> None:
    paths.settings_file.parent.mkdir(parents=True, exist_ok=True)
    record = {"version": 2, "updates": {"check": check, "url": url}}
    paths.settings_file.write_text(json.dumps(record))


def last_look(paths: ProfilePaths) -> dict[str, object]:
    record = json.loads((paths.data_dir / "updates.json").read_text())
    assert isinstance(record, dict)
    return record


def menu_line(office: Office) -> str:
    control = office.front_end._control
    assert control is not None
    return control.menu._newer.text() if control.menu._newer.isVisible() else ""


def page_of(office: Office) -> AboutPage:
    page = next(page for page in office.dialog.pages if isinstance(page, AboutPage))
    office.dialog.open_page(page.key)
    return page


async def some_turns() -> None:
    """Go through loop and worker threads far more often than a look does."""
    for _ in range(60):
        await asyncio.to_thread(lambda: None)


def test_a_newer_version_is_told_on_the_page_and_in_the_menu(
    play: Play, paths: ProfilePaths, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(paths, publisher.publish({"version": "99.1", "page": PAGE}))

    async def story(office: Office) -> None:
        await until(lambda: "99.1" in menu_line(office))
        page = page_of(office)
        assert page.newer.isVisible()
        assert page.newer.text() == f"Version 99.1 is there: {PAGE}"
        opened: list[str] = []

        def open_url(url: QUrl) -> bool:
            opened.append(url.toString())
            return True

        monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
        office.press(page.open_newer)
        assert opened == [PAGE]

        await some_turns()
        assert len(publisher.asked) == 1

        office.front_end.desk.live.change({"updates.check": False})
        assert menu_line(office) == ""
        assert not page.newer.isVisible()

    play(story)


def test_what_was_found_is_known_at_the_next_start_without_asking(
    play: Play, paths: ProfilePaths, publisher: Publisher
) -> None:
    url = publisher.publish({"version": "99.1", "page": PAGE})
    choose(paths, url)
    now = datetime.now(UTC)

    def looked(at: datetime) -> None:
        paths.data_dir.mkdir(parents=True, exist_ok=True)
        record = {"at": at.isoformat(), "url": url, "published": {"version": "98", "page": PAGE}}
        (paths.data_dir / "updates.json").write_text(json.dumps(record))

    async def known(office: Office) -> None:
        await until(lambda: "98" in menu_line(office))
        await some_turns()
        assert publisher.connections == 0

    async def asked(office: Office) -> None:
        await until(lambda: "99.1" in menu_line(office))

    looked(now - timedelta(hours=23))
    play(known)
    looked(now - timedelta(hours=25))
    play(asked)
    looked(now + timedelta(days=300))  # the clock was wrong
    play(asked)


@pytest.mark.parametrize("check", [False, True])
def test_nobody_is_asked_unless_both_are_given(
    play: Play, paths: ProfilePaths, publisher: Publisher, *, check: bool
) -> None:
    url = publisher.publish({"version": "99.1", "page": PAGE})
    choose(paths, "" if check else url, check=check)

    async def story(office: Office) -> None:
        assert page_of(office).newer.isHidden()
        await some_turns()
        assert publisher.connections == 0
        assert not (paths.data_dir / "updates.json").exists()

        office.front_end.desk.live.change({"updates.check": True, "updates.url": url})
        await until(lambda: "99.1" in menu_line(office))

    play(story)


def test_nobody_is_asked_before_captions_ran(
    play: Play, paths: ProfilePaths, publisher: Publisher, scripted_session: ScriptedSession
) -> None:
    choose(paths, publisher.publish({"version": "99.1", "page": PAGE}))
    scripted_session._become = lambda *_: None  # type: ignore[method-assign]  # it never starts

    async def story(office: Office) -> None:
        await some_turns()
        assert publisher.connections == 0
        office.session.emit(StateChanged(SessionState.STREAMING))
        await until(lambda: publisher.connections == 1)

    play(story)


def test_an_equal_version_is_not_told(
    play: Play, paths: ProfilePaths, publisher: Publisher
) -> None:
    choose(paths, publisher.publish({"version": __version__, "page": PAGE}))

    async def story(office: Office) -> None:
        await until(lambda: paths.data_dir.joinpath("updates.json").exists())
        await until(lambda: last_look(paths)["published"] is not None)
        assert menu_line(office) == ""
        assert page_of(office).newer.isHidden()

    play(story)


def test_a_failure_is_logged_and_not_tried_again_today(
    play: Play, paths: ProfilePaths, publisher: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    choose(paths, publisher.url("/gone.json"))

    async def story(office: Office) -> None:
        with caplog.at_level(logging.INFO):
            await until(lambda: "no newer version could be looked for" in caplog.text)
        await some_turns()
        assert len(publisher.asked) == 1
        assert menu_line(office) == ""

    play(story)
    assert last_look(paths)["published"] is None
