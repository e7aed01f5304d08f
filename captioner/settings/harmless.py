"""Settings as others may see them: without secrets, and without the user's own words."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel

from captioner.settings.fields import all_values, is_secret
from captioner.settings.models import Settings

_HIDDEN: Final = "(hidden)"
_WORD_LISTS: Final = ("recognition.boosted", "captions.replacements", "vocabularies")
_TABLES: Final = ("metadata", "custom")


def harmless(name: str, value: object) -> object:
    """Return the value of the setting ``name`` as plain data; words of the user are counted."""
    if is_secret(name):
        return None if value is None else _HIDDEN
    if name in _WORD_LISTS and isinstance(value, tuple):
        return f"{len(value)} entries"
    if name.rpartition(".")[2] in _TABLES and isinstance(value, dict):
        return dict.fromkeys(value, _HIDDEN)  # anything may have been put there
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def unusual(settings: Settings) -> dict[str, object]:
    """Return what differs from the default, by name, as others may see it."""
    usual = all_values(Settings())
    return {
        name: harmless(name, value)
        for name, value in all_values(settings).items()
        if name not in usual or value != usual[name]
    }
