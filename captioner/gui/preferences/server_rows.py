"""Rows for the fields of a server: each shows a value, tells another, and says what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSpinBox,
    QWidget,
)

from captioner.gui.preferences.file_field import FileField
from captioner.gui.preferences.server_records import Entry, value_of

if TYPE_CHECKING:
    from captioner.gui.preferences.page import Page

_LAST_PORT: Final = 65535
_LINES_OF_A_TABLE: Final = 4


class ServerRows(QObject):
    """Builds rows on a page.

    Attributes:
        form: The group that rows are added to.
        controls: What is changed, by field of `EndpointSettings`.
        problems: What is wrong with the field; hidden while nothing is.

    Signals:
        entered: A field by name, and what is entered for it.
    """

    entered = Signal(str, object)

    def __init__(self, page: Page, form: QFormLayout) -> None:
        """Build no row yet."""
        super().__init__(page)
        self.form = form
        self.controls: dict[str, QWidget] = {}
        self.problems: dict[str, QLabel] = {}
        self._page = page
        self._shows: dict[str, Callable[[object], None]] = {}

    def show_values(self, entry: Entry) -> None:
        """Show ``entry`` without telling anybody."""
        for field, show in self._shows.items():
            with QSignalBlocker(self.controls[field]):
                show(value_of(entry, field))

    def say_problem(self, field: str, problem: str) -> None:
        """Say below the row of ``field`` what is wrong with it; nothing with an empty text."""
        label = self.problems[field]
        label.setText(f"\u26a0 {problem}")
        label.setVisible(bool(problem))

    def add(
        self,
        field: str,
        label: str,
        control: QWidget,
        *,
        show: Callable[[object], None],
        help_text: str = "",
        words: str = "",
    ) -> None:
        """Add a row for ``field``, whose value ``show`` shows in ``control``; see `Page.row`."""
        words = f"{words} {field}"
        self._page.row(self.form, label, control, help_text=help_text, words=words)
        problem = self.problems[field] = QLabel()
        problem.setWordWrap(True)
        problem.setProperty("role", "problem")
        problem.hide()
        cell = self._page.rows[-1].cell
        if cell is not None and (column := cell.layout()) is not None:
            column.addWidget(problem)
        self.controls[field] = control
        self._shows[field] = show

    def line(
        self,
        field: str,
        label: str,
        help_text: str,
        *,
        empty: str | None = None,
        words: str = "",
    ) -> QLineEdit:
        """Add a line of text; ``empty`` is the value of an empty one."""
        line = QLineEdit()

        def show(value: object) -> None:
            if (line.text().strip() or empty) != value:
                line.setText(str(value or ""))

        line.textEdited.connect(lambda text: self.entered.emit(field, text.strip() or empty))
        self.add(field, label, line, show=show, help_text=help_text, words=words)
        return line

    def file(self, field: str, label: str, control: FileField, help_text: str) -> None:
        """Add the path of a file."""
        control.entered.connect(lambda path: self.entered.emit(field, path or None))

        def show(value: object) -> None:
            control.show_path(str(value or ""))

        self.add(field, label, control, show=show, help_text=help_text)

    def port(self, field: str, label: str, help_text: str) -> None:
        """Add the number of a port."""
        box = QSpinBox()
        box.setRange(1, _LAST_PORT)
        box.valueChanged.connect(lambda value: self.entered.emit(field, value))

        def show(value: object) -> None:
            box.setValue(int(str(value)))

        self.add(field, label, box, show=show, help_text=help_text)

    def check(self, field: str, text: str, help_text: str = "", *, words: str = "") -> None:
        """Add a box that is checked or not."""
        box = QCheckBox(text)
        box.toggled.connect(lambda is_on: self.entered.emit(field, is_on))

        def show(value: object) -> None:
            box.setChecked(bool(value))

        self.add(field, "", box, show=show, help_text=help_text, words=words)

    def choice(
        self, field: str, label: str, options: Sequence[tuple[str, object]], help_text: str
    ) -> None:
        """Add a list of titles and their values."""
        box = QComboBox()
        for title, _ in options:
            box.addItem(title)
        values = [value for _, value in options]
        box.currentIndexChanged.connect(lambda index: self.entered.emit(field, values[index]))

        def show(value: object) -> None:
            box.setCurrentIndex(values.index(value))

        self.add(field, label, box, show=show, help_text=help_text)

    def table(self, field: str, label: str, help_text: str) -> None:
        """Add lines of ``name=value``."""
        text = QPlainTextEdit()
        text.setTabChangesFocus(True)
        text.setFixedHeight(text.fontMetrics().height() * _LINES_OF_A_TABLE)

        def show(value: object) -> None:
            if isinstance(value, Mapping) and _table_from(text.toPlainText()) != value:
                text.setPlainText("\n".join(f"{name}={each}" for name, each in value.items()))

        text.textChanged.connect(lambda: self.entered.emit(field, _table_from(text.toPlainText())))
        self.add(field, label, text, show=show, help_text=help_text)


def _table_from(text: str) -> dict[str, str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    parts = [line.partition("=") for line in lines]
    return {name.strip().lower(): value.strip() for name, _, value in parts}
