"""The history in another folder."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import Final

from captioner.core.errors import ConfigurationError
from captioner.transcript.history.database import history_errors, open_history
from captioner.transcript.history.files import is_there, kept_file, put_in_place, remove

EXISTS: Final = "HISTORY_EXISTS"
"""Code of the error that says that there is a history in the new place."""


def move_history(old: Path, new: Path) -> bool:
    """Move the file from ``old`` to ``new``: at every moment one of them is whole.

    Returns:
        False where there is nothing to move.

    Raises:
        ConfigurationError: It cannot be moved, or there is a history already; all is as it was.
    """
    if not is_there(old):
        return False
    if is_there(new):
        raise ConfigurationError(
            f"There are transcripts in {new.parent} already, which are used from now on.",
            hint=f"Those of before stay in {old.parent}.",
            code=EXISTS,
        )
    with history_errors(new):
        new.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        source = kept_file(old)
        target = new.with_name(source.name)
        copy = target.with_name(f".{target.name}.part")
        copy.unlink(missing_ok=True)
        os.close(os.open(copy, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            with closing(open_history(old)) as connection:
                connection.execute("VACUUM INTO ?;", (str(copy),))
            put_in_place(copy, target)
        except BaseException:
            copy.unlink(missing_ok=True)
            raise
    remove(source)
    return True
