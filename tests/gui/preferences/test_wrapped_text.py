"""Text that is broken into lines has room for all of them, in each language and size of text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QLocale, QTranslator
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from captioner.gui.commands import Command
from captioner.gui.text.language import speak
from tests.gui.preferences.conftest import Office, Play
from tests.support.wait import until


@pytest.fixture(params=[("en", 1), ("de", 1), ("de", 2)], ids=["en", "de", "de, 200 %"])
def words(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[None]:
    """A language and a size of the text."""
    language, scale = request.param
    before, locale = qapp.font(), QLocale()
    larger = QFont(before)
    larger.setPointSizeF(before.pointSizeF() * scale)
    speak(qapp, language)
    qapp.setFont(larger)
    yield
    qapp.setFont(before)
    for translator in qapp.findChildren(QTranslator):
        qapp.removeTranslator(translator)
        translator.deleteLater()
    QLocale.setDefault(locale)


def cut_off(window: QWidget) -> list[str]:
    return [
        label.text()
        for label in window.findChildren(QLabel)
        if label.isVisible() and label.wordWrap() and label.height() < lines_height(label)
    ]


def lines_height(label: QLabel) -> int:
    return label.heightForWidth(label.width())


@pytest.mark.usefixtures("words")
def test_all_of_it_can_be_read(play: Play) -> None:
    async def story(office: Office) -> None:
        for number in range(len(office.dialog.pages)):
            office.dialog.navigation.choose(number)
            await until(lambda: cut_off(office.dialog) == [])
        office.front_end.do(Command.WELCOME)
        welcome = office.front_end.windows._welcome
        assert welcome is not None
        for _ in welcome.steps:
            await until(lambda: cut_off(welcome) == [])
            welcome.skip()

    play(story)
