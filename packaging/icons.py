"""Draws the program's icon in the sizes and formats that desktops want.

    python packaging/icons.py SVG FOLDER

Writes FOLDER/hicolor/... for Linux, FOLDER/captioner.ico for Windows and captioner.icns for macOS.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Final

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

_THEME_SIZES: Final = (16, 22, 24, 32, 48, 64, 128, 256, 512)
_LARGE: Final = {"captioner.ico": 256, "captioner.icns": 512}


def main() -> int:
    """Write all of them."""
    svg, folder = Path(sys.argv[1]), Path(sys.argv[2])
    application = QGuiApplication([])
    renderer = QSvgRenderer(str(svg), application)
    for size in _THEME_SIZES:
        _write(renderer, size, folder / f"hicolor/{size}x{size}/apps/captioner.png")
    for name, size in _LARGE.items():
        _write(renderer, size, folder / name)
    scalable = folder / "hicolor/scalable/apps/captioner.svg"
    scalable.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(svg, scalable)
    return 0


def _write(renderer: QSvgRenderer, size: int, target: Path) -> None:
    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    target.parent.mkdir(parents=True, exist_ok=True)
    if not image.save(str(target)):
        raise OSError(f"{target} cannot be written")


if __name__ == "__main__":
    sys.exit(main())
