"""One measurement at a time on a machine: two at once measure each other."""

from __future__ import annotations

import getpass
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from captioner.core.process_lock import ProcessLock


@contextmanager
def alone(folder: Path | None = None) -> Iterator[None]:
    """Keep other measurements of this user away for as long as the block lasts.

    Args:
        folder: Of the lock; that of temporary files by default, which all checkouts share.

    Raises:
        ValueError: Another measurement is running; the text says what to do.
    """
    place = folder or Path(tempfile.gettempdir())
    with ProcessLock(place / f"captioner-bench-{getpass.getuser()}.lock").held() as is_held:
        if not is_held:
            raise ValueError(
                "Another measurement is running on this machine, and two would measure each other. "
                "Wait until it has ended, or end it: pkill -f scripts.benchmarks"
            )
        yield
