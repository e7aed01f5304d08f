"""A keyring in memory for the key of the history, where the real one is not what is tested."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import pytest

from captioner.core.errors import UnsupportedError
from captioner.settings.history_key import history_key
from captioner.transcript.history import keys


@dataclass
class Ring:
    """What it has, and whether it gives it."""

    key: str | None = None
    is_locked: bool = False

    def __call__(self, new: str | None) -> str | None:
        if self.is_locked:
            raise UnsupportedError("The keyring is locked.", hint="Unlock it.")
        self.key = self.key or new
        return self.key


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Ring:
    """The keyring of this process, empty."""
    found = Ring()

    async def begin() -> None:
        found(secrets.token_hex(32))

    monkeypatch.setattr(keys, "_source", found)
    monkeypatch.setattr(history_key, "begin", begin)
    return found
