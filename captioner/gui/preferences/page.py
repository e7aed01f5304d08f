"""A page of the settings dialog: rows with a label, a control, and what is wrong with its value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGroupBox,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from captioner.gui.desk import Desk
from captioner.gui.preferences.draft import Draft
from captioner.gui.text.sentences import said


@dataclass(frozen=True)
class Row:
    """A row of a page, for the search.

    Attributes:
        label: What the row is called.
        words: What else it may be looked for by.
        control: What takes the focus.
    """

    label: str
    words: str
    control: QWidget


class Page(QWidget):
    """Base of all pages. A page shows the draft and enters changes into it; it applies nothing.

    Attributes:
        rows: All rows, for the search.
    """

    def __init__(self, draft: Draft, desk: Desk) -> None:
        """Begin an empty page on ``draft``."""
        super().__init__()
        self.draft = draft
        self.desk = desk
        self.rows: list[Row] = []
        self._shows: list[Callable[[], None]] = []
        self._column = QVBoxLayout(self)
        self._column.setAlignment(Qt.AlignmentFlag.AlignTop)
        draft.reloaded.connect(self.show_values)

    @property
    def title(self) -> str:
        """What the page is called in the list of pages."""
        raise NotImplementedError

    def show_values(self) -> None:
        """Show what the draft says now."""
        for show in self._shows:
            show()

    def group(self, title: str) -> QFormLayout:
        """Begin a group of rows."""
        box = QGroupBox(title)
        form = QFormLayout(box)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self._column.addWidget(box)
        return form

    def add(self, widget: QWidget) -> None:
        """Put something of its own kind below the groups so far."""
        self._column.addWidget(widget)

    def row(
        self,
        form: QFormLayout,
        label: str,
        control: QWidget,
        *,
        field: str = "",
        help_text: str = "",
        words: str = "",
    ) -> None:
        """Add a row.

        Args:
            form: The group, from `group`.
            label: What it is called, with an ``&`` before the letter that leads there; empty for
                a control that says so itself, such as a check box.
            control: What the user changes; it gets its accessible name here.
            field: The setting; where it is locked, the row says by what, and a value that makes
                no sense is explained below.
            help_text: What else there is to know, shown below in small print.
            words: What else it may be looked for by.
        """
        own_text = control.text() if isinstance(control, QCheckBox) else ""
        name = (label or own_text).replace("&", "")
        control.setAccessibleName(name.rstrip(":"))
        self.rows.append(Row(name, f"{words} {help_text} {field}", control))
        cell = QWidget()
        column = QVBoxLayout(cell)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(control)
        if help_text:
            column.addWidget(_small_print(help_text))
            control.setAccessibleDescription(help_text)
        if field:
            column.addWidget(self._problem_of(field, control))
            self._lock(field, control, column)
        if label:
            caption = QLabel(label)
            caption.setBuddy(control)
            form.addRow(caption, cell)
        else:
            form.addRow(cell)

    def check(self, field: str, text: str) -> QCheckBox:
        """Return a check box for the yes-or-no setting ``field``."""
        box = QCheckBox(text)
        box.toggled.connect(lambda is_on: self.draft.set(field, is_on))
        self._follow(box, lambda: box.setChecked(bool(self.draft.value(field))))
        return box

    def choice(self, field: str, options: Sequence[tuple[str, object]]) -> QComboBox:
        """Return a list for ``field``, of titles and their values."""
        box = QComboBox()
        for title, value in options:
            box.addItem(title, value)
        values = [value for _, value in options]
        box.currentIndexChanged.connect(lambda index: self.draft.set(field, values[index]))

        def show() -> None:
            value = self.draft.value(field)
            box.setCurrentIndex(values.index(value) if value in values else -1)

        self._follow(box, show)
        return box

    def number(
        self, field: str, least: int, most: int, *, suffix: str = "", scale: float = 1
    ) -> QSpinBox:
        """Return a box for a number, shown in units of ``scale``: 0.01 for a share in percent."""
        box = QSpinBox()
        box.setRange(least, most)
        box.setSuffix(suffix)
        kind = int if scale == 1 else float
        box.valueChanged.connect(lambda shown: self.draft.set(field, kind(round(shown * scale, 6))))
        self._follow(box, lambda: box.setValue(round(float(str(self.draft.value(field))) / scale)))
        return box

    def text(self, field: str, *, none_if_empty: bool = False) -> QLineEdit:
        """Return a line for the text of ``field``."""
        line = QLineEdit()
        line.textEdited.connect(
            lambda text: self.draft.set(field, None if none_if_empty and not text else text)
        )

        def show() -> None:
            value = self.draft.value(field)
            shown = "" if value is None else str(value)
            if line.text() != shown:
                line.setText(shown)

        self._follow(line, show)
        return line

    def _follow(self, control: QWidget, show: Callable[[], None]) -> None:
        """Let ``control`` show the draft now and whenever it changes otherwise."""

        def quietly() -> None:
            with QSignalBlocker(control):
                show()

        self._shows.append(quietly)
        quietly()

    def _problem_of(self, field: str, control: QWidget) -> QLabel:
        label = QLabel()
        label.setWordWrap(True)
        label.setProperty("role", "problem")
        label.hide()

        def show() -> None:
            problem = self.draft.problems.get(field)
            label.setVisible(problem is not None)
            label.setText("" if problem is None else f"\u26a0 {said(problem.message)}")
            control.setProperty("isBad", problem is not None)

        self.draft.checked.connect(show)
        return label

    def _lock(self, field: str, control: QWidget, column: QVBoxLayout) -> None:
        if "." not in field or (origin := self.draft.locked_by(field)) is None:
            return
        control.setEnabled(False)
        column.addWidget(_small_print(self.tr("Set by {origin}.").format(origin=origin)))


def _small_print(text: str) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setProperty("role", "help")
    return label
