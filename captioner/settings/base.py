"""What all settings have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class SettingsModel(BaseModel):
    """Base of all settings: frozen, and unknown names are errors, so that a typo is not silent.

    Texts of bad values are left out of errors, because one of them may be a secret.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
