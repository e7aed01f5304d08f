"""``captioner`` with a note of when each word was painted: ``run_window RECORD ARGUMENTS``.

The words are those of `run_talking_server`. At the end, RECORD holds a JSON object from the number
of each word to the ``time.monotonic()`` at which it was on the overlay.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

_WORD: Final = re.compile(r"\bn(\d+)\b")


def _note_paints(painted: dict[int, float]) -> None:
    from captioner.gui.overlay.view import PaintedRecord  # noqa: PLC0415  # Qt's turn comes later

    add: Callable[[Any, Sequence[Any]], None] = PaintedRecord.add

    def noting(self: PaintedRecord, lines: Sequence[Any]) -> None:
        add(self, lines)
        now = time.monotonic()
        for number in map(int, _WORD.findall(" ".join(line.text for line in lines))):
            painted.setdefault(number, now)

    setattr(PaintedRecord, "add", noting)  # noqa: B010  # types would not have it replaced


def main() -> int:
    """Run it, then write the record."""
    record, *arguments = sys.argv[1:]
    painted: dict[int, float] = {}
    from captioner.gui import app  # noqa: PLC0415  # as the command line does

    run = app.run

    def run_noting(*positional: Any, **named: Any) -> int:  # noqa: ANN401  # handed through
        _note_paints(painted)
        return run(*positional, **named)

    vars(app)["run"] = run_noting
    from captioner.cli.main import main as captioner_main  # noqa: PLC0415  # see above

    try:
        return captioner_main(arguments)
    finally:
        Path(record).write_text(json.dumps(painted), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
