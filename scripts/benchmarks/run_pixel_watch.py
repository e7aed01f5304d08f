"""Tells when the pixels of a part of the screen change: ``run_pixel_watch X Y WIDTH HEIGHT``.

Writes ``time.monotonic()`` of each change, one a line, looking a hundred times a second, until its
standard input ends.
"""

from __future__ import annotations

import select
import sys
import time
from typing import Final

from PySide6.QtGui import QGuiApplication

_EVERY_S: Final = 0.01


def main() -> None:
    """Look until the input ends."""
    place = [int(each) for each in sys.argv[1:]]
    application = QGuiApplication(["pixels"])
    screen = application.primaryScreen()
    before = screen.grabWindow(0, *place).toImage()
    while not select.select([sys.stdin], [], [], _EVERY_S)[0]:
        application.processEvents()
        now = screen.grabWindow(0, *place).toImage()
        if now != before:
            print(time.monotonic(), flush=True)
        before = now


if __name__ == "__main__":
    main()
