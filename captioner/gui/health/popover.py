"""How things are, at a glance and in figures: what the health dot opens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QRect, Qt, QTimer
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QCloseEvent,
    QGuiApplication,
    QHideEvent,
    QKeySequence,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from captioner.core.events import LevelChanged
from captioner.core.health import Concern, EndpointHealth, EndpointState, Health, HealthState
from captioner.gui.clearance import room_beside
from captioner.gui.commands import Command
from captioner.gui.desk import Desk
from captioner.gui.health.columns import line_up
from captioner.gui.health.details import Details
from captioner.gui.health.facts import FactSheet
from captioner.gui.health.trends import Trends
from captioner.gui.health.verdict import Verdict

_REFRESH_MS: Final = 1000
_WIDTH_LETTERS: Final = 80
_ENDED: Final = (HealthState.STOPPED, HealthState.FAILED)
_RECOGNISING: Final = (HealthState.LISTENING, HealthState.DEGRADED, HealthState.NO_AUDIO)
_PAGES: Final = {Concern.SOURCE: "audio", Concern.RECOGNISER: "server"}


class StatusPopover(QDialog):
    """The sentence, the figures behind it, and what can be done.

    Figures are read once a second while it is open, and not at all while it is not.
    """

    def __init__(self, desk: Desk, *, open_settings: Callable[[str], None]) -> None:
        """Build it; `open_beside` shows it.

        Args:
            desk: The front end.
            open_settings: Opens the settings at a page.
        """
        super().__init__()
        self.setWindowTitle(self.tr("Captioner status"))
        self._desk = desk
        self._open_settings = open_settings
        self._taken: QRect | None = None
        self.verdict = Verdict()
        self.facts = FactSheet()
        self.trends = Trends()
        self.details = Details(desk)
        self.toggle_button = QPushButton()
        self.remedy_button = QPushButton()
        self.copy_button = QPushButton(self.tr("&Copy"))
        self.close_button = QPushButton(self.tr("C&lose"))
        self._timer = QTimer(self)
        self._timer.setInterval(_REFRESH_MS)
        self._timer.timeout.connect(self._refresh)
        self._lay_out()
        self._connect()

    def open_beside(self, taken: QRect | None) -> None:
        """Show it in front, off the screen area ``taken`` by what stays above it."""
        self._taken = taken
        if not self.isVisible():
            # Moved once it is there, it would be moved without the frame that it gets meanwhile.
            self._follow()
            self._lay_out_now()
        self.show()
        self.raise_()
        self.activateWindow()

    @property
    def text(self) -> str:
        """All that it says, a line each."""
        parts = (self.facts, self.trends, self.details)
        return "\n".join([self.verdict.text, *(line for part in parts for line in part.lines())])

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        """Begin to follow."""
        super().showEvent(event)
        self._follow()
        self._timer.start()
        self.close_button.setFocus(Qt.FocusReason.ActiveWindowFocusReason)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  # Qt's name
        """Follow no longer."""
        super().hideEvent(event)
        self._timer.stop()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  # Qt's name
        """Hide; the next time it is there at once."""
        event.ignore()
        self.hide()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        for button in (self.toggle_button, self.remedy_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        for button in (self.copy_button, self.close_button):
            buttons.addWidget(button)
        line_up(self.facts, self.trends, self.details.trends, self.details.counts)
        letter = self.fontMetrics()
        content = QWidget()
        self._content = QVBoxLayout(content)
        self._content.setSpacing(letter.height())
        for part in (self.verdict, self.facts, self.trends, self.details):
            self._content.addWidget(part)
        self._content.addStretch(1)
        self._area = QScrollArea()
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setWidget(content)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self._area, 1)
        self._column.addLayout(buttons)
        self.resize(_WIDTH_LETTERS * letter.averageCharWidth(), 16 * letter.height())

    def _connect(self) -> None:
        bridge, runner = self._desk.bridge, self._desk.runner
        bridge.health_changed.connect(self._on_health)
        runner.could_not_be_made.connect(self._on_health)
        bridge.level_changed.connect(self._on_level)
        bridge.state_changed.connect(self._on_news)
        bridge.source_changed.connect(self._on_news)
        bridge.endpoint_health_changed.connect(self._on_news)
        self.details.turned.connect(self._on_turned)
        self.toggle_button.clicked.connect(lambda: self._desk.do(Command.TOGGLE))
        self.remedy_button.clicked.connect(self._remedy)
        self.copy_button.clicked.connect(self._copy)
        self.close_button.clicked.connect(self.hide)
        QShortcut(QKeySequence.StandardKey.Close, self).activated.connect(self.hide)

    def _follow(self) -> None:
        self._show_health(self._desk.runner.health)
        self._refresh()

    def _lay_out_now(self) -> None:
        self.ensurePolished()
        for layout in (self._column, self._content):
            layout.activate()
        self._grow()
        self._step_aside()

    def _on_health(self, health: Health) -> None:
        if not self.isVisible():
            return
        if self._show_health(health):
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, self.verdict.text))
        self._refresh()

    def _on_news(self) -> None:
        if self.isVisible():
            self._refresh()

    def _on_turned(self) -> None:
        self._refresh()
        QTimer.singleShot(0, self, self._fit_details)

    def _fit_details(self) -> None:
        self._fit()
        if self.details.is_open:
            # Where the screen is too low for all, what was just asked for is seen.
            self._area.verticalScrollBar().setValue(self.details.y())

    def _on_level(self, event: LevelChanged) -> None:
        if self.isVisible():
            self.facts.show_level(event)

    def _show_health(self, health: Health) -> bool:
        """Show the sentence and what helps; return whether it is another one."""
        if other := health.other_output.replace("&", "&&"):
            title = self.tr("&Hear {device}").format(device=other)
        elif health.concern is Concern.SOURCE:
            title = self.tr("Choose what is &heard…")
        else:
            title = self.tr("Se&ttings…")
        self.remedy_button.setText(title)
        is_news = self.verdict.show_health(health)
        # What a screen reader says when the window comes to the front.
        self.setAccessibleDescription(self.verdict.text)
        return is_news

    def _refresh(self) -> None:
        runner, bridge = self._desk.runner, self._desk.bridge
        is_ended = self.verdict.health.state in _ENDED and not runner.is_running
        self.toggle_button.setText(
            self.tr("&Start captions") if is_ended else self.tr("&Stop captions")
        )
        self.facts.show_sources(bridge.sources if runner.is_running else {})
        self.facts.show_endpoint(self._endpoint_health())
        seconds = self._desk.last_minutes.seconds()
        self.trends.show_seconds(seconds)
        painted = [each.painted_s for each in seconds if each is not None]
        self.facts.show_painting([each for each in painted if each is not None])
        if (session := runner.session) is not None:
            self.facts.show_figures(session.figures)
        if self.details.is_open:
            self.details.fill(seconds)
        # Labels that have come or gone count from the next turn of the loop on.
        QTimer.singleShot(0, self, self._grow)

    def _endpoint_health(self) -> EndpointHealth | None:
        """Return the last news of the server, unless they are out of date."""
        known, state = self._desk.bridge.endpoint_health, self.verdict.health.state
        if known is None or state is HealthState.STOPPED:
            return None
        is_outdated = known.state is EndpointState.READY and state not in _RECOGNISING
        return None if is_outdated else known

    def _remedy(self) -> None:
        health = self.verdict.health
        if health.other_output:
            self._hear(health.other_output)
        else:
            self._open_settings("" if health.concern is None else _PAGES[health.concern])

    def _hear(self, output: str) -> None:
        if self._desk.live.now.audio.source == "both":
            self._desk.live.change({"audio.system_device": output})
        else:
            self._desk.live.change({"audio.source": "system", "audio.device": output})

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text)
        said = self.tr("Copied")
        self._desk.tell(said)
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, said))

    def _grow(self) -> None:
        """Be large enough for what is said now, as far as the screen is; never shrink for it."""
        if self._needed_height() > self.height():
            self._fit()

    def _fit(self) -> None:
        """Be as large as what is said now, as far as the screen is."""
        self.resize(self.width(), self._needed_height())
        self._step_aside()

    def _needed_height(self) -> int:
        inside = self._area.viewport().width()
        needed = self._content.totalHeightForWidth(inside) + self.height() - self._area.height()
        return min(needed, self._room(needed).height() - self._frame_height)

    @property
    def _frame_height(self) -> int:
        """What the window manager adds; a guess before it has."""
        added = self.frameGeometry().height() - self.height()
        return added or self.style().pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight)

    def _room(self, height: int) -> QRect:
        """Return the part of the screen that it may use to be ``height`` pixels high."""
        if (taken := self._taken) is None:
            return self.screen().availableGeometry()
        screen = QGuiApplication.screenAt(taken.center()) or self.screen()
        frame = self._frame_height
        least = self.minimumSizeHint().height() + frame
        return room_beside(taken, screen.availableGeometry(), height + frame, least)

    def _step_aside(self) -> None:
        """Stand beside what is taken, and be lower where there is less room than it needs."""
        taken, room = self._taken, self._room(self.height())
        if taken is None or room.intersects(taken):
            self._stay_on_screen()
            return
        self.resize(self.width(), min(self.height(), room.height() - self._frame_height))
        left = max(room.left(), min(taken.left(), room.right() - self.frameGeometry().width()))
        above = room.bottom() + 1 - self.height() - self._frame_height
        self.move(left, above if room.top() < taken.top() else room.top())

    def _stay_on_screen(self) -> None:
        """Move up where its lower end would not be seen; before it is shown it has no place."""
        free = self.screen().availableGeometry()
        over = self.frameGeometry().bottom() - free.bottom()
        if self.isVisible() and over > 0:
            self.move(self.x(), max(free.top(), self.y() - over))
