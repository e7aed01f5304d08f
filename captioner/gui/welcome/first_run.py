"""Whether somebody meets the program for the first time."""

from __future__ import annotations

from captioner.settings.models import AudioSettings, EngineSettings
from captioner.settings.store import LoadedSettings


def is_first_run(loaded: LoadedSettings) -> bool:
    """Return whether the first steps shall be offered: nothing of theirs was ever chosen.

    A start that is told what to hear or where to recognise, by options or by the environment, is
    by somebody who knows the way.
    """
    saved = loaded.saved
    return (
        not loaded.settings.desktop.was_welcomed
        and not loaded.above
        and saved.audio == AudioSettings()
        and saved.engine == EngineSettings()
        and not saved.endpoints
    )
