"""The icon in the system tray: health at a glance, and the menu."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from captioner.core.health import Health, HealthState
from captioner.gui.health.mark import health_text
from captioner.gui.icons import health_icon
from captioner.gui.text.sentences import said

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
        self._health = Health(HealthState.STARTING, said("Captions are starting."))
        self._is_held = False
        self._drawn: tuple[HealthState, bool] | None = None
        self.icon = QSystemTrayIcon(self)
        self.icon.setContextMenu(menu)
        self.icon.activated.connect(self._on_activated)
        self._refresh()
        self.icon.show()

    @property
    def is_available(self) -> bool:
        """Whether the desktop has a tray now."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    def show_health(self, health: Health) -> None:
        """Take over state and sentence."""
        self._health = health
        self._refresh()

    def show_held(self, *, is_held: bool) -> None:
        """Take over whether the captions stand still."""
        self._is_held = is_held
        self._refresh()

    def _refresh(self) -> None:
        """Say what is true now; a new icon is drawn only for another state."""
        lines = ["Captioner", health_text(self._health)]
        if self._is_held:
            lines.insert(1, self.tr("Paused"))
        self.icon.setToolTip("\n".join(lines))
        drawn = (self._health.state, self._is_held)
        if drawn != self._drawn:
            self._drawn = drawn
            self.icon.setIcon(health_icon(self._health.state, is_held=self._is_held))

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in _CLICKS:
            self.clicked.emit()
