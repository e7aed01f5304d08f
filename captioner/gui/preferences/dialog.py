"""The settings dialog: pages on one draft, a search over all of them, and a way back."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
)

from captioner.core.errors import CaptionerError
from captioner.gui.desk import Desk
from captioner.gui.preferences.about_page import AboutPage
from captioner.gui.preferences.audio_page import AudioPage
from captioner.gui.preferences.backup_page import BackupPage
from captioner.gui.preferences.captions_page import CaptionsPage
from captioner.gui.preferences.draft import Draft
from captioner.gui.preferences.feed_page import FeedPage
from captioner.gui.preferences.history_page import HistoryPage
from captioner.gui.preferences.look_page import LookPage
from captioner.gui.preferences.message_bar import MessageBar
from captioner.gui.preferences.navigation import ENTER, Navigation, scrolled
from captioner.gui.preferences.page import Page, Row
from captioner.gui.preferences.server_page import ServerPage
from captioner.gui.preferences.shortcuts_page import ShortcutsPage
from captioner.gui.preferences.step_aside import CaptionsPlace, StepAside
from captioner.gui.preferences.style import style_sheet
from captioner.gui.preferences.window_page import WindowPage
from captioner.gui.preferences.words_page import WordsPage
from captioner.gui.text.sentences import said

PAGES: Final[tuple[type[Page], ...]] = (
    AudioPage,
    ServerPage,
    LookPage,
    WindowPage,
    CaptionsPage,
    WordsPage,
    ShortcutsPage,
    HistoryPage,
    FeedPage,
    BackupPage,
    AboutPage,
)
"""All pages in the order of the list."""


class Preferences(QDialog):
    """All settings. What is entered is seen on the overlay at once, and holds when applied."""

    def __init__(self, desk: Desk, captions: CaptionsPlace) -> None:
        """Build all pages.

        Args:
            desk: What pages may use.
            captions: Where the captions are.
        """
        super().__init__()
        self._step_aside = StepAside(self, captions)
        self.setWindowTitle(self.tr("Captioner settings"))
        self.setWindowFlag(Qt.WindowType.WindowMinMaxButtonsHint)
        self._live = desk.live
        self._tasks = desk.tasks
        self._is_applying = False
        self._asks = False
        self._found_row: Row | None = None
        self.draft = Draft(desk.live)
        self.pages = [make(self.draft, desk) for make in PAGES]
        self.navigation = Navigation(self.pages)
        self.stack = QStackedWidget()
        self._areas = [scrolled(page) for page in self.pages]
        for area in self._areas:
            self.stack.addWidget(area)
        self.bar = MessageBar(self)
        self._buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok
            | QDialogButtonBox.StandardButton.Cancel
            | QDialogButtonBox.StandardButton.Apply
        )
        self.ok_button = self._button(QDialogButtonBox.StandardButton.Ok)
        self.cancel_button = self._button(QDialogButtonBox.StandardButton.Cancel)
        self.apply_button = self._button(QDialogButtonBox.StandardButton.Apply)
        self._lay_out()
        self._connect()
        self._dress()
        self._refresh()

    def open_page(self, key: str = "") -> None:
        """Show the dialog in front, at the page of this name, or where it was."""
        for number, page in enumerate(self.pages):
            if key == page.key:
                self.navigation.choose(number)
        if not self.isVisible():
            self._step_aside.before_show()
        self.show()
        self.ok_button.setDefault(False)  # the box of buttons thinks otherwise when it is shown
        self.raise_()
        self.activateWindow()

    def accept(self) -> None:
        """Apply everything and close."""
        self._tasks.start(self._apply(closes=True), name="apply-settings-dialog")

    def reject(self) -> None:
        """Close, unless something would be lost by it: then ask."""
        if not self._is_changed or not self.isVisible():
            self.cancel()
        elif self._asks:
            self._stay()
        else:
            self.bar.say(
                self.tr("There are changes that are not applied yet."),
                (self.tr("Apply and close"), self.accept),
                (self.tr("Discard and close"), self.cancel),
                (self.tr("Stay here"), self._stay),
            )
            self._asks = True
            self.bar.focus()

    def cancel(self) -> None:
        """Forget what was entered, and close."""
        for page in self.pages:
            page.forget()
        self.draft.discard()
        self.navigation.search.clear()
        self.hide()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  # Qt's name
        """Follow the system between light and dark."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """Let Enter press the button that has the focus, and none that has not."""
        if event.key() not in ENTER:
            super().keyPressEvent(event)
        elif isinstance(button := self.focusWidget(), QPushButton):
            button.click()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        """Look once more at what may have changed outside."""
        super().showEvent(event)
        if event.spontaneous():
            return  # it was minimised
        for page in self.pages:
            page.show_values()
            page.opened()

    @property
    def _is_changed(self) -> bool:
        return self.draft.is_changed or any(page.is_changed for page in self.pages)

    def _lay_out(self) -> None:
        middle = QHBoxLayout()
        middle.addWidget(self.navigation)
        middle.addWidget(self.stack, 1)
        column = QVBoxLayout(self)
        column.addLayout(middle, 1)
        column.addWidget(self.bar)
        column.addWidget(self._buttons)
        letter = self.fontMetrics().averageCharWidth()
        self.resize(110 * letter, 42 * self.fontMetrics().height())

    def _connect(self) -> None:
        self.navigation.page_chosen.connect(self.stack.setCurrentIndex)
        self.navigation.row_chosen.connect(self.go_to)
        self.ok_button.clicked.connect(self.accept)
        self.cancel_button.clicked.connect(self.cancel)
        self.apply_button.clicked.connect(
            lambda: self._tasks.start(self._apply(closes=False), name="apply-settings-dialog")
        )
        self.draft.changed.connect(self._refresh)
        self.draft.checked.connect(self._refresh)
        self.draft.reloaded.connect(self._refresh)
        for page in self.pages:
            page.touched.connect(self._refresh)
        for keys, step in (("Ctrl+PgDown", 1), ("Ctrl+PgUp", -1)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.activated.connect(lambda step=step: self.navigation.step(step))
        QShortcut(QKeySequence.StandardKey.Find, self).activated.connect(
            self.navigation.focus_search
        )

    def go_to(self, page: Page, row: Row) -> None:
        """Open ``page`` at ``row``, which is framed and takes the keys."""
        self.navigation.choose(self.pages.index(page))
        page.reveal(row)
        self._frame(row)
        self._areas[self.stack.currentIndex()].ensureWidgetVisible(row.cell or row.control)
        row.control.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _frame(self, row: Row) -> None:
        for each, is_found in ((self._found_row, False), (row, True)):
            if each is not None and each.cell is not None:
                each.cell.setProperty("isFound", is_found)
                each.cell.style().polish(each.cell)
        self._found_row = row

    def _refresh(self) -> None:
        """Preview what is entered, say what is wrong with it, and offer what can be done."""
        self._live.preview(self.draft.settings if self.draft.is_changed else None)
        self._step_aside.soon()
        problem = next(iter(self.draft.problems.items()), None)
        self._asks = False
        if problem is None:
            self.bar.clear()
        else:
            self._say_problem(*problem)
        is_sound = problem is None and not self._is_applying
        self.ok_button.setEnabled(is_sound)
        self.apply_button.setEnabled(is_sound and self._is_changed)

    def _say_problem(self, field: str, problem: CaptionerError) -> None:
        places = ((page, row) for page in self.pages for row in page.rows if row.field == field)
        page, row = next(places, (None, None))
        if page is None or row is None:
            self.bar.say(said(problem.message))
            return
        self.bar.say(
            f"{page.title}: {page.explained(problem, field, row.label)}",
            (self.tr("Go there"), lambda: self.go_to(page, row)),
        )

    def _stay(self) -> None:
        self._refresh()
        self.stack.setFocus()

    async def _apply(self, *, closes: bool) -> None:
        if self._is_applying:
            return
        self._is_applying = True
        self._refresh()
        trouble: CaptionerError | None = None
        try:
            for page in self.pages:
                await page.commit()
            self.draft.apply()
        except CaptionerError as error:
            trouble = error
        finally:
            self._is_applying = False
            self._refresh()
        if trouble is not None:
            self.bar.say(" ".join(said(text) for text in (trouble.message, trouble.hint) if text))
        elif closes:
            self.cancel()

    def _button(self, which: QDialogButtonBox.StandardButton) -> QPushButton:
        button = self._buttons.button(which)
        button.setText(button.text().replace("&", ""))  # their letters belong to the pages
        button.setAutoDefault(False)
        button.setDefault(False)
        return button

    def _dress(self) -> None:
        sheet = style_sheet(self.palette())
        if sheet != self.styleSheet():
            self.setStyleSheet(sheet)
