"""The left side of the settings dialog: the list of pages, or what the search has found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from captioner.gui.preferences.page import Page
from captioner.gui.preferences.search import Found, find

ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Navigation(QWidget):
    """A search field, and below it the pages; while something is searched, the rows found.

    Signals:
        page_chosen: The number of a page.
        row_chosen: A `Page` and its `Row`.
    """

    page_chosen = Signal(int)
    row_chosen = Signal(object, object)

    def __init__(self, pages: Sequence[Page]) -> None:
        """List ``pages``, the first one chosen."""
        super().__init__()
        self._all = pages
        self._found: list[Found] = []
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search (Ctrl+F)"))
        self.search.setAccessibleName(self.tr("Search the settings"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._on_text)
        self.search.installEventFilter(self)
        self.pages = _List()
        self.pages.setAccessibleName(self.tr("Pages of the settings"))
        for page in pages:
            self.pages.addItem(page.title)
        self.pages.setCurrentRow(0)
        self.pages.currentRowChanged.connect(self.page_chosen)
        self.results = _List()
        self.results.setAccessibleName(self.tr("Settings found"))
        self.results.setWordWrap(True)
        self.results.setAlternatingRowColors(True)  # each is of two lines: what, and on which page
        self.results.itemActivated.connect(self._on_activated)
        self.results.itemClicked.connect(self._on_activated)
        self.results.installEventFilter(self)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.pages)
        self._stack.addWidget(self.results)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.search)
        column.addWidget(self._stack)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Expanding)

    def choose(self, number: int) -> None:
        """Go to the page ``number``."""
        self.pages.setCurrentRow(number)

    def step(self, by: int) -> None:
        """Go to the page that is ``by`` further down."""
        self.choose((self.pages.currentRow() + by) % len(self._all))

    def focus_search(self) -> None:
        """Take the keys to the search field."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt's name
        """Enter goes to what was found, Down leads from the search into it, Escape empties it."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        if event.key() in ENTER:
            # It ends here: the dialog would press the button that is gone to by it.
            if self._found:
                self._go(self._found[max(0, self.results.currentRow())])
            return True
        if watched is not self.search:
            return False
        if event.key() == Qt.Key.Key_Down:
            shown = self.results if self.search.text() else self.pages
            shown.setFocus(Qt.FocusReason.OtherFocusReason)
            return True
        if event.key() == Qt.Key.Key_Escape and self.search.text():
            self.search.clear()
            return True
        return False

    def _on_text(self, text: str) -> None:
        self._found = find(text, self._all)
        self.results.clear()
        for found in self._found:
            self.results.addItem(f"{found.row.label}\n{found.page.title}")
        if text.strip() and not self._found:
            self.results.addItem(_nothing(self.tr("Nothing found")))
        self.results.setCurrentRow(0)
        self._stack.setCurrentWidget(self.results if text.strip() else self.pages)

    def _on_activated(self, item: QListWidgetItem) -> None:
        if self._found:
            self._go(self._found[self.results.row(item)])

    def _go(self, found: Found) -> None:
        self.row_chosen.emit(found.page, found.row)


class _List(QListWidget):
    """As wide as its entries ask for."""

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        """Return room for the longest entry, within reason."""
        letter = self.fontMetrics().averageCharWidth()
        wanted = self.sizeHintForColumn(0) + 2 * self.frameWidth() + 3 * letter
        return QSize(max(18 * letter, min(wanted, 30 * letter)), super().sizeHint().height())


def _nothing(text: str) -> QListWidgetItem:
    item = QListWidgetItem(text)
    item.setFlags(Qt.ItemFlag.ItemIsEnabled)
    return item


def scrolled(page: Page) -> QScrollArea:
    """Return ``page`` in an area that scrolls where the dialog is too small for it."""
    area = QScrollArea()
    area.setWidget(page)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area
