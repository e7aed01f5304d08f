"""The key of the encrypted transcripts, in the keyring."""

from __future__ import annotations

import re
import secrets
import threading
import time
from typing import Final

from pydantic import SecretStr

from captioner.core.errors import UnsupportedError
from captioner.settings.secrets import SecretStore, off_the_loop

_ACCOUNT: Final = "history"
_ASK_AGAIN_S: Final = 300.0
_KEY: Final = re.compile("[0-9a-f]{64}")


class HistoryKey:
    """Asks the keyring once; from then on this process knows the key.

    A keyring may ask the user to unlock it. After a refusal it is asked again when it was unlocked
    in another way, or after minutes: captions are written many times a minute.
    """

    def __init__(self, store: SecretStore) -> None:
        """Ask ``store``, when it comes to that."""
        self._store = store
        self._key: SecretStr | None = None
        self._asking = threading.Lock()
        self._refusal: UnsupportedError | None = None
        self._ask_again_at = 0.0

    def __call__(self, new: str | None) -> str | None:
        """Return the key; None where none is kept. Blocks as long as the user is asked.

        Args:
            new: Kept and returned where there is no key yet.

        Raises:
            UnsupportedError: There is no keyring, it is locked or refuses, or another thread is
                asking it.
        """
        if self._key is not None:
            return self._key.get_secret_value()
        if not self._asking.acquire(blocking=False):
            raise _away("The keyring is asking for its password.", "Unlock it.")
        try:
            return self._asked(new)
        finally:
            self._asking.release()

    async def begin(self) -> None:
        """Make sure that there is a key, made where there is none; ask the user for it anew.

        Raises:
            UnsupportedError: There is no keyring, it is locked or refuses.
        """
        self._refusal = None
        await off_the_loop(lambda: self(secrets.token_hex(32)))

    def _asked(self, new: str | None) -> str | None:
        if self._refusal is not None and time.monotonic() < self._ask_again_at:
            if self._store.is_locked_now() is not False:
                raise self._refusal
            self._refusal = None
        try:
            key = self._store.get_now(_ACCOUNT)
            if key is None and new is not None:
                self._store.set_now(_ACCOUNT, SecretStr(new))
                # What a keyring forgets at once would be lost with everything that it opens.
                key = self._store.get_now(_ACCOUNT)
        except UnsupportedError as error:
            self._refusal = _away(
                error.message,
                "Unlock the keyring, or log in to the desktop; without a keyring (GNOME Keyring, "
                "KWallet, KeePassXC) transcripts cannot be encrypted.",
            )
            self._ask_again_at = time.monotonic() + _ASK_AGAIN_S
            raise self._refusal from error
        if key is None:
            return None
        if not _KEY.fullmatch(key.get_secret_value()):
            raise _away(
                "What the keyring keeps as the key of the transcripts is none.",
                "Bring back what was there under captioner and history.",
            )
        self._key = key
        return key.get_secret_value()


history_key: Final = HistoryKey(SecretStore())
"""Of this process, which asks its user once."""


def _away(reason: str, hint: str) -> UnsupportedError:
    return UnsupportedError(f"The key of the transcripts cannot be had. {reason}", hint=hint)
