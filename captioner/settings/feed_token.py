"""The token of the feed: whoever has it can read along."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from captioner.core.errors import ConfigurationError, UnsupportedError
from captioner.settings.secrets import SecretStore

VARIABLE: Final = "CAPTIONER_FEED_TOKEN"

_ACCOUNT: Final = "feed"
_SHORTEST: Final = 16


@dataclass(frozen=True, slots=True)
class FeedToken:
    """A token, and how long it holds.

    Attributes:
        token: The token itself.
        lasts: Whether it is the same at the next start, so that an address may be kept.
    """

    token: SecretStr
    lasts: bool


async def feed_token(store: SecretStore) -> FeedToken:
    """Return the token of the environment, else of the keyring, which gets one if it has none.

    Without a keyring the token holds for this process alone.

    Raises:
        ConfigurationError: The environment's is none.
    """
    if given := os.environ.get(VARIABLE):
        return FeedToken(checked_token(SecretStr(given)), lasts=True)
    try:
        token = await store.get(_ACCOUNT)
        lasts = not store.holds(_ACCOUNT)
    except UnsupportedError:
        token, lasts = None, False
    if token is None:
        token, lasts = await _make(store)
    return FeedToken(checked_token(token), lasts)


async def renew_feed_token(store: SecretStore) -> FeedToken:
    """Make another token: addresses that were given away before lead nowhere any more."""
    return FeedToken(*await _make(store))


def checked_token(token: SecretStr) -> SecretStr:
    """Return ``token``, if it is fit to be one.

    Raises:
        ConfigurationError: It could be guessed, or cannot stand in an address.
    """
    value = token.get_secret_value()
    if len(value) < _SHORTEST or not value.isascii() or set(value) & set(' "(),/:;<=>?@[\\]{}#%&'):
        raise ConfigurationError(
            f"The token of the feed must have {_SHORTEST} characters or more, letters and digits.",
            hint="Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
        )
    return token


async def _make(store: SecretStore) -> tuple[SecretStr, bool]:
    token = checked_token(SecretStr(secrets.token_urlsafe(32)))
    try:
        await store.set(_ACCOUNT, token)
    except UnsupportedError:
        store.hold(_ACCOUNT, token)
        return token, False
    return token, True
