"""The windows speak the chosen language, sentences from below included, and nothing is left out."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QLocale, Qt, QTranslator
from PySide6.QtWidgets import QApplication

from captioner.core.errors import UnavailableError
from captioner.core.health import Health, HealthState
from captioner.gui.text.language import speak
from captioner.gui.text.sentences import health_said, said

ROOT = Path(__file__).parents[3]


@pytest.fixture
def german(qapp: QApplication) -> Iterator[None]:
    before, locale = qapp.layoutDirection(), QLocale()
    assert speak(qapp, "de") == "de"
    yield
    for translator in qapp.findChildren(QTranslator):
        qapp.removeTranslator(translator)
        translator.deleteLater()
    QLocale.setDefault(locale)
    qapp.setLayoutDirection(before)


def test_everything_is_translated_and_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/translate", "--check"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_english_stays_as_it_is(qapp: QApplication) -> None:
    assert speak(qapp, "en") == "en"
    assert said("Nothing is playing on Speakers.") == "Nothing is playing on Speakers."


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize(
    ("sentence", "german_sentence"),
    [
        ("Captions are starting.", "Die Untertitel werden gestartet."),
        ("Nothing is playing on Dell. 27.", "Auf Dell. 27 wird nichts abgespielt."),
        (
            "Embedded engine stands in. riva:50051 did not answer within 5 seconds.",
            (
                "Eingebaute Spracherkennung springt ein. riva:50051 hat nicht innerhalb von "
                "5 Sekunden geantwortet."
            ),
        ),
        (
            "Listening to Speakers. No sound reaches Webcam.",
            "Speakers wird gehört. Bei Webcam kommt kein Ton an.",
        ),
        # Captions that are paused are "angehalten".
        ("Captions are stopped.", "Die Untertitel sind gestoppt."),
        ("Something nobody has translated.", "Something nobody has translated."),
        ("", ""),
    ],
)
def test_sentences_from_below_are_said_in_german(sentence: str, german_sentence: str) -> None:
    assert said(sentence) == german_sentence


@pytest.mark.usefixtures("german")
def test_health_and_errors_are_said_in_german() -> None:
    error = UnavailableError(
        "The connection to riva:1 failed: refused.", hint="Check host and port."
    )
    health = health_said(Health(HealthState.FAILED, error.message, error.hint))

    assert health.sentence == "Die Verbindung zu riva:1 ist fehlgeschlagen: refused."
    assert health.hint == "Prüfen Sie Host und Port."


@pytest.mark.usefixtures("german")
def test_the_buttons_of_qt_speak_german_too() -> None:
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "Abbrechen"


def test_a_language_from_right_to_left_turns_the_windows_round(qapp: QApplication) -> None:
    before, locale = qapp.layoutDirection(), QLocale()
    try:
        speak(qapp, "ar")
        assert qapp.layoutDirection() is Qt.LayoutDirection.RightToLeft
    finally:
        qapp.setLayoutDirection(before)
        QLocale.setDefault(locale)
        for translator in qapp.findChildren(QTranslator):
            qapp.removeTranslator(translator)
