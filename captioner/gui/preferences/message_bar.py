"""What the settings dialog has to say, at its foot, with what can be done about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

Action = tuple[str, Callable[[], None]]

_MOST_ACTIONS: Final = 3


class MessageBar(QFrame):
    """A sentence and up to three buttons; nothing is seen of it while there is nothing to say."""

    def __init__(self, parent: QWidget) -> None:
        """Say nothing yet."""
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._actions: tuple[Action, ...] = ()
        self._label = QLabel()
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._buttons = [QPushButton() for _ in range(_MOST_ACTIONS)]
        column = QVBoxLayout(self)
        column.addWidget(self._label)
        row = QHBoxLayout()
        row.addStretch(1)
        for number, button in enumerate(self._buttons):
            button.clicked.connect(lambda _=False, number=number: self._actions[number][1]())
            row.addWidget(button)
        column.addLayout(row)
        self.hide()

    @property
    def text(self) -> str:
        """What it says; empty while it says nothing."""
        return self._label.text()

    def say(self, text: str, *actions: Action) -> None:
        """Say ``text``, to screen readers as well.

        Args:
            text: What there is to say.
            actions: Titles of buttons and what these do; at most three.
        """
        is_news = text != self.text
        self._actions = actions
        self._label.setText(text)
        for number, button in enumerate(self._buttons):
            button.setVisible(number < len(actions))
            if number < len(actions):
                button.setText(actions[number][0])
        self.show()
        if is_news:
            announce(self, text)

    def focus(self) -> None:
        """Take the keys to the first button."""
        self._buttons[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def clear(self) -> None:
        """Say nothing any more."""
        self._label.clear()
        self._actions = ()
        self.hide()


def announce(source: QWidget, text: str) -> None:
    """Let a screen reader say ``text`` now; ``source`` is where it stands."""
    QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(source, text))
