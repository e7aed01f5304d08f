"""The page on the window: what the desktop cannot do is said, and not offered."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QComboBox, QLabel

from captioner.gui.desktop.abilities import Abilities
from captioner.gui.preferences.window_page import WindowPage
from tests.gui.preferences.conftest import Office, Play


def test_a_screen_that_is_gone_stays_chosen_and_is_called_so(play: Play) -> None:
    async def story(office: Office) -> None:
        office.front_end.desk.live.change({"overlay.screen": "HDMI-7"})
        box = office.row("overlay.screen").control
        assert isinstance(box, QComboBox)
        assert box.currentText() == "HDMI-7 (not connected)"
        assert not office.dialog.draft.is_changed

    play(story)


@pytest.mark.parametrize("able", [True, False])
def test_only_what_this_desktop_can_do_is_offered(
    able: bool,  # noqa: FBT001  # a parameter of pytest's
    play: Play,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    abilities = Abilities(
        keeps_above=able,
        places_itself=able,
        click_through=able,
        capture_exclusion=able,
        global_shortcuts=able,
    )
    monkeypatch.setattr(Abilities, "here", lambda: abilities)

    async def story(office: Office) -> None:
        page = next(page for page in office.dialog.pages if isinstance(page, WindowPage))
        fields = {row.field for row in page.rows}
        can = {"dock", "screen", "click_through", "hide_from_capture"}
        assert fields == {"desktop.language"} | {f"overlay.{name}" for name in can if able}
        texts = {label.text() for label in page.findChildren(QLabel)}
        for name in ("keeps_above", "places_itself", "click_through", "capture_exclusion"):
            assert able or abilities.missing(name) in texts

    play(story)
