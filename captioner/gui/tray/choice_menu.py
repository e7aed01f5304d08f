"""A submenu of which exactly one entry holds."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget


class ChoiceMenu(QMenu):
    """Entries with a value each; the one that holds is ticked. What is added comes after them.

    Signals:
        chosen: The user chose an entry, with its value.
    """

    chosen = Signal(object)

    def __init__(self, title: str, parent: QWidget) -> None:
        """Begin without entries."""
        super().__init__(title, parent)
        self._entries: list[tuple[str, object]] = []
        self._group = QActionGroup(self)
        self._end = self.addSeparator()

    def show_choices(self, entries: Sequence[tuple[str, object]], holds: object) -> None:
        """Offer ``entries``, each a title and a value, also while the menu is open.

        Args:
            entries: In order. A title is taken as it is, so names have their "&" doubled.
            holds: The value to be ticked.
        """
        if list(entries) != self._entries:
            self._entries = list(entries)
            self._rebuild()
        for action in self._group.actions():
            action.setChecked(action.data() == holds)

    def _rebuild(self) -> None:
        for action in self._group.actions():
            self._group.removeAction(action)
            self.removeAction(action)
            action.deleteLater()
        for title, value in self._entries:
            action = self._group.addAction(title)
            action.setCheckable(True)
            action.setData(value)
            action.triggered.connect(lambda _=False, value=value: self.chosen.emit(value))
            self.insertAction(self._end, action)


def as_title(name: str) -> str:
    """Return a name for a menu, where a "&" would mark a key."""
    return name.replace("&", "&&")
