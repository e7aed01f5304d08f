"""A page of the settings dialog: rows with a label, a control, and what is wrong with its value."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGroupBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from captioner.core.errors import CaptionerError
from captioner.gui.desk import Desk
from captioner.gui.preferences.draft import Draft
from captioner.gui.preferences.wheel import NoAccidentalWheel
from captioner.gui.text.sentences import said


@dataclass(frozen=True)
class Row:
    """A row of a page, for the search.

    Attributes:
        label: What the row is called.
        words: What else it may be looked for by.
        control: What takes the focus.
        field: The setting, where there is just one.
        cell: What is framed when the row was looked for.
    """

    label: str
    words: str
    control: QWidget
    field: str = ""
    cell: QWidget | None = None


class Page(QWidget):
    """Base of all pages. A page shows the draft and enters changes into it; it applies nothing.

    Attributes:
        key: Its name in code, for `Preferences.open_page`.
        rows: All rows, for the search.

    Signals:
        touched: What is entered beside the draft has changed; `is_changed` may be another.
    """

    key: ClassVar[str] = ""
    touched = Signal()

    def __init__(self, draft: Draft, desk: Desk) -> None:
        """Begin an empty page on ``draft``."""
        super().__init__()
        self.draft = draft
        self.desk = desk
        self.rows: list[Row] = []
        self._shows: list[Callable[[], None]] = []
        self._calm = NoAccidentalWheel(self)
        self._column = QVBoxLayout()
        # A layout that is aligned itself gives wrapped text too little height.
        whole = QVBoxLayout(self)
        whole.addLayout(self._column)
        whole.addStretch(1)
        draft.reloaded.connect(self.show_values)

    @property
    def title(self) -> str:
        """What the page is called in the list of pages."""
        raise NotImplementedError

    @property
    def is_changed(self) -> bool:
        """Whether something beside the draft waits to be applied, such as a key."""
        return False

    def show_values(self) -> None:
        """Show what the draft says now."""
        for show in self._shows:
            show()

    def opened(self) -> None:
        """The dialog is shown: look once more at what may have changed outside the program."""

    async def commit(self) -> None:
        """Keep what is entered beside the draft; called before the draft is applied.

        Raises:
            CaptionerError: It cannot be kept; then nothing is applied.
        """

    def explained(self, problem: CaptionerError, field: str, name: str) -> str:
        """Return what is wrong with ``field``, which people call ``name``."""
        return with_name(said(problem.message), field, name)

    def reveal(self, row: Row) -> None:
        """Unfold what ``row`` is in: somebody looks for it."""

    def forget(self) -> None:
        """Forget what is entered beside the draft, because the user cancels."""

    def group(self, title: str) -> QFormLayout:
        """Begin a group of rows."""
        box = QGroupBox(title)
        form = QFormLayout(box)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
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
            control: What the user changes; it, or its focus proxy, gets its accessible name here.
            field: The setting; where it is locked, the row says by what, and a value that makes
                no sense is explained below.
            help_text: What else there is to know, shown below in small print.
            words: What else it may be looked for by.
        """
        target = control.focusProxy() or control
        own_text = (
            control.text() if isinstance(control, QAbstractButton) else control.accessibleName()
        )
        name = (label or own_text).replace("&", "").rstrip(":")
        target.setAccessibleName(name)
        self._calm.guard(target)
        cell = QWidget()
        cell.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        cell.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.rows.append(Row(name, f"{words} {help_text} {field}", target, field, cell))
        column = QVBoxLayout(cell)
        column.setContentsMargins(4, 3, 4, 3)  # the frame of what was looked for goes there
        column.setSpacing(2)
        is_short = isinstance(control, QComboBox | QAbstractSpinBox | QPushButton)
        column.addWidget(
            control, alignment=Qt.AlignmentFlag.AlignLeading if is_short else Qt.AlignmentFlag(0)
        )
        if help_text:
            column.addWidget(small_print(help_text))
            target.setAccessibleDescription(help_text)
        if field:
            self.draft.names[field] = f"{self.title}: {name}"
            column.addWidget(self._problem_of(field, name))
            self._lock(field, control, column)
        if label:
            caption = QLabel(label)
            caption.setBuddy(target)
            form.addRow(caption, cell)
        else:
            form.addRow(cell)

    def check(self, field: str, text: str) -> QCheckBox:
        """Return a check box for the yes-or-no setting ``field``."""
        box = QCheckBox(text)
        box.toggled.connect(lambda is_on: self.draft.set(field, is_on))
        self.follow(box, lambda: box.setChecked(bool(self.draft.value(field))))
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

        self.follow(box, show)
        return box

    def number(
        self, field: str, least: int, most: int, *, suffix: str = "", scale: float = 1
    ) -> QSpinBox:
        """Return a box for a number, shown in units of ``scale``: 0.01 for a share in percent."""
        box = QSpinBox()
        box.setRange(least, most)
        box.setSuffix(suffix)
        is_whole = isinstance(self.draft.value(field), int)
        kind = int if is_whole else float
        box.valueChanged.connect(lambda shown: self.draft.set(field, kind(round(shown * scale, 6))))
        self.follow(box, lambda: box.setValue(round(float(str(self.draft.value(field))) / scale)))
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

        self.follow(line, show)
        return line

    def follow(self, control: QWidget, show: Callable[[], None]) -> None:
        """Let ``control`` show the draft now and whenever it changes otherwise."""

        def quietly() -> None:
            with QSignalBlocker(control):
                show()

        self._shows.append(quietly)
        quietly()

    def only_if(self, field: str, values: Sequence[object], control: QWidget) -> None:
        """Let ``control`` be used only while ``field`` has one of ``values``; else it is idle."""

        def show() -> None:
            own = next((row.field for row in self.rows if row.control is control), "")
            is_locked = bool(own) and self.draft.locked_by(own) is not None
            control.setEnabled(not is_locked and self.draft.value(field) in values)

        self._shows.append(show)
        self.draft.changed.connect(lambda name: show() if name == field else None)
        show()

    def _problem_of(self, field: str, name: str) -> QLabel:
        label = QLabel()
        label.setWordWrap(True)
        label.setProperty("role", "problem")
        label.hide()

        def show() -> None:
            problem = self.draft.problems.get(field)
            label.setVisible(problem is not None)
            sentence = "" if problem is None else self.explained(problem, field, name)
            label.setText(f"\u26a0 {sentence}")

        self.draft.checked.connect(show)
        return label

    def _lock(self, field: str, control: QWidget, column: QVBoxLayout) -> None:
        if "." not in field:
            return
        reason = small_print("")
        column.addWidget(reason)

        def show() -> None:
            origin = self.draft.locked_by(field)
            control.setEnabled(origin is None)
            reason.setVisible(origin is not None)
            if origin is not None:
                reason.setText(self.tr("Set by {origin}.").format(origin=said(origin)))

        self._shows.append(show)
        show()


def with_name(sentence: str, field: str, name: str) -> str:
    """Return ``sentence`` with what people call ``field`` in the place of its name in code."""
    return re.sub(rf"\b{re.escape(field)}(\.\w+)*", f"“{name}”", sentence)


def small_print(text: str) -> QLabel:
    """Return a paragraph that explains something."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.setProperty("role", "help")
    return label
