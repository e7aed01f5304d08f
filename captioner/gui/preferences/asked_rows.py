"""The rows on what is asked of every recogniser: a model and a language, out of its own list."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFormLayout

from captioner.core.errors import CaptionerError
from captioner.gui.preferences.listed_choice import ListedChoice
from captioner.gui.preferences.page import Page, small_print
from captioner.gui.text.sentences import said
from captioner.gui.tray.spoken import language_name
from captioner.settings.models import Settings

if TYPE_CHECKING:
    from captioner.session.examination import ExaminedEndpoint, Offer


class AskedRows(QObject):
    """Model and language, typed or chosen from what the recogniser in use lists."""

    def __init__(self, page: Page, form: QFormLayout, own_model: ListedChoice) -> None:
        """Build the rows on ``page``; ``own_model`` is filled as well."""
        super().__init__(page)
        self._draft = page.draft
        self._tasks = page.desk.tasks
        self._own_model = own_model
        self._asking: asyncio.Task[None] | None = None
        self.model = ListedChoice(self.tr("The server's choice"))
        self.model.entered.connect(lambda text: self._draft.set("recognition.model", text))
        page.follow(
            self.model, lambda: self.model.show_value(str(self._draft.value("recognition.model")))
        )
        page.row(form, self.tr("M&odel:"), self.model, field="recognition.model")
        self.language = ListedChoice()
        self.language.entered.connect(lambda tag: self._draft.set("recognition.language", tag))
        self._name = small_print("")
        page.follow(self.language, self._show_language)
        page.row(
            form,
            self.tr("Spoken lan&guage:"),
            self.language,
            field="recognition.language",
            help_text=self.tr("A tag such as en-US or de-DE."),
            words=self.tr("english german locale"),
        )
        cell = page.rows[-1].cell
        if cell is not None and (column := cell.layout()) is not None:
            column.addWidget(self._name)
        self.source = small_print("")
        form.addRow(self.source)
        self._draft.changed.connect(self._on_draft)

    def ask(self, settings: Settings) -> None:
        """Ask the recogniser of ``settings`` what it has."""
        if self._asking is None:
            self._asking = self._tasks.start(self._ask(settings), name="ask-models")

    def show_examined(self, found: ExaminedEndpoint) -> None:
        """Offer what an examined server has."""
        from captioner.session.examination import offer_of  # noqa: PLC0415  # gRPC is heavy

        self._show(offer_of(found))

    async def _ask(self, settings: Settings) -> None:
        try:
            ask = await asyncio.to_thread(_import_ask)
            self._show(await ask(settings))
        except CaptionerError as error:
            self.source.setText(f"{said(error.message)} {said(error.hint)}".strip())
        finally:
            self._asking = None

    def _show(self, offer: Offer) -> None:
        self.model.show_listed(offer.models)
        self._own_model.show_listed(offer.models)
        self.language.show_listed(offer.languages)
        if not offer.server:
            text = self.tr("The recogniser of this computer has one model, for English.")
        elif offer.models or offer.languages:
            text = self.tr("Models and languages are those of {server}; others can be typed.")
        else:
            text = self.tr("{server} lists no models and languages now; they can be typed.")
        self.source.setText(text.format(server=offer.server))

    def _on_draft(self, field: str) -> None:
        if field == "recognition.language":
            self._show_language()

    def _show_language(self) -> None:
        tag = str(self._draft.value("recognition.language"))
        self.language.show_value(tag)
        name = language_name(tag)
        self._name.setText("" if name == tag else name)
        self._name.setVisible(name != tag)


def _import_ask() -> Callable[[Settings], Awaitable[Offer]]:
    from captioner.session.examination import recogniser_offer  # noqa: PLC0415  # gRPC is heavy

    return recogniser_offer
