"""What the program is made of: each package that is installed with it, and its licence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path
from typing import Final

_PROGRAM: Final = "captioner"
_LICENCE_FILE: Final = re.compile(r"licen[cs]e|copying|notice|authors", re.IGNORECASE)
_LONGEST_NAME: Final = 60
_CLASSIFIER: Final = "License :: "
_BEGINNINGS: Final = {
    "Permission is hereby granted, free of charge, to any person": "MIT",
    "This software is provided 'as-is', without any express or implied": "Zlib",
}
"""What licences say, for packages that carry one and do not name it."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package.

    Attributes:
        name: As it is called where it comes from.
        version: Of what is installed.
        licence: Name of its licence, as the package or the text says it; empty where none does.
        text: The licence itself and notices that go with it, as far as they are installed.
    """

    name: str
    version: str
    licence: str
    text: str


def installed_packages() -> list[Package]:
    """Return the program's packages by name; reads many small files."""
    found: dict[str, Distribution] = {}
    try:
        _collect(distribution(_PROGRAM), found)
    except PackageNotFoundError:  # a clone that was never installed
        found = {_key(each.metadata["Name"]): each for each in distributions()}
    return [_package(each) for _, each in sorted(found.items())]


def _collect(wanted: Distribution, found: dict[str, Distribution]) -> None:
    key = _key(wanted.metadata["Name"])
    if key in found:
        return
    found[key] = wanted
    for requirement in wanted.requires or ():
        name = re.match(r"[\w.-]+", requirement)
        if name is None or "extra ==" in requirement:
            continue
        try:
            _collect(distribution(name[0]), found)
        except PackageNotFoundError:
            continue  # for another system or another Python


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _package(one: Distribution) -> Package:
    text = "\n\n".join(_texts(one)).strip()
    return Package(one.metadata["Name"], one.version, _licence(one) or _licence_in(text), text)


def _licence(one: Distribution) -> str:
    metadata = one.metadata
    for field in ("License-Expression", "License"):
        said = " ".join(metadata.get_all(field) or ()).strip()
        if said and "\n" not in said and len(said) <= _LONGEST_NAME:
            return said
    names = [
        line.rpartition(" :: ")[2]
        for line in metadata.get_all("Classifier") or ()
        if line.startswith(_CLASSIFIER)
    ]
    return ", ".join(names)


def _licence_in(text: str) -> str:
    words = " ".join(text.split())
    return ", ".join(name for said, name in _BEGINNINGS.items() if said in words)


def _texts(one: Distribution) -> Iterator[str]:
    for file in one.files or ():
        if ".dist-info" in str(file.parent) and _LICENCE_FILE.search(file.name):
            with suppress(OSError):  # listed, and not installed after all
                path = Path(str(file.locate()))
                yield path.read_text(encoding="utf-8", errors="replace").strip()
