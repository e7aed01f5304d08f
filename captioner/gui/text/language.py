"""Which language the windows speak."""

from __future__ import annotations

import logging
from typing import Final

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from captioner.settings.resources import resource

logger = logging.getLogger(__name__)

LANGUAGES: Final = {"en": "English", "de": "Deutsch"}
"""Each by its own name, because whoever looks for it may read no other."""

_SOURCE: Final = "en"


def speak(application: QApplication, wanted: str) -> str:
    """Let all windows made from now on speak ``wanted``.

    Args:
        application: It keeps the translations.
        wanted: A key of `LANGUAGES`; empty takes the first of the system's languages that there
            is, or English.

    Returns:
        The language that is spoken now.
    """
    language = wanted or system_language()
    locale = QLocale() if not wanted else QLocale(language)
    application.setLayoutDirection(QLocale(language).textDirection())
    QLocale.setDefault(locale)
    if language != _SOURCE:
        qt_own = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        for name, folder in (
            ("qtbase", qt_own),
            ("captioner", str(resource("translations"))),
        ):
            translator = QTranslator(application)
            if translator.load(f"{name}_{language}", folder):
                application.installTranslator(translator)
            else:
                logger.warning("The translation %s_%s cannot be read", name, language)
    return language


def system_language() -> str:
    """Return the first of the system's languages that the windows can speak."""
    wanted = (tag.partition("-")[0].lower() for tag in QLocale.system().uiLanguages())
    return next((language for language in wanted if language in LANGUAGES), _SOURCE)
