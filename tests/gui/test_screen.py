"""The private display itself: it starts, sees windows, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.screen import Screen, running_screen

pytestmark = pytest.mark.screen


def test_a_display_starts_with_a_window_manager_and_no_window(
    screen: Screen, tmp_path: Path
) -> None:
    picture = screen.screenshot(tmp_path / "root.png")

    assert picture.read_bytes().startswith(b"\x89PNG")
    assert screen.find_windows("Captioner") == []
    assert screen.active_window() == 0


def test_two_displays_live_side_by_side_and_end_with_their_programs() -> None:
    with running_screen(size=(320, 200)) as first, running_screen(size=(320, 200)) as second:
        assert first.display != second.display
        children = [*first._children, *second._children]

    assert all(child.poll() is not None for child in children)
