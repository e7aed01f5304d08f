"""The windows beside the overlay: each is made when it is first wanted, and lives on hidden."""

from __future__ import annotations

from captioner.gui.desk import Desk


class Windows:
    """Opens windows, and closes them all at the end."""

    def __init__(self, desk: Desk) -> None:
        """Open nothing yet."""
        self._desk = desk

    def close(self) -> None:
        """Close what is open, because the program ends."""
