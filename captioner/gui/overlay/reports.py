"""What the overlay has to say besides the captions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from captioner.core.events import EngineChanged, SourceChanged
from captioner.core.health import Health, HealthState
from captioner.gui.health.mark import health_text, state_name
from captioner.gui.overlay.message import Message
from captioner.gui.text.sentences import said

_BRIEFLY_MS: Final = 6000
_WARNING_MS: Final = 30_000


class Reports(QObject):
    """Health, what is heard for a moment, and as long as it is true that words are scripted.

    Attributes:
        health: How things are.
        badge: Stands before everything else; mostly empty.

    Signals:
        changed: Something else is to be said.
    """

    changed = Signal()

    def __init__(self, parent: QObject) -> None:
        """Begin with captions that are starting."""
        super().__init__(parent)
        self.health = Health(HealthState.STARTING, said("Captions are starting."))
        self.badge = ""
        self._brief = self._warning = ""
        self._brief_timer = self._timer(_BRIEFLY_MS, lambda: self.say_briefly(""))
        self._warning_timer = self._timer(_WARNING_MS, lambda: self.warn(""))

    @property
    def tooltip(self) -> str:
        """All that there is to say, whole."""
        return "\n".join(filter(None, [self._warning, health_text(self.health)]))

    def take_health(self, health: Health) -> None:
        """Take over how things are."""
        self.health = health
        self.changed.emit()

    def take_engine(self, event: EngineChanged) -> None:
        """Take over whether words are scripted instead of recognised."""
        text = self.tr("MOCK ENGINE: the words are scripted")
        self.badge = text if event.is_mock else ""
        self.changed.emit()

    def take_source(self, event: SourceChanged) -> None:
        """Name what is heard, for a moment."""
        match event.kind:
            case "system":
                text = self.tr("System audio: {name}")
            case "microphone":
                text = self.tr("Microphone: {name}")
            case "file":
                text = self.tr("File: {name}")
            case "stdin":
                text = self.tr("Standard input: {name}")
            case _:
                text = "{name}"
        self.say_briefly(text.format(name=event.name))

    def say_briefly(self, text: str) -> None:
        """Say something for a moment."""
        self._brief = text
        if text:
            self._brief_timer.start()
        self.changed.emit()

    def warn(self, text: str) -> None:
        """Say something that nobody shall miss: longer, and as a message while no captions are."""
        self._warning = text
        if text:
            self._warning_timer.start()
        self.changed.emit()

    def message(self, *, has_captions: bool) -> Message | None:
        """Return what has to stand in the place of captions, if anything does."""
        is_failed = self.health.state is HealthState.FAILED
        if has_captions and not is_failed:
            return None
        if self._warning and not is_failed:
            return Message(self._warning, health_text(self.health), is_urgent=True)
        return Message(self.health.sentence, self.health.hint, is_urgent=is_failed)

    def status(self, *, is_message_shown: bool) -> str:
        """Return what the status line says, badge left out."""
        if self._brief:
            return self._brief
        if is_message_shown:
            return state_name(self.health.state)
        if self._warning:
            return self._warning
        if self.health.state is HealthState.LISTENING and not self.health.hint:
            return ""
        return health_text(self.health).replace("\n", " ")

    def _timer(self, interval_ms: int, action: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(interval_ms)
        timer.timeout.connect(action)
        return timer
