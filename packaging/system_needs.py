"""What the libraries of a bundle need of the system that they run on.

    python packaging/system_needs.py FOLDER

Prints the newest version of the C and C++ libraries that any of them asks for, with a library that
asks for it, and the libraries that the bundle does not bring itself. As JSON with ``--json``.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from elftools.common.exceptions import ELFError
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

_MAGIC: Final = b"\x7fELF"
_FLOORS: Final = re.compile(r"(GLIBC|GLIBCXX)_(\d+(?:\.\d+)+)$")

Version = tuple[int, ...]


@dataclass(slots=True)
class Needs:
    """What is needed.

    Attributes:
        floors: By library, GLIBC or GLIBCXX: the version, and who asks for it.
        libraries: Those that the bundle does not bring, each with who asks for it.
    """

    floors: dict[str, tuple[Version, str]] = field(default_factory=dict)
    libraries: dict[str, str] = field(default_factory=dict)


def native_files(folder: Path) -> Iterator[Path]:
    """Yield every ELF file below ``folder``, each once."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.is_symlink():
            with file.open("rb") as opened:
                if opened.read(4) == _MAGIC:
                    yield file


def needs_of(folder: Path) -> Needs:
    """Read every library below ``folder``."""
    needs = Needs()
    files = list(native_files(folder))
    brought = {file.name for file in files}
    for file in files:
        place = file.relative_to(folder).as_posix()
        with file.open("rb") as opened:
            elf = ELFFile(opened)
            for section in elf.iter_sections():
                if isinstance(section, GNUVerNeedSection):
                    _add_floors(section, place, needs)
                elif isinstance(section, DynamicSection):
                    for tag in section.iter_tags("DT_NEEDED"):
                        if tag.needed not in brought:
                            needs.libraries.setdefault(tag.needed, place)
    return needs


def _add_floors(section: GNUVerNeedSection, place: str, needs: Needs) -> None:
    for _, versions in section.iter_versions():
        for version in versions:
            found = _FLOORS.match(version.name)
            if found is None:
                continue
            number = tuple(map(int, found[2].split(".")))
            if number > needs.floors.get(found[1], ((0,), ""))[0]:
                needs.floors[found[1]] = (number, place)


def main() -> int:
    """Print the needs of the folder that is named."""
    folder = Path(sys.argv[1])
    try:
        needs = needs_of(folder)
    except (ELFError, OSError) as error:
        print(f"{folder} cannot be read: {error}", file=sys.stderr)
        return 1
    floors = {
        name: (".".join(map(str, version)), place)
        for name, (version, place) in sorted(needs.floors.items())
    }
    if "--json" in sys.argv:
        print(json.dumps({"floors": floors, "libraries": needs.libraries}, indent=1))
        return 0
    for name, (version, place) in floors.items():
        print(f"{name} {version} or later, because of {place}")
    print(f"libraries of the system: {' '.join(sorted(needs.libraries))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
