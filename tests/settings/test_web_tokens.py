"""The token of a service is the same at each start where a keyring keeps it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping

import pytest
from pydantic import SecretStr

from captioner.core.errors import ConfigurationError
from captioner.settings.web_tokens import checked_token
from tests.support.secret_service import SecretService

_PROGRAM = """
import asyncio, json
from captioner.settings.web_tokens import FEED, renew_web_token, web_token
from captioner.settings.secrets import SecretStore

async def tell():
    store = SecretStore()
    tokens = [await web_token(store, FEED), await web_token(store, FEED)]
    tokens += [await renew_web_token(store, FEED), await web_token(store, FEED)]
    return [(each.token.get_secret_value(), each.lasts) for each in tokens]

print(json.dumps(asyncio.run(tell())))
"""


def _tokens(environ: Mapping[str, str]) -> list[tuple[str, bool]]:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env=dict(environ),
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    )
    return [(token, lasts) for token, lasts in json.loads(done.stdout)]


def test_a_keyring_keeps_the_token_until_another_is_made(secret_service: SecretService) -> None:
    first, again, renewed, kept = _tokens(secret_service.environ)
    assert first == again != renewed == kept
    assert all(lasts for _, lasts in (first, again, renewed, kept))
    assert _tokens(secret_service.environ)[0] == kept


def test_without_a_keyring_the_token_holds_for_this_process(secret_service: SecretService) -> None:
    environ = {
        name: value
        for name, value in secret_service.environ.items()
        if name != "DBUS_SESSION_BUS_ADDRESS"
    }
    first, again, renewed, kept = _tokens(environ)
    assert first == again != renewed == kept
    assert not any(lasts for _, lasts in (first, again, renewed, kept))


def test_the_environment_goes_before_the_keyring(secret_service: SecretService) -> None:
    given = "given-by-the-environment"
    tokens = _tokens({**secret_service.environ, "CAPTIONER_FEED_TOKEN": given})
    assert tokens[:2] == [(given, True)] * 2


@pytest.mark.parametrize("token", ["", "short", "has a space in it", "has,a,comma,in,it", "ä" * 20])
def test_a_token_that_could_be_guessed_or_not_be_sent_is_refused(token: str) -> None:
    with pytest.raises(ConfigurationError, match="16 characters"):
        checked_token(SecretStr(token))
