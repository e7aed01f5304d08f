"""The tokens of what is served: whoever has one can connect."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from captioner.core.errors import ConfigurationError, UnsupportedError
from captioner.settings.secrets import SecretStore

_SHORTEST: Final = 16


@dataclass(frozen=True, slots=True)
class TokenPlace:
    """Where the token of a service is looked for.

    Attributes:
        account: In the keyring.
        variable: In the environment, which goes before.
    """

    account: str
    variable: str


FEED: Final = TokenPlace("feed", "CAPTIONER_FEED_TOKEN")
BRIDGE: Final = TokenPlace("bridge", "CAPTIONER_BRIDGE_TOKEN")


@dataclass(frozen=True, slots=True)
class WebToken:
    """A token, and how long it holds.

    Attributes:
        token: The token itself.
        lasts: Whether it is the same at the next start, so that an address may be kept.
    """

    token: SecretStr
    lasts: bool


async def web_token(store: SecretStore, place: TokenPlace) -> WebToken:
    """Return the token of the environment, else of the keyring, which gets one if it has none.

    Without a keyring the token holds for this process alone.

    Raises:
        ConfigurationError: The environment's is none.
    """
    if given := os.environ.get(place.variable):
        return WebToken(checked_token(SecretStr(given)), lasts=True)
    try:
        token = await store.get(place.account)
        lasts = not store.holds(place.account)
    except UnsupportedError:
        token, lasts = None, False
    if token is None:
        token, lasts = await _make(store, place)
    return WebToken(checked_token(token), lasts)


async def renew_web_token(store: SecretStore, place: TokenPlace) -> WebToken:
    """Make another token: addresses that were given away before lead nowhere any more."""
    return WebToken(*await _make(store, place))


def checked_token(token: SecretStr) -> SecretStr:
    """Return ``token``, if it is fit to be one.

    Raises:
        ConfigurationError: It could be guessed, or cannot stand in an address.
    """
    value = token.get_secret_value()
    if len(value) < _SHORTEST or not value.isascii() or set(value) & set(' "(),/:;<=>?@[\\]{}#%&'):
        raise ConfigurationError(
            f"The token must have {_SHORTEST} characters or more, letters and digits.",
            hint="Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
        )
    return token


async def _make(store: SecretStore, place: TokenPlace) -> tuple[SecretStr, bool]:
    token = checked_token(SecretStr(secrets.token_urlsafe(32)))
    try:
        await store.set(place.account, token)
    except UnsupportedError:
        store.hold(place.account, token)
        return token, False
    return token, True
