"""Figures as a form to be read."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QFormLayout, QLabel, QWidget

from captioner.gui.health.labels import readable
from captioner.gui.health.level_meter import LevelMeter

_MINUTE_S: Final = 60
_HOUR_S: Final = 3600


class Sheet(QWidget):
    """A row each: a label, and a value that can be selected and copied. Its kinds add the rows."""

    def __init__(self) -> None:
        """Begin without rows."""
        super().__init__()
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setHorizontalSpacing(self.fontMetrics().height())
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self._fields: list[QLabel | LevelMeter] = []

    def lines(self) -> list[str]:
        """Return what is shown, a line a row."""
        return [
            f"{self._label(field).text()} {_text(field)}"
            for field in self._fields
            if field.isVisibleTo(self)
        ]

    @property
    def titles_width(self) -> int:
        """What the labels need."""
        return max(self._label(field).sizeHint().width() for field in self._fields)

    def widen_titles(self, width: int) -> None:
        """Let the values begin after ``width`` pixels for the labels, or more."""
        for field in self._fields:
            self._label(field).setMinimumWidth(width)

    def _row(self, title: str) -> QLabel:
        value = readable(QLabel())
        self._add(title, value)
        return value

    def _add(self, title: str, field: QLabel | LevelMeter) -> None:
        self._form.addRow(title, field)
        self._fields.append(field)

    def _label(self, field: QWidget) -> QLabel:
        label = self._form.labelForField(field)
        if not isinstance(label, QLabel):
            raise TypeError("each row has a label")
        return label

    def _say(self, value: QLabel, text: str) -> None:
        if text != value.text():
            value.setText(text)
        if (name := f"{self._label(value).text()} {text}") != value.accessibleName():
            value.setAccessibleName(name)

    def _duration(self, seconds: float) -> str:
        if seconds < _MINUTE_S:
            return self.tr("{seconds} s").format(seconds=self._number(seconds))
        whole = round(seconds)
        minutes, rest = divmod(whole, 60)
        if whole < _HOUR_S:
            return self.tr("{minutes} min {seconds} s").format(minutes=minutes, seconds=rest)
        hours, minutes = divmod(minutes, 60)
        return self.tr("{hours} h {minutes} min").format(hours=hours, minutes=minutes)

    def _number(self, value: float, digits: int = 1) -> str:
        return self.locale().toString(value, "f", digits)


def _text(field: QLabel | LevelMeter) -> str:
    return field.text if isinstance(field, LevelMeter) else field.text()
