"""Where the key of an encrypted history comes from: who starts the program says so, once."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from captioner.core.errors import ConfigurationError, UnsupportedError

KEY_LOST: Final = "HISTORY_KEY_LOST"
"""Code of the error that says that there is no key any more, or another one."""

KeySource = Callable[[str | None], str | None]
"""Returns the key, 64 hexadecimal digits, or None where none is kept. Where it is given a new one
and none is kept, it keeps that one. Blocks; raises `UnsupportedError`."""


def _nowhere(_new: str | None) -> str | None:
    raise UnsupportedError("No keyring is in use that could have the key of the transcripts.")


_source: KeySource = _nowhere


def keys_come_from(source: KeySource) -> None:
    """Take the key from ``source`` from now on, in this whole process."""
    global _source  # noqa: PLW0603  # of the process, as the user's keyring is
    _source = source


def kept_key() -> str:
    """Return the key that is kept.

    Raises:
        ConfigurationError: There is none (`KEY_LOST`).
        UnsupportedError: It cannot be had now.
    """
    key = _source(None)
    if key is None:
        raise ConfigurationError(
            "The transcripts are encrypted, and their key is no longer in the keyring.",
            hint="Bring back the keyring that has it, under captioner and history.",
            code=KEY_LOST,
        )
    return key


def key_to_begin_with() -> str:
    """Return the key that is kept, made where there is none yet.

    Raises:
        UnsupportedError: There is none and none can be kept.
    """
    key = _source(os.urandom(32).hex())
    if key is None:
        raise UnsupportedError("The keyring kept no key for the transcripts.")
    return key
