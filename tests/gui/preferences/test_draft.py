"""What is entered and not applied: checked one by one, forgotten when it is no change any more."""

from __future__ import annotations

import pytest

from captioner.core.errors import ConfigurationError
from captioner.settings.vocabulary import Replacement
from tests.gui.preferences.conftest import Office, Play


def test_what_is_entered_and_taken_back_is_no_change(play: Play) -> None:
    async def story(office: Office) -> None:
        draft = office.dialog.draft
        before = draft.value("overlay.lines")
        draft.set("overlay.lines", 5)
        assert draft.is_changed
        draft.set("overlay.lines", before)
        assert not draft.is_changed
        assert not office.dialog.apply_button.isEnabled()

    play(story)


def test_a_problem_keeps_everything_from_being_applied_and_loses_nothing(play: Play) -> None:
    async def story(office: Office) -> None:
        draft = office.dialog.draft
        draft.set("overlay.lines", 5)
        draft.set("captions.replacements", ({"heard": "!", "shown": "x"},))
        assert list(draft.problems) == ["captions.replacements"]
        assert draft.settings.overlay.lines == 5
        assert draft.settings.captions.replacements == ()
        with pytest.raises(ConfigurationError, match="at least one letter"):
            draft.apply()
        assert office.now.overlay.lines == 2

        draft.set("captions.replacements", (Replacement(heard="a", shown="x"),))
        draft.apply()
        assert office.now.overlay.lines == 5
        assert office.now.captions.replacements == (Replacement(heard="a", shown="x"),)
        assert not draft.is_changed

    play(story)


def test_a_place_that_the_user_gives_the_captions_meanwhile_stays(play: Play) -> None:
    async def story(office: Office) -> None:
        draft, live = office.dialog.draft, office.front_end.desk.live
        draft.set("overlay.size_percent", 150)
        live.change({"overlay.columns": 60})
        assert office.seen.overlay.columns == 60
        assert office.seen.overlay.size_percent == 150
        draft.discard()
        assert office.seen.overlay.columns == 60
        assert office.seen.overlay.size_percent == 100

    play(story)
