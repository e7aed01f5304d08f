"""Sentences from below the windows, in the language of the windows.

Errors and health speak English, because the layers below know nothing of Qt. `scripts/translate`
collects their sentences as templates such as ``Nothing is playing on {0}.``; here a sentence is
matched with its template again, and what stood in the gaps is put into the translation.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import Final

from PySide6.QtCore import QCoreApplication

from captioner.core.health import EndpointHealth, Health
from captioner.settings.resources import resource

CONTEXT: Final = "Sentences"

_GAP: Final = re.compile(r"\{(\d)\}")
_SENTENCE_END: Final = re.compile(r"(?<=[.!?]) ")
_MOST_SENTENCES: Final = 8


def said(text: str) -> str:
    """Return ``text``, one or more sentences from below, as the windows would say it.

    What has no translation stays as it is.
    """
    return _said(text, _is_english()) if text else text


def health_said(health: Health) -> Health:
    """Return ``health`` in the language of the windows."""
    return replace(health, sentence=said(health.sentence), hint=said(health.hint))


def endpoint_health_said(health: EndpointHealth) -> EndpointHealth:
    """Return ``health`` in the language of the windows."""
    return replace(health, reason=said(health.reason), fix=said(health.fix))


def _is_english() -> bool:
    probe = "Captions are starting."
    return QCoreApplication.translate(CONTEXT, probe) == probe


@lru_cache(maxsize=256)
def _said(text: str, is_english: bool) -> str:  # noqa: FBT001  # part of the cache's key
    if is_english:
        return text
    parts = _SENTENCE_END.split(text)
    if len(parts) > _MOST_SENTENCES:
        return text
    return _all_of(parts) or " ".join(_of_one(part) or part for part in parts)


def _all_of(parts: list[str]) -> str | None:
    """Return sentences side by side in translation, or None where one of them has none.

    A name may hold what looks like the end of a sentence, so several parts can be one sentence.
    """
    if not parts:
        return ""
    for end in range(1, len(parts) + 1):
        first = _of_one(" ".join(parts[:end]))
        if first is not None and (rest := _all_of(parts[end:])) is not None:
            return f"{first} {rest}".rstrip()
    return None


def _of_one(text: str) -> str | None:
    whole = QCoreApplication.translate(CONTEXT, text)
    if whole != text:
        return whole
    for pattern, template in _patterns():
        match = pattern.fullmatch(text)
        if match is None:
            continue
        translated = QCoreApplication.translate(CONTEXT, template)
        if translated == template:
            continue
        return _filled(translated, match)
    return None


def _filled(translated: str, match: re.Match[str]) -> str:
    values = {
        name.removeprefix("gap"): _of_one(value) or value
        for name, value in match.groupdict().items()
    }
    return _GAP.sub(lambda gap: values.get(gap[1], gap[0]), translated)


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Return the templates as patterns, the most telling first."""
    templates = resource("translations/sentences.txt").read_text(encoding="utf-8").splitlines()
    telling = sorted(templates, key=lambda template: -len(_GAP.sub("", template)))
    return [(_pattern(template), template) for template in telling if _GAP.search(template)]


def _pattern(template: str) -> re.Pattern[str]:
    pieces = _GAP.split(template)
    literals, numbers = pieces[::2], pieces[1::2]
    source = re.escape(literals[0])
    for number, literal in zip(numbers, literals[1:], strict=True):
        source += f"(?P<gap{number}>.+?){re.escape(literal)}"
    return re.compile(source, re.DOTALL)
