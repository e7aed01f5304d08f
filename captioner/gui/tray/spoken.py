"""The languages of speech, as a person calls them, and those that the recogniser knows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from PySide6.QtCore import QLocale

from captioner.settings.models import Settings


def language_name(tag: str) -> str:
    """Return the language's own name with its BCP 47 tag; the tag alone where Qt knows no name."""
    locale = QLocale(tag)
    name = locale.nativeLanguageName()
    if locale.language() is QLocale.Language.C or not name:
        return tag
    return f"{name[0].upper()}{name[1:]} ({tag})"


async def known_languages(settings: Settings) -> tuple[str, ...]:
    """Return what the recogniser in use says that it understands; nothing where it says nothing.

    Raises:
        CaptionerError: Files or key of the server cannot be read.
    """
    # gRPC is heavy to import where no session has done it yet.
    ask = await asyncio.to_thread(_import_ask)
    return await ask(settings)


def _import_ask() -> Callable[[Settings], Awaitable[tuple[str, ...]]]:
    from captioner.session.examination import recognised_languages  # noqa: PLC0415  # see above

    return recognised_languages
