"""The page on words that matter: phrases to expect, replacements, and vocabularies of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Final

from pydantic import ValidationError
from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QPushButton

from captioner.gui.desk import Desk
from captioner.gui.preferences.draft import Draft
from captioner.gui.preferences.page import Page
from captioner.gui.preferences.word_table import Column, Entry, WordTable
from captioner.settings.vocabulary import BoostedPhrase, Replacement, VocabularySettings

_ALWAYS: Final = 0
"""Place in the list of what is edited: the words that count whatever vocabulary is chosen."""

_FIELDS: Final = {"boosted": "recognition.boosted", "replacements": "captions.replacements"}


class WordsPage(Page):
    """Two tables, for all talks or for the vocabulary that is chosen above them."""

    key: ClassVar[str] = "words"

    def __init__(self, draft: Draft, desk: Desk) -> None:
        """Build the page."""
        super().__init__(draft, desk)
        self._add_chosen()
        self._add_vocabularies()
        self._add_tables()
        self.show_values()

    @property
    def title(self) -> str:
        """Its title."""
        return self.tr("Words")

    def _add_chosen(self) -> None:
        form = self.group(self.tr("In use"))
        self.chosen = QComboBox()
        self.chosen.currentIndexChanged.connect(
            lambda index: self.draft.set("recognition.vocabulary", self.chosen.itemData(index))
        )
        self.follow(self.chosen, self._show_chosen)
        self.row(
            form,
            self.tr("&Vocabulary:"),
            self.chosen,
            field="recognition.vocabulary",
            help_text=self.tr("Its words count in addition to those for all talks."),
            words=self.tr("profile topic meeting"),
        )

    def _add_vocabularies(self) -> None:
        form = self.group(self.tr("Vocabularies"))
        self.scope = QComboBox()
        self.scope.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.scope.currentIndexChanged.connect(self._show_scope)
        self.follow(self.scope, self._show_scopes)
        self.row(
            form,
            self.tr("Vocabulary to &edit:"),
            self.scope,
            field="vocabularies",
            help_text=self.tr("The words for all talks, or those for one kind of talk only."),
        )
        self.name = QLineEdit()
        self.name.textEdited.connect(self._rename)
        self.row(form, self.tr("&Name:"), self.name)
        self.add_button = QPushButton(self.tr("Ne&w vocabulary"))
        self.add_button.clicked.connect(self._add_vocabulary)
        self.remove_button = QPushButton(self.tr("De&lete vocabulary"))
        self.remove_button.clicked.connect(self._remove_vocabulary)
        buttons = QHBoxLayout()
        buttons.addWidget(self.add_button)
        buttons.addWidget(self.remove_button)
        buttons.addStretch(1)
        form.addRow(buttons)

    def _add_tables(self) -> None:
        self.boosted = WordTable(
            self.tr("Words to expect"),
            BoostedPhrase,
            (
                Column("phrase", self.tr("Word or phrase"), ""),
                Column("boost", self.tr("Boost"), 10.0),
            ),
            self.tr("&Add phrase"),
            self.tr("&Remove phrase"),
        )
        self.replacements = WordTable(
            self.tr("Words to write otherwise"),
            Replacement,
            (
                Column("heard", self.tr("Recognised as"), ""),
                Column("shown", self.tr("Shown as"), ""),
            ),
            self.tr("Add re&placement"),
            self.tr("Remove repla&cement"),
        )
        for part, table, help_text, words in (
            (
                "boosted",
                self.boosted,
                self.tr(
                    "Names and terms that the server shall expect; a higher boost makes it more "
                    "likely. Servers differ in their scale: up to 20, or 20 to 100. The embedded "
                    "engine does not do this."
                ),
                self.tr("boosting hints names terms"),
            ),
            (
                "replacements",
                self.replacements,
                self.tr(
                    "What the recogniser gets wrong again and again. Whole words are replaced; "
                    "nothing in the second column leaves them out."
                ),
                self.tr("correct spelling wrong autocorrect"),
            ),
        ):
            table.edited.connect(lambda part=part: self._on_words(part))
            form = self.group(table.accessibleName())
            self.row(form, "", table, help_text=help_text, words=words)
            # The table says itself which of its rows makes no sense.
            self.rows[-1] = replace(self.rows[-1], field=_FIELDS[part])
            self.draft.names[_FIELDS[part]] = f"{self.title}: {table.accessibleName()}"
        self._shows.append(self._show_scope)

    @property
    def _vocabularies(self) -> list[Entry]:
        value = self.draft.value("vocabularies")
        return list(value) if isinstance(value, Sequence) else []

    def _names(self) -> list[str]:
        return [str(_record(each)["name"]) for each in self._vocabularies]

    def _enter(self, vocabularies: Sequence[Entry]) -> None:
        self.draft.set("vocabularies", tuple(vocabularies))

    def _show_chosen(self) -> None:
        wanted = str(self.draft.value("recognition.vocabulary"))
        names = [name for name in self._names() if name.strip()]
        fitting = next((name for name in names if name.casefold() == wanted.casefold()), None)
        self.chosen.clear()
        self.chosen.addItem(self.tr("No vocabulary"), "")
        for name in names:
            self.chosen.addItem(name, name)
        if wanted and fitting is None:
            self.chosen.addItem(self.tr("{name} (not there)").format(name=wanted), wanted)
        self.chosen.setCurrentIndex(self.chosen.findData(fitting or wanted))

    def _show_scopes(self) -> None:
        current = max(self.scope.currentIndex(), _ALWAYS)
        self.scope.clear()
        self.scope.addItem(self.tr("All talks"))
        for name in self._names():
            self.scope.addItem(name.strip() or self.tr("(without a name)"))
        self.scope.setCurrentIndex(min(current, self.scope.count() - 1))

    def _show_scope(self) -> None:
        """Show the words of what is chosen to be edited."""
        scope = self.scope.currentIndex()
        is_named = scope != _ALWAYS
        self.name.setEnabled(is_named)
        self.remove_button.setEnabled(is_named)
        shown = _record(self._vocabularies[scope - 1]) if is_named else None
        name = "" if shown is None else str(shown["name"])
        if self.name.text() != name:
            self.name.setText(name)
        for part, table in (("boosted", self.boosted), ("replacements", self.replacements)):
            entries = self.draft.value(_FIELDS[part]) if shown is None else shown[part]
            table.show_entries(entries if isinstance(entries, Sequence) else ())

    def _on_words(self, part: str) -> None:
        entries = (self.boosted if part == "boosted" else self.replacements).entries()
        scope = self.scope.currentIndex()
        if scope == _ALWAYS:
            self.draft.set(_FIELDS[part], entries)
        else:
            self._change(scope - 1, **{part: entries})

    def _change(self, number: int, **values: object) -> None:
        vocabularies = self._vocabularies
        vocabularies[number] = _entry(_record(vocabularies[number]) | values)
        self._enter(vocabularies)

    def _rename(self, name: str) -> None:
        number = self.scope.currentIndex() - 1
        before = self._names()[number]
        is_chosen = before.casefold() == str(self.draft.value("recognition.vocabulary")).casefold()
        self._change(number, name=name)
        if is_chosen and name.strip():
            self.draft.set("recognition.vocabulary", " ".join(name.split()))
        self._show_lists()

    def _add_vocabulary(self) -> None:
        taken = {name.casefold() for name in self._names()}
        stem = self.tr("New vocabulary")
        free = (f"{stem} {number}" for number in range(2, len(taken) + 3))
        name = (
            stem
            if stem.casefold() not in taken
            else next(each for each in free if each.casefold() not in taken)
        )
        self._enter([*self._vocabularies, VocabularySettings(name=name)])
        self._show_lists()
        self.scope.setCurrentIndex(self.scope.count() - 1)
        self.name.setFocus(Qt.FocusReason.OtherFocusReason)
        self.name.selectAll()

    def _remove_vocabulary(self) -> None:
        number = self.scope.currentIndex() - 1
        vocabularies = self._vocabularies
        gone = str(_record(vocabularies.pop(number))["name"])
        if gone.casefold() == str(self.draft.value("recognition.vocabulary")).casefold():
            self.draft.set("recognition.vocabulary", "")
        self._enter(vocabularies)
        self.scope.setCurrentIndex(_ALWAYS)
        self._show_lists()
        self.scope.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_lists(self) -> None:
        with QSignalBlocker(self.chosen), QSignalBlocker(self.scope):
            self._show_chosen()
            self._show_scopes()


def _record(vocabulary: Entry) -> dict[str, object]:
    if isinstance(vocabulary, VocabularySettings):
        names = type(vocabulary).model_fields
        return {name: getattr(vocabulary, name) for name in names}
    return dict(vocabulary)


def _entry(record: dict[str, object]) -> Entry:
    try:
        return VocabularySettings.model_validate(record)
    except ValidationError:
        return record
