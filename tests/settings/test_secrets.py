"""Keys in a real Secret Service, and without one."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading

import pytest
from pydantic import SecretStr

from captioner.core.errors import UnsupportedError
from captioner.settings import secrets
from captioner.settings.endpoints import EndpointSettings
from captioner.settings.secrets import SecretStore, with_api_key
from tests.support.secret_service import SecretService

_PREAMBLE = """
import asyncio, json
from pydantic import SecretStr
from captioner.core.errors import CaptionerError
from captioner.settings.endpoints import EndpointSettings
from captioner.settings.secrets import SecretStore, with_api_key
store = SecretStore()
async def main():
    try:
        return await scenario()
    except CaptionerError as error:
        return {**error.as_record(), "category": str(error.category)}
"""


def _run(service: SecretService, scenario: str) -> object:
    program = f"{_PREAMBLE}\n{scenario}\nprint(json.dumps(asyncio.run(main())))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=service.environ,
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    )
    return json.loads(done.stdout)


def test_nothing_that_speaks_to_stores_is_loaded_without_a_bus(
    no_secret_service: SecretService,
) -> None:
    del no_secret_service.environ["DBUS_SESSION_BUS_ADDRESS"]
    found = _run(
        no_secret_service,
        """
import sys
async def scenario():
    return [await store.backend_name(), "keyring" in sys.modules]
""",
    )
    assert found == [None, False]


def test_key_is_kept_replaced_found_and_forgotten(secret_service: SecretService) -> None:
    found = _run(
        secret_service,
        """
async def scenario():
    before = await store.get("riva.example:443")
    first = await store.set("riva.example:443", SecretStr("first key"))
    await store.set("riva.example:443", SecretStr("second key"))
    await store.set("other.example:443", SecretStr("another key"))
    kept = (await store.get("riva.example:443")).get_secret_value()
    gone = [await store.delete("riva.example:443") for _ in range(2)]
    after = await store.get("riva.example:443")
    other = (await store.get("other.example:443")).get_secret_value()
    return [before, first, kept, gone, after, other]
""",
    )
    name = "SecretService Keyring"
    assert found == [None, name, "second key", [True, False], None, "another key"]


def test_key_survives_the_process(secret_service: SecretService) -> None:
    _run(
        secret_service,
        'async def scenario(): return await store.set("h:1", SecretStr("the key"))',
    )
    found = _run(
        secret_service,
        """
async def scenario():
    endpoint = EndpointSettings(host="h", port=1)
    return (await with_api_key(endpoint, store)).api_key.get_secret_value()
""",
    )
    assert found == "the key"


def test_locked_keyring_is_named(secret_service: SecretService) -> None:
    found = _run(
        secret_service,
        """
import secretstorage
async def scenario():
    await store.set("h:1", SecretStr("the key"))
    bus = secretstorage.dbus_init()
    secretstorage.get_default_collection(bus).lock()
    bus.close()
    return await store.get("h:1")
""",
    )
    assert isinstance(found, dict)
    assert found["category"] == "unsupported"
    assert found["message"] == "The keyring (SecretService Keyring) is locked."
    assert "Unlock it" in found["hint"]


@pytest.mark.parametrize(
    "call", ['store.get("h:1")', 'store.set("h:1", SecretStr("k"))', 'store.delete("h:1")']
)
def test_without_a_keyring_it_says_so(no_secret_service: SecretService, call: str) -> None:
    found = _run(no_secret_service, f"async def scenario(): return await {call}")
    assert isinstance(found, dict)
    assert found["message"] == "This computer offers no keyring to keep the key in."
    assert "RIVA_API_KEY" in found["hint"]


def test_without_a_keyring_a_key_lives_as_long_as_the_process(
    no_secret_service: SecretService,
) -> None:
    found = _run(
        no_secret_service,
        """
from captioner.settings.secrets import key_changes
async def scenario():
    store.hold("h:1", SecretStr("the key"))
    kept = (await with_api_key(EndpointSettings(host="h", port=1), SecretStore())).api_key
    held = [SecretStore().holds(name) for name in ("h:1", "h:2")]
    gone = await store.delete("h:1")
    return [kept.get_secret_value(), held, gone, store.holds("h:1"), key_changes()]
""",
    )
    assert found == ["the key", [True, False], True, False, 2]
    after = _run(no_secret_service, 'async def scenario(): return SecretStore().holds("h:1")')
    assert after is False


def test_what_is_held_goes_before_what_is_kept(secret_service: SecretService) -> None:
    found = _run(
        secret_service,
        """
async def scenario():
    await store.set("h:1", SecretStr("kept key"))
    store.hold("h:1", SecretStr("held key"))
    first = (await store.get("h:1")).get_secret_value()
    await store.set("h:1", SecretStr("new key"))
    second = (await store.get("h:1")).get_secret_value()
    store.hold("h:1", SecretStr("held key"))
    gone = await store.delete("h:1")
    return [first, second, gone, await store.get("h:1")]
""",
    )
    assert found == ["held key", "new key", True, None]


def test_without_a_keyring_settings_stay_as_they_are(no_secret_service: SecretService) -> None:
    found = _run(
        no_secret_service,
        """
async def scenario():
    endpoint = EndpointSettings(host="h")
    return [await store.backend_name(), await with_api_key(endpoint, store) == endpoint]
""",
    )
    assert found == [None, True]


async def test_keyring_is_left_alone_when_a_key_is_given() -> None:
    endpoint = EndpointSettings(host="h", api_key=SecretStr("given"))
    store = SecretStore()

    async def unexpected(_: str) -> SecretStr | None:
        raise AssertionError("the keyring was asked")

    store.get = unexpected  # type: ignore[method-assign]  # it must not be called
    assert await with_api_key(endpoint, store) == endpoint


async def test_a_prompt_that_nobody_answers_can_be_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, answer = threading.Event(), threading.Event()

    def prompt(_: str) -> SecretStr | None:
        asked.set()
        answer.wait(10)
        return SecretStr("too late")

    monkeypatch.setattr(secrets, "_get", prompt)
    waiting = asyncio.ensure_future(SecretStore().get("h:1"))
    await asyncio.to_thread(asked.wait, 5)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    answer.set()


async def test_refusal_of_a_back_end_is_told_without_its_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Refusing:
        name = "Test store"

        def set_password(self, service: str, account: str, key: str) -> None:
            raise OSError(f"cannot store {key} for {service} {account}")

    monkeypatch.setattr(secrets, "_find_backend", Refusing)
    with pytest.raises(UnsupportedError) as caught:
        await SecretStore().set("h:1", SecretStr("the key"))
    assert caught.value.message == "The keyring (Test store) refused: OSError."
    assert "the key" not in str(caught.value)
