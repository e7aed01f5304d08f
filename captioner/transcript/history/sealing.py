"""Captions said while the key of an encrypted history cannot be had: sealed beside the file.

Who writes needs no key but a public one, which lies beside the file. What is
sealed is read with a private key that follows from the key of the history, so only where that is at
hand; then it goes into the file.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from captioner.core.segment import Gap
from captioner.transcript.history.files import encrypted_file, put_in_place
from captioner.transcript.history.records import Batch, KeptSegment, Run
from captioner.transcript.history.writing import keep

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from pydantic import TypeAdapter

logger = logging.getLogger(__name__)

_USE: Final = b"captioner: captions that wait for the key of the history"
_PUBLIC: Final = 32
_NONCE: Final = bytes(12)
"""One for all: each box has a key of its own."""


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A batch as JSON has it."""

    runs: list[Run]
    finals: list[tuple[str, KeptSegment]]
    gaps: list[tuple[str, Gap]]
    unfinished: list[tuple[str, str, KeptSegment | None]]


def seal(path: Path, batch: Batch) -> bool:
    """Keep ``batch`` beside the history ``path``, to be read by who has its key.

    Returns:
        False where it has no public key, as before it was ever open.

    Raises:
        OSError: It cannot be written.
    """
    try:
        public = _seal_file(path).read_bytes()[:_PUBLIC]
    except FileNotFoundError:
        return False
    if len(public) < _PUBLIC:
        return False
    box = _boxed(public, _as_json(batch))
    name = f"{time.time_ns():020d}-{os.getpid()}.sealed"
    _put(path.with_name(f"{encrypted_file(path).name}.{name}"), box)
    return True


def can_seal(path: Path) -> bool:
    """Return whether captions can be sealed for the history ``path``."""
    return _seal_file(path).exists()


def let_seal(path: Path, key: str) -> None:
    """Let captions be sealed for ``key`` from now on.

    Raises:
        OSError: It cannot be written.
    """
    file, mark = _seal_file(path), hashlib.sha256(_USE + key.encode()).digest()
    with suppress(FileNotFoundError):
        if file.read_bytes()[_PUBLIC:] == mark:
            return
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _put(file, _private(key).public_key().public_bytes_raw() + mark)


def sealed_files(path: Path) -> list[Path]:
    """Return what waits beside the history ``path``, the oldest first."""
    return sorted(path.parent.glob(f"{encrypted_file(path).name}.*.sealed"))


def take_in(connection: sqlite3.Connection, path: Path, key: str) -> None:
    """Write what waits into the history; what was sealed for another key is set aside untouched."""
    for file in sealed_files(path):
        with suppress(FileNotFoundError):  # another process has taken it
            batch = _unboxed(file.read_bytes(), key)
            if batch is None:
                aside = file.rename(file.with_suffix(".without-key"))
                logger.warning("Captions sealed for another key are set aside as %s", aside)
                continue
            keep(connection, batch)
            file.unlink()


def _seal_file(path: Path) -> Path:
    return encrypted_file(path).with_suffix(".seal")


def _put(file: Path, content: bytes) -> None:
    """Let ``file`` be ``content``, for the user alone; it lasts when this returns."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
        put_in_place(part, file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _boxed(public: bytes, content: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import x25519  # noqa: PLC0415  # rarely needed
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415  # see above

    mine = x25519.X25519PrivateKey.generate()
    shared = mine.exchange(x25519.X25519PublicKey.from_public_bytes(public))
    sender = mine.public_key().public_bytes_raw()
    return sender + AESGCM(_derived(shared + sender + public)).encrypt(_NONCE, content, None)


def _unboxed(box: bytes, key: str) -> Batch | None:
    """Return what is in ``box``; None where it is not for ``key``, or torn."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415  # rarely needed
    from cryptography.hazmat.primitives.asymmetric import x25519  # noqa: PLC0415  # see above
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415  # see above

    mine, sender = _private(key), box[:_PUBLIC]
    public = mine.public_key().public_bytes_raw()
    try:
        shared = mine.exchange(x25519.X25519PublicKey.from_public_bytes(sender))
        opened = AESGCM(_derived(shared + sender + public)).decrypt(_NONCE, box[_PUBLIC:], None)
        return _from_json(opened)
    except (InvalidTag, ValueError):
        return None


def _private(key: str) -> X25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric import x25519  # noqa: PLC0415  # rarely needed

    return x25519.X25519PrivateKey.from_private_bytes(_derived(bytes.fromhex(key)))


def _derived(secret: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415  # rarely needed
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415  # see above

    return HKDF(SHA256(), length=32, salt=None, info=_USE).derive(secret)


@cache
def _form() -> TypeAdapter[_Sealed]:
    from pydantic import TypeAdapter  # noqa: PLC0415  # rarely needed

    return TypeAdapter(_Sealed)


def _as_json(batch: Batch) -> bytes:
    unfinished = [(run, channel, each) for (run, channel), each in batch.unfinished.items()]
    runs = list(batch.runs.values())
    return _form().dump_json(_Sealed(runs, batch.finals, batch.gaps, unfinished))


def _from_json(content: bytes) -> Batch:
    found = _form().validate_json(content)
    return Batch(
        {run.key: run for run in found.runs},
        found.finals,
        found.gaps,
        {(run, channel): each for run, channel, each in found.unfinished},
    )
