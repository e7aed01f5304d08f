"""The history in another folder."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import Final

from captioner.core.errors import ConfigurationError
from captioner.transcript.history.database import history_errors, open_history, remove_history

EXISTS: Final = "HISTORY_EXISTS"
"""Code of the error that says that there is a history in the new place."""


def move_history(old: Path, new: Path) -> bool:
    """Move the file from ``old`` to ``new``: at every moment one of them is whole.

    Returns:
        False where there is nothing to move.

    Raises:
        ConfigurationError: It cannot be moved, or there is a history already; all is as it was.
    """
    if not old.exists():
        return False
    if new.exists():
        raise ConfigurationError(
            f"There are transcripts in {new.parent} already, which are used from now on.",
            hint=f"Those of before stay in {old.parent}.",
            code=EXISTS,
        )
    with history_errors(new):
        new.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        copy = new.with_name(f".{new.name}.part")
        copy.unlink(missing_ok=True)
        os.close(os.open(copy, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            with closing(open_history(old)) as connection:
                connection.execute("VACUUM INTO ?;", (str(copy),))
            _force_to_disk(copy)
            copy.replace(new)
        except BaseException:
            copy.unlink(missing_ok=True)
            raise
    remove_history(old)
    return True


def _force_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
