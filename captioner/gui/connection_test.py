"""The test of a connection: a button, and what it finds out about a server, step by step."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from captioner.core.errors import CaptionerError
from captioner.core.health import ProbeKind, ProbeOutcome
from captioner.gui.tasks import Tasks
from captioner.gui.text.sentences import endpoint_health_said, said
from captioner.settings.endpoints import EndpointSettings
from captioner.settings.models import Settings

if TYPE_CHECKING:
    from captioner.session.examination import ExaminedEndpoint

_CONTEXT: Final = "ConnectionTest"
_STEPS: Final = {
    ProbeKind.NAME: QT_TRANSLATE_NOOP("ConnectionTest", "Name"),
    ProbeKind.CONNECTION: QT_TRANSLATE_NOOP("ConnectionTest", "Connection"),
    ProbeKind.ENCRYPTION: QT_TRANSLATE_NOOP("ConnectionTest", "Encryption"),
    ProbeKind.PROTOCOL: QT_TRANSLATE_NOOP("ConnectionTest", "Protocol"),
    ProbeKind.HEALTH: QT_TRANSLATE_NOOP("ConnectionTest", "Health"),
    ProbeKind.MODELS: QT_TRANSLATE_NOOP("ConnectionTest", "Models"),
    ProbeKind.KEY: QT_TRANSLATE_NOOP("ConnectionTest", "Key"),
    ProbeKind.CHOICE: QT_TRANSLATE_NOOP("ConnectionTest", "Model and language"),
    ProbeKind.TIME: QT_TRANSLATE_NOOP("ConnectionTest", "Time of a call"),
    ProbeKind.HTTP: QT_TRANSLATE_NOOP("ConnectionTest", "Readiness over HTTP"),
    ProbeKind.CERTIFICATE: QT_TRANSLATE_NOOP("ConnectionTest", "Certificate"),
}
_GOOD: Final = "\u2713"
_BAD: Final = "\u26a0"
_NEITHER: Final = "\u2013"
_UNDER_WAY: Final = "\u2026"
_MARKS: Final = {True: _GOOD, False: _BAD, None: _NEITHER}


@dataclass(frozen=True, slots=True)
class Subject:
    """What is tested.

    Attributes:
        server: As it is entered, with its key if one is.
        settings: What would be asked of it.
        asks_keyring: Whether its key is looked for, where none is entered.
    """

    server: EndpointSettings
    settings: Settings
    asks_keyring: bool = True


class ConnectionTest(QWidget):
    """Examines a server as it is entered. Sends no audio, and keeps nothing.

    Signals:
        examined: The `ExaminedEndpoint`, once all is known.
    """

    examined = Signal(object)

    def __init__(self, tasks: Tasks, subject: Callable[[], Subject]) -> None:
        """Show the button alone.

        Args:
            tasks: The owner of what runs.
            subject: Returns what is to be tested, or raises `CaptionerError` where what is entered
                makes no sense.
        """
        super().__init__()
        self._tasks = tasks
        self._subject = subject
        self._test: asyncio.Task[None] | None = None
        self._lines: list[str] = []
        self._may_run = True
        self.button = QPushButton()
        self.button.setAutoDefault(False)
        self.button.clicked.connect(self._press)
        self.result = _selectable(self.tr("Result of the test"))
        self.steps = _selectable(self.tr("Steps of the test"))
        row = QHBoxLayout()
        row.addWidget(self.button)
        row.addStretch(1)
        self.buttons = row
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.result)
        column.addWidget(self.steps)
        self.setFocusProxy(self.button)
        self._show_button()
        self.forget()

    def allow(self, *, is_allowed: bool) -> None:
        """Let the button be pressed, or not because there is nothing to test."""
        self._may_run = is_allowed
        self._show_button()

    def forget(self) -> None:
        """Stop, and show no result: it was of something else than what is entered now."""
        self.stop()
        self._say("", "")
        self._show_steps([])

    def stop(self) -> None:
        """Give the test up, if one runs."""
        if self._test is not None:
            self._test.cancel()
            self._test = None
            self._show_button()
            self._show_steps([])
            self._say("", self.tr("The test was stopped."))

    def hideEvent(self, event: object) -> None:  # noqa: ARG002, N802  # Qt's name
        """Nobody waits for it any more."""
        self.stop()

    def _press(self) -> None:
        if self._test is not None:
            self.stop()
            return
        try:
            subject = self._subject()
        except CaptionerError as error:
            self._show_steps([])
            self._say(_BAD, f"{said(error.message)} {said(error.hint)}".strip())
            return
        name = subject.server.name or subject.server.account
        self._show_steps([])
        self._say("", self.tr("Asking {server}\u2026").format(server=name))
        self._test = self._tasks.start(self._run(subject), name="test-connection")
        self._show_button()

    async def _run(self, subject: Subject) -> None:
        try:
            # gRPC is heavy to import where no session has done it yet.
            examine = await asyncio.to_thread(_import_examine)
            found = await examine(
                subject.server,
                subject.settings,
                thorough=True,
                progress=self._on_step,
                asks_keyring=subject.asks_keyring,
            )
        except CaptionerError as error:
            self._say(_BAD, f"{said(error.message)} {said(error.hint)}".strip())
        else:
            self._show(found)
        finally:
            if self._test is asyncio.current_task():
                self._test = None
                self._show_button()

    def _show(self, found: ExaminedEndpoint) -> None:
        insecure = [f"{_BAD} {said(each.sentence)} {said(each.fix)}" for each in found.insecure]
        reason = found.health.reason
        self._show_steps([*(_line(step, reason) for step in found.steps), *insecure])
        health = endpoint_health_said(found.health)
        self._say(_GOOD if found.is_usable else _BAD, f"{health.reason} {health.fix}".strip())
        QTimer.singleShot(0, self, self._bring_into_view)  # once it has its new height
        self.examined.emit(found)

    def _on_step(self, kind: ProbeKind, outcome: ProbeOutcome | None) -> None:
        if outcome is not None:
            self._lines.append(_line(outcome, ""))
            self.steps.setText("\n".join(self._lines))
        else:
            now = f"{_UNDER_WAY} {_step(kind)}"
            self.steps.setText("\n".join([*self._lines, now]))
        self.steps.show()

    def _show_steps(self, lines: list[str]) -> None:
        self._lines = lines
        self.steps.setText("\n".join(lines))
        self.steps.setVisible(bool(lines))

    def _bring_into_view(self) -> None:
        parent = self.parentWidget()
        while parent is not None and not isinstance(parent, QScrollArea):
            parent = parent.parentWidget()
        if parent is not None:
            parent.ensureWidgetVisible(self.steps)
            parent.ensureWidgetVisible(self.result)

    def _show_button(self) -> None:
        is_running = self._test is not None
        text = self.tr("&Cancel the test") if is_running else self.tr("Test the &connection")
        self.button.setText(text)
        for widget in (self, self.button):
            widget.setAccessibleName(text.replace("&", ""))
        self.button.setEnabled(is_running or self._may_run)

    def _say(self, mark: str, text: str) -> None:
        self.result.setText(f"{mark} {text}".strip())
        self.result.setVisible(bool(text))
        self.result.setProperty("role", "problem" if mark == _BAD else "")
        self.result.style().polish(self.result)
        if text and self.isVisible():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.result, text))


def _step(kind: ProbeKind) -> str:
    return QCoreApplication.translate(_CONTEXT, str(_STEPS[kind]))


def _line(outcome: ProbeOutcome, verdict: str) -> str:
    """Return what a step met, without what the verdict says already."""
    mark = _MARKS[outcome.is_good]
    if outcome.said == verdict:
        return f"{mark} {_step(outcome.kind)}"
    return f"{mark} {_step(outcome.kind)}: {said(outcome.said)} {said(outcome.fix)}".rstrip()


def _selectable(name: str) -> QLabel:
    label = QLabel()
    label.setAccessibleDescription(name)  # its name is what it says
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse
        | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return label


def _import_examine() -> Callable[..., Awaitable[ExaminedEndpoint]]:
    from captioner.session.examination import examine  # noqa: PLC0415  # see above

    return examine
