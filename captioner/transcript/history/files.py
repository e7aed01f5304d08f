"""The files of a history: which one counts, and how one goes so that nothing is left of it.

A history has one name, that of its plain file. An encrypted one lies beside it under a name of its
own, and while it is there it is the one that counts.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from captioner.core.disk import sync_folder
from captioner.core.process_lock import ProcessLock
from captioner.transcript.history.keys import kept_key, key_to_begin_with

_MARK: Final = "-encrypted"
_COMPANIONS: Final = ("-wal", "-shm")
_PIECE: Final = 1 << 20


def encrypted_file(path: Path) -> Path:
    """Return the file of the history ``path`` when it is encrypted."""
    return path.with_name(f"{path.stem}{_MARK}{path.suffix}")


def kept_file(path: Path) -> Path:
    """Return the file of the history ``path`` that counts."""
    encrypted = encrypted_file(path)
    return encrypted if encrypted.exists() else path


def is_there(path: Path) -> bool:
    """Return whether there is a history ``path``."""
    return kept_file(path).exists()


def is_encrypted(file: Path) -> bool:
    """Return whether ``file``, or what it was set aside from, is an encrypted one."""
    return _MARK in file.name


def key_of(file: Path) -> str | None:
    """Return the key of ``file``, made for a new one; None for a plain one.

    Raises:
        ConfigurationError: Its key is lost.
        UnsupportedError: Its key cannot be had now.
    """
    if not is_encrypted(file):
        return None
    try:
        is_new = file.stat().st_size == 0
    except FileNotFoundError:
        is_new = True
    return key_to_begin_with() if is_new else kept_key()


def with_companions(file: Path) -> list[Path]:
    """Return ``file`` and what SQLite keeps beside it: its newest pages, and where they are."""
    return [file, *(file.with_name(file.name + each) for each in _COMPANIONS)]


def put_in_place(made: Path, file: Path) -> None:
    """Let ``made``, whole and closed, be ``file``; it lasts when this returns."""
    descriptor = os.open(made, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    for companion in with_companions(file)[1:]:
        companion.unlink(missing_ok=True)
    made.replace(file)
    sync_folder(file.parent)


def destroy(file: Path, *, spare: int = 0) -> None:
    """Write over ``file``, but for its first ``spare`` bytes, and over what is beside it.

    Then take them away.
    """
    for each in with_companions(file):
        with suppress(FileNotFoundError):
            _write_over(each, spare if each == file else 0)
            each.unlink()
    sync_folder(file.parent)


def set_aside(file: Path, reason: str) -> Path:
    """Give ``file`` and what is beside it a name that says when and why; return that."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = file.with_name(f"{file.name}.{reason}-{stamp}")
    number = 1
    while aside.exists():
        number += 1
        aside = file.with_name(f"{file.name}.{reason}-{stamp}-{number}")
    # What SQLite keeps beside the file belongs to it: its newest pages.
    for companion in _COMPANIONS:
        with suppress(FileNotFoundError):
            file.with_name(file.name + companion).rename(aside.with_name(aside.name + companion))
    file.rename(aside)
    return aside


def plain_asides(path: Path) -> list[Path]:
    """Return the files of the history ``path`` that were set aside and are not encrypted."""
    return sorted(
        each for each in path.parent.glob(f"{path.name}.*-*") if not each.name.endswith(_COMPANIONS)
    )


def remove(file: Path) -> None:
    """Take ``file`` and what is beside it away."""
    for each in with_companions(file):
        each.unlink(missing_ok=True)
    sync_folder(file.parent)


def alone(path: Path, wait_s: float = 0.0) -> AbstractContextManager[bool]:
    """Hold the right to exchange the file of the history ``path`` for the length of a block.

    Args:
        path: The history.
        wait_s: How long to wait for another process that holds it. Blocks.

    Returns:
        What is entered with whether it was got.
    """
    return ProcessLock(path.with_name(f"{path.name}.lock")).held(wait_s)


def _write_over(file: Path, begin: int) -> None:
    with file.open("r+b") as opened:
        left = os.fstat(opened.fileno()).st_size - begin
        opened.seek(begin)
        while left > 0:
            left -= opened.write(bytes(min(left, _PIECE)))
        opened.flush()
        os.fsync(opened.fileno())
