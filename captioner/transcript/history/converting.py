"""A history encrypted, or plain again: at every moment one whole file has everything.

The new file is filled while others go on writing to the old one. Then they wait for a moment, in
which it gets what came since and takes its place; the old one is marked, so that those who have it
open look again. What a crash leaves is put in order by `settle`.
"""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from captioner.core.errors import CaptionerError, ConfigurationError
from captioner.transcript.history.copying import Copying
from captioner.transcript.history.database import (
    file_size,
    history_errors,
    is_damaged,
    open_file,
    open_history,
)
from captioner.transcript.history.files import (
    alone,
    destroy,
    encrypted_file,
    is_encrypted,
    is_there,
    kept_file,
    key_of,
    plain_asides,
    put_in_place,
    remove,
    set_aside,
)
from captioner.transcript.history.keys import key_to_begin_with
from captioner.transcript.history.schema import MARK_MOVED, MOVED, is_moved, transaction
from captioner.transcript.history.sealing import can_seal, let_seal

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Told how many captions are copied, and how many there are."""

_WAIT_S: Final = 60.0
_POLL_S: Final = 0.1
_ROOM_FACTOR: Final = 1.3
_ROOM_BYTES: Final = 8_000_000
_FIRST_PAGE: Final = 4096
"""The tables' definitions, and the mark that says that it has moved."""


def convert(
    path: Path, *, encrypted: bool, progress: Progress = lambda _done, _whole: None
) -> bool:
    """Encrypt the history ``path``, or make it plain again. Blocks, seconds for a year of talk.

    Returns:
        False where it is so already, or there is none.

    Raises:
        ConfigurationError: There is no room, or it cannot be read; all is as it was.
        UnsupportedError: Its key cannot be had now, or this installation cannot encrypt.
    """
    if not _has_work(path, encrypted=encrypted):
        if encrypted and not is_there(path) and not can_seal(path):
            with history_errors(path):  # the first words may come while the keyring is locked
                let_seal(path, key_to_begin_with())
        return False
    with history_errors(path), alone(path, _WAIT_S) as is_alone:
        if not is_alone:
            raise ConfigurationError(
                f"Another program is at work on the transcripts in {path.parent}.",
                hint="Wait until it is done, or end it.",
                code="HISTORY_LOCKED",
            )
        _put_in_order(path)
        source = kept_file(path)
        if not source.exists() or is_encrypted(source) == encrypted:
            return False
        target = encrypted_file(path) if encrypted else path
        key_of(target)  # before anything is done: it may not be had
        open_history(path).close()  # it takes in what waited for its key
        _check_room(path)
        part = _part_of(target)
        try:
            _fill(source, part, target, progress)
        except BaseException:
            destroy(part)
            raise
        if encrypted:
            _discard(source)
    logger.info("The history is %s now", "encrypted" if encrypted else "plain")
    return True


def settle(path: Path) -> None:
    """Put in order what a crash left of `convert`, unless another process is at it.

    Raises:
        ConfigurationError: It cannot be read or written.
        UnsupportedError: The key cannot be had now.
    """
    if _leftovers(path):
        with history_errors(path), alone(path, 0.0) as is_alone:
            if is_alone:
                _put_in_order(path)


def share_done(path: Path) -> float | None:
    """Return how much of a conversion that is under way is done; None where none is."""
    for target in (path, encrypted_file(path)):
        with suppress(FileNotFoundError):
            done = _part_of(target).stat().st_size
            return min(0.99, done / max(1, file_size(path)))
    return None


def said_of_conversion(path: Path) -> str:
    """Return what the user is told after `convert`."""
    if not is_encrypted(kept_file(path)):
        return "The transcripts are no longer encrypted."
    if asides := plain_asides(path):
        names = ", ".join(each.name for each in asides)
        return (
            "The transcripts are encrypted now, but not what was set aside as damaged before: "
            f"{names}. Delete it if you do not need it."
        )
    return "The transcripts are encrypted now."


def _has_work(path: Path, *, encrypted: bool) -> bool:
    return bool(_leftovers(path)) or (is_there(path) and is_encrypted(kept_file(path)) != encrypted)


def _part_of(file: Path) -> Path:
    return file.with_name(f".{file.name}.part")


def _gone(file: Path) -> Path:
    return file.with_name(f".{file.name}.gone")


def _leftovers(path: Path) -> list[Path]:
    """Return what is there of a conversion that broke off, or is under way."""
    files = [_gone(path), _part_of(path), _part_of(encrypted_file(path))]
    if is_encrypted(kept_file(path)):
        files.append(path)
    return [file for file in files if file.exists()]


def _put_in_order(path: Path) -> None:
    for file in _leftovers(path):
        if file == path:
            _absorb(path)
        else:
            destroy(file)


def _absorb(plain: Path) -> None:
    """Take into the encrypted file what a plain one beside it has, and let that one go."""
    try:
        with closing(sqlite3.connect(plain)) as connection:
            has_moved = is_moved(connection)
        if not has_moved:
            with closing(open_file(plain)) as old, closing(open_file(kept_file(plain))) as new:
                copying = Copying(old, new)
                copying.copy_segments(lambda _done, _whole: None)
                copying.copy_the_rest()
    except (sqlite3.DatabaseError, CaptionerError) as error:
        if isinstance(error, CaptionerError) and error.code == MOVED:
            remove(kept_file(plain))  # the other way round: it was made plain, and is so
            return
        if isinstance(error, CaptionerError) and not is_damaged(error):
            raise
        aside = set_aside(plain, "damaged")
        logger.warning("A plain history beside the encrypted one is damaged; it is %s now", aside)
    else:
        _discard(plain)


def _check_room(path: Path) -> None:
    needed = int(file_size(path) * _ROOM_FACTOR) + _ROOM_BYTES
    if shutil.disk_usage(path.parent).free < needed:
        raise ConfigurationError(
            "There is no room on the disk to convert the transcripts.",
            hint=f"Make room for {needed // 1_000_000 + 1} MB in {path.parent}.",
            code="HISTORY_FULL",
        )


def _fill(source: Path, part: Path, target: Path, progress: Progress) -> None:
    with (
        closing(open_file(source, wait_s=_WAIT_S)) as old,
        closing(open_file(part)) as new,
    ):
        new.execute("PRAGMA secure_delete = OFF")  # it is new: there is nothing in it to hide
        new.execute("PRAGMA cache_size = -65536")
        new.execute("PRAGMA synchronous = OFF")  # it is forced to the disk once, when whole
        copying = Copying(old, new)
        copying.copy_segments(progress)
        new.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        # From here on those who write wait.
        with transaction(old):
            copying.copy_segments(progress)
            copying.copy_the_rest()
            copying.drop_what_is_gone()
            new.execute("PRAGMA journal_mode = DELETE")
            new.close()
            put_in_place(part, target)
            if is_encrypted(source) and os.name == "posix":
                remove(source)
            old.execute(MARK_MOVED)
        # Those who still read are waited for, and who has it open finds the mark on its first page.
        old.execute("PRAGMA wal_checkpoint(RESTART)")
    if is_encrypted(source) and os.name != "posix":  # which keeps open files where they are
        remove(source)


def _discard(plain: Path) -> None:
    """Let a plain file go of which the encrypted one has everything."""
    gone = _gone(plain)
    plain.replace(gone)
    with suppress(FileNotFoundError):
        wal = plain.with_name(f"{plain.name}-wal")
        wal.replace(gone.with_name(f"{gone.name}-wal"))
    plain.with_name(f"{plain.name}-shm").unlink(missing_ok=True)
    destroy(gone, spare=_FIRST_PAGE)
