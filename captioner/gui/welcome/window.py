"""The window of the first steps; captions go on meanwhile, and show what is chosen."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from captioner.gui.desk import Desk
from captioner.gui.preferences.step_aside import CaptionsPlace, StepAside
from captioner.gui.preferences.style import style_sheet
from captioner.gui.welcome.hear_step import HearStep
from captioner.gui.welcome.look_step import LookStep
from captioner.gui.welcome.recognise_step import RecogniseStep
from captioner.gui.welcome.step import Step

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_TITLE_SCALE = 1.4


class Welcome(QWidget):
    """Three steps, each of which can be skipped: then all is as it was before it."""

    def __init__(
        self, desk: Desk, open_settings: Callable[[str], None], captions: CaptionsPlace
    ) -> None:
        """Build the steps.

        Args:
            desk: The front end.
            open_settings: Opens the settings at a page.
            captions: Where the captions are.
        """
        super().__init__()
        self._desk = desk
        self._step_aside = StepAside(self, captions)
        self.setWindowTitle(self.tr("Welcome to Captioner"))
        self.steps: tuple[Step, ...] = (
            HearStep(desk),
            RecogniseStep(desk, open_settings),
            LookStep(desk),
        )
        self.stack = QStackedWidget()
        for step in self.steps:
            self.stack.addWidget(step)
            step.touched.connect(lambda: self._show_problem(""))
        self.progress = QLabel()
        self.progress.setProperty("role", "help")
        self.heading = QLabel()
        self.heading.setWordWrap(True)
        font = self.heading.font()
        font.setPointSizeF(font.pointSizeF() * _TITLE_SCALE)
        self.heading.setFont(font)
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        self.problem.setProperty("role", "problem")
        self.skip_button = QPushButton(self.tr("S&kip (Esc)"))
        self.back_button = QPushButton(self.tr("&Back"))
        self.next_button = QPushButton()
        self._lay_out()
        self.skip_button.clicked.connect(self.skip)
        self.back_button.clicked.connect(self.back)
        self.next_button.clicked.connect(self.next)
        desk.live.changed.connect(self._step_aside.soon)
        self._dress()

    def open(self) -> None:
        """Show the window in front, from the first step on."""
        if not self.isVisible():
            self._go(0)
            self._step_aside.before_show()
        self.show()
        self.raise_()
        self.activateWindow()

    def next(self) -> None:
        """Keep what was chosen, and go on."""
        problem = self._step.finish()
        self._show_problem(problem)
        if not problem:
            self._go_on()

    def skip(self) -> None:
        """Let all be as it was before this step, and go on."""
        self._step.skip()
        self._go_on()

    def back(self) -> None:
        """Go back to the step before."""
        self._go(self.stack.currentIndex() - 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """Esc skips the step; Enter goes on, or presses the button that has the focus."""
        if event.key() == Qt.Key.Key_Escape:
            self.skip()
        elif event.key() in _ENTER:
            focused = self.focusWidget()
            (focused if isinstance(focused, QPushButton) else self.next_button).click()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  # Qt's name
        """Whoever closes the window has seen it, and is not asked again."""
        super().closeEvent(event)
        self._remember()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  # Qt's name
        """Follow the system between light and dark."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()

    @property
    def _step(self) -> Step:
        return self.steps[self.stack.currentIndex()]

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.skip_button)
        buttons.addStretch(1)
        buttons.addWidget(self.back_button)
        buttons.addWidget(self.next_button)
        foot = QLabel(self.tr("All of this can be changed later in the settings."))
        foot.setWordWrap(True)
        foot.setProperty("role", "help")
        column = QVBoxLayout(self)
        margin = self.fontMetrics().height()
        column.setContentsMargins(margin, margin, margin, margin)
        for part in (self.progress, self.heading):
            column.addWidget(part)
        column.addSpacing(margin // 2)
        area = QScrollArea()  # a small screen with big text has not room for all of a step
        area.setWidget(self.stack)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column.addWidget(area, 1)
        for part in (self.problem, foot):
            column.addWidget(part)
        column.addSpacing(margin // 2)
        column.addLayout(buttons)
        letter = self.fontMetrics().averageCharWidth()
        wanted = QSize(80 * letter, 34 * self.fontMetrics().height())
        self.resize(wanted.boundedTo(self.screen().availableSize()))

    def _go_on(self) -> None:
        number = self.stack.currentIndex() + 1
        if number < len(self.steps):
            self._go(number)
        else:
            self.close()

    def _go(self, number: int) -> None:
        self.stack.setCurrentIndex(number)
        self._show_problem("")
        is_last = number == len(self.steps) - 1
        step = self._step
        step.begin()
        self.progress.setText(
            self.tr("Step {number} of {count}").format(number=number + 1, count=len(self.steps))
        )
        self.heading.setText(step.title)
        self.setAccessibleDescription(step.title)
        self.back_button.setEnabled(number > 0)
        self.next_button.setText(self.tr("&Finish") if is_last else self.tr("&Next"))
        step.first.setFocus()

    def _show_problem(self, sentence: str) -> None:
        self.problem.setText(f"\u26a0 {sentence}" if sentence else "")
        self.problem.setVisible(bool(sentence))

    def _remember(self) -> None:
        if not self._desk.live.loaded.saved.desktop.was_welcomed:
            self._desk.live.change({"desktop.was_welcomed": True})

    def _dress(self) -> None:
        sheet = style_sheet(self.palette())
        if sheet != self.styleSheet():
            self.setStyleSheet(sheet)
