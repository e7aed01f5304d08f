"""Takes pictures: ``python -m scripts.pictures [--only SCENE ...] [FOLDER]``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from scripts.pictures import overlay, pages, windows

_ROOT: Final = Path(__file__).resolve().parents[2]
_SCENES: Final = {
    scene.__name__: scene for scene in (*overlay.SCENES, *windows.SCENES, *pages.SCENES)
}


def main() -> None:
    """Take all pictures, or those of some scenes; each scene has a display of its own."""
    parser = argparse.ArgumentParser(
        prog="scripts/screenshots",
        description="Starts the real windows on private displays and takes their pictures.",
        epilog="Example: scripts/screenshots --only presets settings -- /tmp/pictures",
    )
    parser.add_argument("--only", nargs="+", choices=_SCENES, default=list(_SCENES))
    parser.add_argument("folder", nargs="?", type=Path, default=_ROOT / "resources" / "screenshots")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(options.only, 1):
        print(f"[{number}/{len(options.only)}] {name}", flush=True)
        _SCENES[name](options.folder)


if __name__ == "__main__":
    main()
