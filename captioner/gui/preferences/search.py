"""Finds rows of the settings by what they are called, and by what else they may be looked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QComboBox

from captioner.gui.preferences.page import Page, Row


@dataclass(frozen=True)
class Found:
    """A row that was looked for, and its page."""

    page: Page
    row: Row


def find(text: str, pages: Sequence[Page]) -> list[Found]:
    """Return the rows in which each word of ``text`` occurs, those whose label has it first."""
    wanted = text.casefold().split()
    if not wanted:
        return []
    found = [
        Found(page, row)
        for page in pages
        for row in page.rows
        if all(word in _all_of(page, row) for word in wanted)
    ]
    return sorted(found, key=lambda each: not all(w in each.row.label.casefold() for w in wanted))


def _all_of(page: Page, row: Row) -> str:
    return " ".join((page.title, row.label, row.words, *_choices(row))).casefold()


def _choices(row: Row) -> Iterator[str]:
    if isinstance(row.control, QComboBox) and not row.control.isEditable():
        for index in range(row.control.count()):
            yield row.control.itemText(index)
