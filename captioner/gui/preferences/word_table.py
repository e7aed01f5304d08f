"""A table of words that the user fills in: a row each, checked while it is typed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from captioner.gui.text.sentences import said
from captioner.settings.base import SettingsModel

Entry = SettingsModel | dict[str, object]
"""A row: a model where it makes sense, else what was typed, by field."""

_ROWS_SEEN = 4


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Attributes:
        field: Name of the field of the model.
        title: What stands above it.
        default: What a new row has there; its type chooses the editor.
    """

    field: str
    title: str
    default: str | float


class WordTable(QWidget):
    """Rows with a button to add and one to remove; Insert, Delete, F2 and Enter do the same.

    A row in which nothing is entered does not count.

    Signals:
        edited: The user has changed something; ask for `entries`.
    """

    edited = Signal()

    def __init__(
        self,
        name: str,
        model: type[SettingsModel],
        columns: Sequence[Column],
        add: str,
        remove: str,
    ) -> None:
        """Begin without rows.

        Args:
            name: What is in the table.
            model: What a row is.
            columns: One for each field.
            add: Title of the button that adds a row.
            remove: Title of the button that removes the current one.
        """
        super().__init__()
        self._model = model
        self._columns = columns
        self.table = _Table(0, len(columns))
        self.table.setAccessibleName(name)
        self.table.setHorizontalHeaderLabels([column.title for column in columns])
        self.table.itemChanged.connect(self._on_edited)
        self.table.insert_wanted.connect(self.add_row)
        self.table.delete_wanted.connect(self.remove_row)
        self.table.currentCellChanged.connect(self._refresh)
        self.add_button = QPushButton(add)
        self.add_button.clicked.connect(self.add_row)
        self.remove_button = QPushButton(remove)
        self.remove_button.clicked.connect(self.remove_row)
        self._problem = QLabel()
        self._problem.setWordWrap(True)
        self._problem.setProperty("role", "problem")
        self.setAccessibleName(name)
        self.setFocusProxy(self.table)
        buttons = QHBoxLayout()
        buttons.addWidget(self.add_button)
        buttons.addWidget(self.remove_button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)
        column.addWidget(self._problem)
        column.addLayout(buttons)
        self._refresh()

    @property
    def problem(self) -> str:
        """What is wrong with the first row that makes no sense; empty where all do."""
        return self._problem.text()

    def entries(self) -> tuple[Entry, ...]:
        """Return the rows that count."""
        return tuple(self._checked(record)[0] for _, record in self._records())

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show ``entries``, unless these are what is shown already."""
        if tuple(entries) == self.entries() and self.table.rowCount() >= len(entries):
            return
        with QSignalBlocker(self.table):
            self.table.setRowCount(0)
            for entry in entries:
                record = entry if isinstance(entry, dict) else entry.model_dump()
                self._insert([record.get(column.field, column.default) for column in self._columns])
        self._refresh()

    def add_row(self) -> None:
        """Add an empty row and begin to fill it in."""
        with QSignalBlocker(self.table):
            self._insert([column.default for column in self._columns])
        self.table.setCurrentCell(self.table.rowCount() - 1, 0)
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)
        self.table.edit(self.table.currentIndex())

    def remove_row(self) -> None:
        """Remove the current row."""
        row = self.table.currentRow()
        if row >= 0:
            self.table.removeRow(row)
            self._on_edited()

    def _insert(self, values: Sequence[object]) -> None:
        row = self.table.rowCount()
        self.table.insertRow(row)
        for number, value in enumerate(values):
            item = QTableWidgetItem()
            item.setData(Qt.ItemDataRole.EditRole, value)
            self.table.setItem(row, number, item)

    def _records(self) -> Iterator[tuple[int, dict[str, object]]]:
        """Yield the number and the content of each row that counts."""
        for row in range(self.table.rowCount()):
            record = {
                column.field: self._value(row, number)
                for number, column in enumerate(self._columns)
            }
            if any(isinstance(value, str) and value.strip() for value in record.values()):
                yield row, record

    def _value(self, row: int, column: int) -> object:
        item = self.table.item(row, column)
        value = None if item is None else item.data(Qt.ItemDataRole.EditRole)
        return self._columns[column].default if value is None else value

    def _checked(self, record: dict[str, object]) -> tuple[Entry, str]:
        """Return the row as a model, or as it is with what is wrong with it."""
        try:
            return self._model.model_validate(record), ""
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            return record, said(first["msg"].removeprefix("Value error, "))

    def _on_edited(self) -> None:
        self._refresh()
        self.edited.emit()

    def _refresh(self) -> None:
        found = ((row, self._checked(record)[1]) for row, record in self._records())
        row, problem = next(((row, text) for row, text in found if text), (0, ""))
        text = self.tr("Row {number}: {problem}.").format(number=row + 1, problem=problem)
        self._problem.setText(f"\u26a0 {text}" if problem else "")
        self._problem.setVisible(bool(problem))
        self.remove_button.setEnabled(self.table.currentRow() >= 0)


class _Table(QTableWidget):
    """Driven by the keyboard alone; Tab leads on to the next control."""

    insert_wanted = Signal()
    delete_wanted = Signal()

    def __init__(self, rows: int, columns: int) -> None:
        super().__init__(rows, columns)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self._grow()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  # Qt's name
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._grow()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        if event.key() == Qt.Key.Key_Insert:
            self.insert_wanted.emit()
        elif event.key() == Qt.Key.Key_Delete:
            self.delete_wanted.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentRow() >= 0:
            self.edit(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _grow(self) -> None:
        """Leave room for some rows, however large the letters are."""
        row = self.fontMetrics().height() + 8
        self.setMinimumHeight(row * (_ROWS_SEEN + 1) + 2 * self.frameWidth())
