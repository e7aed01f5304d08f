"""The windows beside the overlay: each is made when it is first wanted, and lives on hidden."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from captioner.gui.desk import Desk
from captioner.gui.transcript.recorder import Recorder

if TYPE_CHECKING:
    from PySide6.QtCore import QRect

    from captioner.gui.health.popover import StatusPopover
    from captioner.gui.preferences.dialog import Preferences
    from captioner.gui.transcript.past import PastWindow
    from captioner.gui.transcript.window import TranscriptWindow
    from captioner.gui.welcome.window import Welcome


class Windows:
    """Opens windows, and closes them all at the end."""

    def __init__(self, desk: Desk, *, captions: Callable[[], QRect | None]) -> None:
        """Open nothing yet; what is said is recorded from now on.

        Args:
            desk: What windows may use.
            captions: Returns where the captions are, which stay above all windows; None while
                they are hidden.
        """
        self._desk = desk
        self._captions = captions
        self._recorder = Recorder(desk.bridge)
        self._transcript: TranscriptWindow | None = None
        self._past: PastWindow | None = None
        self._preferences: Preferences | None = None
        self._status: StatusPopover | None = None
        self._welcome: Welcome | None = None

    def open_preferences(self, page: str = "") -> None:
        """Show the settings, at the page of this name, or where they were."""
        if self._preferences is None:
            from captioner.gui.preferences.dialog import (  # noqa: PLC0415  # loaded when wanted
                Preferences,
            )

            self._preferences = Preferences(self._desk, self._captions)
        self._preferences.open_page(page)

    def open_status(self, beside: QRect | None) -> None:
        """Show how things are, clear of ``beside``, which stays in front."""
        if self._status is None:
            from captioner.gui.health.popover import StatusPopover  # noqa: PLC0415  # see above

            self._status = StatusPopover(self._desk, open_settings=self.open_preferences)
        self._status.open_beside(beside)

    def open_transcript(self) -> None:
        """Show all that was said since the program began."""
        if self._transcript is None:
            from captioner.gui.transcript.window import TranscriptWindow  # noqa: PLC0415  # see above

            self._transcript = TranscriptWindow(self._desk, self._recorder)
        self._transcript.open(clear_of=self._captions())

    def open_past(self) -> None:
        """Show the transcripts that are kept."""
        if self._past is None:
            from captioner.gui.transcript.past import PastWindow  # noqa: PLC0415  # see above

            self._past = PastWindow(self._desk)
        self._past.open(clear_of=self._captions())

    def open_welcome(self) -> None:
        """Show the first steps."""
        if self._welcome is None:
            from captioner.gui.welcome.window import Welcome  # noqa: PLC0415  # loaded when wanted

            self._welcome = Welcome(self._desk, self.open_preferences, self._captions)
        self._welcome.open()

    def close(self) -> None:
        """Close what is open, because the program ends."""
        if self._welcome is not None:
            self._welcome.hide()
        if self._transcript is not None:
            self._transcript.hide()
        if self._past is not None:
            self._past.hide()
        if self._preferences is not None:
            self._preferences.cancel()
        if self._status is not None:
            self._status.hide()
