"""The keys that the desktop keeps, and the button that asks it for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QPushButton, QSizePolicy, QWidget

from captioner.gui.desktop.shortcuts import COMMANDS, plain_name
from captioner.gui.preferences.page import small_print

if TYPE_CHECKING:
    from captioner.gui.desktop.portal_keys import PortalKeys


class DesktopKeys(QWidget):
    """What the desktop says of its keys.

    Signals:
        wanted: The desktop is to be asked for keys.
    """

    wanted = Signal()

    def __init__(self, portal: PortalKeys) -> None:
        """Show the keys of ``portal``."""
        super().__init__()
        self._portal = portal
        self.button = QPushButton(self.tr("&Choose keys…"))
        self.button.setAutoDefault(False)
        self.button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.button.clicked.connect(self.wanted)
        self.setFocusProxy(self.button)
        self.state = QLabel()
        self.state.setWordWrap(True)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow(
            small_print(
                self.tr(
                    "Your desktop keeps these keys. It asks you for them in a window of its own; "
                    "later they can be changed in its settings, under Keyboard."
                )
            )
        )
        form.addRow(self.button)
        self.keys = {command: QLabel() for command in COMMANDS.values()}
        for field, command in COMMANDS.items():
            form.addRow(f"{plain_name(field)}:", self.keys[command])
        form.addRow(self.state)
        portal.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        portal = self._portal
        for command, label in self.keys.items():
            label.setText(portal.keys.get(command) or self.tr("No key"))
        self.button.setEnabled(not portal.is_asking)
        if portal.is_asking:
            self.state.setText(self.tr("The desktop is asked…"))
        elif portal.has_failed:
            self.state.setText(
                "\u26a0 " + self.tr("The desktop gave no keys. You can ask it once more.")
            )
        else:
            self.state.setText("")
        self.state.setVisible(bool(self.state.text()))
        self.state.setProperty("role", "problem" if portal.has_failed else "")
        self.state.style().polish(self.state)
