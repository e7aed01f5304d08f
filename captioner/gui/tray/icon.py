"""The icon in the system tray: health at a glance, and the menu."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from captioner.core.health import Health, HealthState
from captioner.gui.health.mark import health_text
from captioner.gui.icons import health_icon

_CLICKS = (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick)


class Tray(QObject):
    """The tray icon. Where the desktop has no tray it stays away and appears when one comes.

    Signals:
        clicked: The icon itself was chosen, not its menu.
    """

    clicked = Signal()

    def __init__(self, menu: QMenu) -> None:
        """Show the icon with ``menu``."""
        super().__init__()
        self._state: HealthState | None = None
        self.icon = QSystemTrayIcon(self)
        self.icon.setContextMenu(menu)
        self.icon.activated.connect(self._on_activated)
        self.show_health(Health(HealthState.STARTING, "Captions are starting."))
        self.icon.show()

    @property
    def is_available(self) -> bool:
        """Whether the desktop has a tray now."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    @property
    def state(self) -> HealthState | None:
        """What the icon shows."""
        return self._state

    def show_health(self, health: Health) -> None:
        """Take over state and sentence; draws a new icon only for another state."""
        self.icon.setToolTip(f"Captioner\n{health_text(health)}")
        if health.state is not self._state:
            self._state = health.state
            self.icon.setIcon(health_icon(health.state))

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in _CLICKS:
            self.clicked.emit()
