"""Collects the licence of everything in a bundle, and refuses what may not be in it.

    python packaging/licences.py FOLDER LIST TARGET

FOLDER is the bundle, LIST what the spec wrote about it, TARGET the file to write. Every package and
every native library must have a licence that Captioner, under the MIT licence, can be given away
with: nothing that is under the GPL alone.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib.metadata import distribution, packages_distributions
from pathlib import Path
from typing import Any, Final

import contents

from captioner.core.packages import Package, installed_packages

HERE: Final = Path(__file__).parent
_GPL: Final = re.compile(r"A?GPL-")
_TOKEN: Final = re.compile(r"\(|\)|[\w.+-]+")
_NATIVE: Final = re.compile(
    r"\.(?:so(?:\.[\w.]+)?|dll|dylib|pyd|exe)$|\.framework/Versions/[\w.]+/\w+$"
)
_OF_PYTHON: Final = re.compile(r"\.(?:cpython-\w[\w-]*|abi3)\.so$|\.pyd$")


class LicenceError(Exception):
    """Something may not be given away like this, or nobody knows; the text says what and why."""


@dataclass(frozen=True, slots=True)
class Part:
    """Something in the bundle that has a licence.

    Attributes:
        name: What it is.
        licence: An expression of SPDX.
        text: Of the licence and its notices.
    """

    name: str
    licence: str
    text: str


def may_be_given_away(expression: str) -> bool:
    """Return whether one of the choices of an SPDX expression is free of the bare GPL.

    Raises:
        ValueError: It is no expression.
    """
    tokens = _TOKEN.findall(expression)
    if not tokens or "".join(tokens) != re.sub(r"\s", "", expression):
        raise ValueError(expression)
    answer = _any_of(tokens)
    if tokens:
        raise ValueError(expression)
    return answer


def _any_of(tokens: list[str]) -> bool:
    answer = _all_of(tokens)
    while tokens[:1] == ["OR"]:
        del tokens[0]
        answer |= _all_of(tokens)
    return answer


def _all_of(tokens: list[str]) -> bool:
    answer = _one(tokens)
    while tokens[:1] == ["AND"]:
        del tokens[0]
        answer &= _one(tokens)
    return answer


def _one(tokens: list[str]) -> bool:
    if not tokens or tokens[0] in {"AND", "OR", "WITH", ")"}:
        raise ValueError("a licence is missing")
    first = tokens.pop(0)
    if first == "(":
        answer = _any_of(tokens)
        if tokens[:1] != [")"]:
            raise ValueError("a bracket is open")
        del tokens[0]
        return answer
    if tokens[:1] == ["WITH"]:  # an exception that lets other programs use it
        del tokens[:2]
        return True
    return _GPL.match(first) is None


def parts(folder: Path, listed: dict[str, Any]) -> list[Part]:
    """Return all that is in the bundle, packages first.

    Raises:
        LicenceError: A part has no known licence.
    """
    table = tomllib.loads((HERE / "licences.toml").read_text("utf-8"))
    return [*_packages(listed["modules"], table), *_libraries(folder, table)]


def _packages(modules: list[str], table: dict[str, Any]) -> list[Part]:
    known = {contents.key(each.name): each for each in installed_packages()}
    owners = packages_distributions()
    bundled = {
        contents.key(owner)
        for module in modules
        if module not in sys.stdlib_module_names
        for owner in owners.get(module, ())
    }
    others = bundled - set(known) - {"captioner"}
    if others:
        raise LicenceError(
            f"Modules of {', '.join(sorted(others))} are bundled, and Captioner does not require "
            "them. Leave them out in packaging/contents.py."
        )
    return [
        _package(each, table)
        for key, each in sorted(known.items())
        if key in bundled and key != "captioner"
    ]


def _package(package: Package, table: dict[str, Any]) -> Part:
    said = table["packages"].get(package.name, package.licence)
    licence = table["names"].get(said, said)
    texts = [package.text]
    for name in table["texts"].get(package.name, ()):
        ours = HERE / "licences" / name
        file = ours if ours.is_file() else Path(str(distribution(package.name).locate_file(name)))
        texts.append(file.read_text("utf-8").strip())
    text = "\n\n".join(filter(None, texts))
    if not licence or not text:
        raise LicenceError(
            f"{package.name} is installed without its licence. Find it, and add it to "
            "packaging/licences.toml."
        )
    return Part(f"{package.name} {package.version}", licence, text)


def _libraries(folder: Path, table: dict[str, Any]) -> list[Part]:
    found: dict[str, Part] = {}
    for file in sorted(folder.rglob("*")):
        if file.is_symlink() or not file.is_file():
            continue
        place = file.relative_to(folder).as_posix().removeprefix("_internal/")
        is_program = "/" not in place and file.parent == folder
        if not is_program and (not _NATIVE.search(place) or _is_of_a_package(place)):
            continue
        entry = next(
            (
                each
                for each in table["libraries"]
                if any(fnmatch(place, pattern) for pattern in each["files"])
            ),
            None,
        )
        if entry is None:
            raise LicenceError(
                f"Nobody knows the licence of the bundled library {place}. Look it up, and add it "
                "to packaging/licences.toml, or leave it out in packaging/contents.py."
            )
        texts = "\n\n".join(_text(name) for name in entry.get("texts", ()))
        found[entry["name"]] = Part(entry["name"], entry["licence"], texts)
    return list(found.values())


def _is_of_a_package(place: str) -> bool:
    return _OF_PYTHON.search(place) is not None and "lib-dynload" not in place


def _text(name: str) -> str:
    if name != "python":
        return (HERE / "licences" / name).read_text("utf-8").strip()
    for place in (f"lib/python3.{sys.version_info[1]}/LICENSE.txt", "LICENSE.txt", "LICENSE"):
        for prefix in (sys.base_prefix, "/usr"):
            if (file := Path(prefix, place)).is_file():
                return file.read_text("utf-8").strip()
    raise LicenceError(f"The licence of Python itself is not in {sys.base_prefix}.")


def refuse_forbidden(found: list[Part]) -> None:
    """Check every licence.

    Raises:
        LicenceError: One is under the GPL alone, or is no expression of SPDX.
    """
    for part in found:
        try:
            fine = may_be_given_away(part.licence)
        except ValueError as error:
            raise LicenceError(
                f'{part.name} calls its licence "{part.licence}", which SPDX does not know. Say in '
                "packaging/licences.toml what it means."
            ) from error
        if not fine:
            raise LicenceError(
                f"{part.name} is under {part.licence}, which an installer under the MIT licence "
                "may not contain. Leave it out in packaging/contents.py."
            )


def as_text(found: list[Part]) -> str:
    """Return the file that goes with the program."""
    line = "-" * 80
    head = (
        "Captioner is under the MIT licence. It contains the following parts, each under its own\n"
        "licence. Qt and PySide6 are used under the GNU Lesser General Public License, version 3:\n"
        "their libraries are files of their own, which you may replace by others.\n"
    )
    table = "\n".join(f"{part.name}: {part.licence}" for part in found)
    texts = (f"{line}\n{part.name}\n{part.licence}\n{line}\n\n{part.text}\n" for part in found)
    return "\n".join([head, table, "", *texts])


def main() -> int:
    """Write the file, or say why the bundle may not be given away."""
    folder, listed, target = map(Path, sys.argv[1:])
    try:
        found = parts(folder, json.loads(listed.read_text("utf-8")))
        refuse_forbidden(found)
    except LicenceError as error:
        print(error, file=sys.stderr)
        return 1
    target.write_text(as_text(found), "utf-8")
    print(f"{len(found)} parts, each with a licence that allows it: {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
