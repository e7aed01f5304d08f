"""When it was looked for a newer version, and what was found, from one start to the next."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict

from captioner.gui.updates.published import Published
from captioner.settings.file import write_atomically

logger = logging.getLogger(__name__)

_FILE: Final = "updates.json"
_EACH: Final = timedelta(days=1)


class LastLook(BaseModel):
    """The last time that an address was asked.

    Attributes:
        at: When.
        url: The address.
        published: The latest answer of that address; None before there was any.
    """

    model_config = ConfigDict(frozen=True)

    at: AwareDatetime
    url: str
    published: Published | None = None

    def is_recent(self) -> bool:
        """Return whether it was within a day; a time to come says that the clock was wrong."""
        return timedelta() <= datetime.now(UTC) - self.at < _EACH


def read_last_look(data_dir: Path) -> LastLook | None:
    """Return the last look of the profile with this ``data_dir``; blocks."""
    try:
        return LastLook.model_validate_json((data_dir / _FILE).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        logger.info("when it was last looked for a newer version is not known: %s", error)
        return None


def write_last_look(data_dir: Path, look: LastLook) -> None:
    """Keep ``look``; blocks.

    Raises:
        OSError: It cannot be kept.
    """
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_atomically(data_dir / _FILE, look.model_dump_json() + "\n")
