"""API keys in the operating system's own store: Secret Service, KWallet, Keychain, or Windows.

There is no fallback that writes a key in plain text: without a store a key lives in the
environment or in the memory of this process, for one run. A store may ask the user to unlock it
and block for as long as that takes, so every call runs in a thread of its own; a daemon thread,
because a prompt that nobody answers must not keep the program from ending.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import SecretStr

from captioner.core.errors import UnsupportedError
from captioner.settings.endpoints import EndpointSettings

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_log = logging.getLogger(__name__)

_T = TypeVar("_T")

_SERVICE: Final = "captioner"
_held: Final[dict[str, SecretStr]] = {}
"""Keys that this process alone knows; they are written nowhere."""

_changes = 0

_ASKS_OVER_DBUS: Final = "keyring.backends.SecretService"
_NOT_STORES: Final = ("keyring.backends.fail", "keyring.backends.null")
_NO_STORE_HINT: Final = (
    "Install and unlock a keyring (GNOME Keyring, KWallet, or KeePassXC with its Secret Service), "
    "or put the key into RIVA_API_KEY: then it is used for that run and kept nowhere."
)


class SecretStore:
    """The API key of each server.

    All methods are coroutines and may take as long as the user needs for an unlock prompt.
    """

    async def backend_name(self) -> str | None:
        """Return what the store is called, such as "SecretService Keyring"; None without one."""
        return await off_the_loop(_backend_name)

    async def get(self, server: str) -> SecretStr | None:
        """Return the key kept for ``server`` ("host:port"), or None when there is none.

        Raises:
            UnsupportedError: There is no store, or it is locked or refuses.
        """
        if server in _held:
            return _held[server]
        return await off_the_loop(lambda: _get(server))

    def holds(self, server: str) -> bool:
        """Whether the key of ``server`` is kept for this run alone."""
        return server in _held

    def hold(self, server: str, key: SecretStr) -> None:
        """Keep ``key`` in memory until this process ends; it goes before one in the store."""
        _held[server] = key
        _note_change()

    async def set(self, server: str, key: SecretStr) -> str:
        """Keep ``key`` for ``server`` in place of an older one; return the store's name.

        Raises:
            UnsupportedError: There is no store, or it is locked or refuses.
        """
        name = await off_the_loop(lambda: _set(server, key))
        _held.pop(server, None)
        _note_change()
        return name

    async def delete(self, server: str) -> bool:
        """Forget the key of ``server``, in the store and in memory; return whether there was one.

        Raises:
            UnsupportedError: There is no store, or it is locked or refuses.
        """
        was_held = server in _held
        if was_held and await self.backend_name() is None:
            was_stored = False
        else:
            was_stored = await off_the_loop(lambda: _delete(server))
        _held.pop(server, None)
        _note_change()
        return was_held or was_stored

    def get_now(self, account: str) -> SecretStr | None:
        """Return what is kept for ``account``, as `get` does; blocks.

        Raises:
            UnsupportedError: There is no store, or it is locked or refuses.
        """
        return _held.get(account) or _get(account)

    def set_now(self, account: str, key: SecretStr) -> None:
        """Keep ``key`` for ``account``, as `set` does; blocks.

        Raises:
            UnsupportedError: There is no store, or it is locked or refuses.
        """
        _set(account, key)

    def is_locked_now(self) -> bool | None:
        """Return whether the store is locked, without asking the user; None where it is unknown.

        Blocks for a moment.
        """
        return _is_locked()


def key_changes() -> int:
    """Return how often a key was kept or forgotten in this process."""
    return _changes


def _note_change() -> None:
    global _changes  # noqa: PLW0603  # of the process, as the keys are
    _changes += 1


async def with_api_key(endpoint: EndpointSettings, store: SecretStore) -> EndpointSettings:
    """Return ``endpoint`` with the key from the store, if it has none yet.

    Servers on one's own machine rarely want a key, so a store that is missing or locked is noted
    in the log and is no error here: a server that wants the key says so itself.
    """
    if endpoint.api_key is not None:
        return endpoint
    try:
        key = await store.get(endpoint.account)
    except UnsupportedError as error:
        _log.info("no key from the keyring: %s", error.message)
        return endpoint
    return endpoint if key is None else endpoint.model_copy(update={"api_key": key})


async def off_the_loop(call: Callable[[], _T]) -> _T:
    """Return what ``call`` returns, in a thread that does not keep the program from ending."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_T] = loop.create_future()

    def settle(result: _T | None, error: BaseException | None) -> None:
        if future.done():  # the caller has given up waiting
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # None only where _T allows it

    def work() -> None:
        result: _T | None = None
        error: BaseException | None = None
        try:
            result = call()
        except BaseException as raised:  # noqa: BLE001  # it is handed to the caller whole
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=work, name="keyring", daemon=True).start()
    return await future


def _backend_name() -> str | None:
    found = _find_backend()
    return None if found is None else _name(found)


def _get(server: str) -> SecretStr | None:
    key = _call(lambda backend: backend.get_password(_SERVICE, server))
    return None if key is None else SecretStr(key)


def _set(server: str, key: SecretStr) -> str:
    def store(backend: KeyringBackend) -> str:
        backend.set_password(_SERVICE, server, key.get_secret_value())
        return _name(backend)

    return _call(store)


def _delete(server: str) -> bool:
    def forget(backend: KeyringBackend) -> bool:
        if backend.get_password(_SERVICE, server) is None:
            return False
        backend.delete_password(_SERVICE, server)
        return True

    return _call(forget)


def _call(use: Callable[[KeyringBackend], _T]) -> _T:
    backend = _find_backend()
    if backend is None:
        raise UnsupportedError(
            "This computer offers no keyring to keep the key in.", hint=_NO_STORE_HINT
        )
    from keyring.errors import KeyringLocked  # noqa: PLC0415  # loaded with the backend

    try:
        return use(backend)
    except KeyringLocked as error:
        raise UnsupportedError(
            f"The keyring ({_name(backend)}) is locked.",
            hint="Unlock it, for instance by logging in to the desktop, or use RIVA_API_KEY.",
        ) from error
    except Exception as error:
        # Back ends raise errors of many libraries, such as D-Bus; none may reach a user raw.
        raise UnsupportedError(
            f"The keyring ({_name(backend)}) refused: {type(error).__name__}.", hint=_NO_STORE_HINT
        ) from error


def _is_locked() -> bool | None:
    backend = _find_backend()
    if backend is None or type(backend).__module__ != _ASKS_OVER_DBUS:
        return None
    import secretstorage  # noqa: PLC0415  # it is there where that back end is

    try:
        with contextlib.closing(secretstorage.dbus_init()) as bus:
            return bool(secretstorage.Collection(bus).is_locked())
    except Exception as error:  # noqa: BLE001  # back ends raise errors of many libraries
        _log.info("the keyring does not say whether it is locked: %s", type(error).__name__)
        return None


def _find_backend() -> KeyringBackend | None:
    """Return the user's keyring, or None where keys would be lost or written in plain text."""
    if not _can_have_store():
        return None
    import keyring  # noqa: PLC0415  # probes the system; only where a key is wanted

    backend = keyring.get_keyring()
    # A chain of back ends answers with the first that can; look through it.
    candidates = getattr(backend, "backends", None) or [backend]
    return next((found for found in candidates if _is_store(found)), None)


def _can_have_store() -> bool:
    """Whether it is worth loading what speaks to stores, which takes 14 MB to the end.

    On Linux keyring's own back ends are reached over the session bus. Others are named by the user
    or installed beside them.
    """
    if sys.platform != "linux" or any(
        name in os.environ for name in ("DBUS_SESSION_BUS_ADDRESS", "PYTHON_KEYRING_BACKEND")
    ):
        return True
    installed = entry_points(group="keyring.backends")
    return any(not each.module.startswith("keyring.") for each in installed)


def _is_store(backend: KeyringBackend) -> bool:
    kind = type(backend)
    return kind.__module__ not in _NOT_STORES and "plaintext" not in kind.__name__.lower()


def _name(backend: KeyringBackend) -> str:
    return str(backend.name)
