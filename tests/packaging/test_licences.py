"""What may be in an installer, and what stops the build."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

_FOLDER = Path(__file__).parents[2] / "packaging"


@pytest.fixture
def licences(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(_FOLDER))
    return importlib.import_module("licences")


@pytest.mark.parametrize(
    ("expression", "fine"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("AGPL-3.0-or-later", False),
        ("LGPL-2.1-or-later", True),
        ("LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only", True),
        ("MIT AND GPL-2.0-or-later", False),
        ("(MIT OR GPL-2.0-only) AND (GPL-3.0-only OR Apache-2.0)", True),
        ("MIT OR GPL-2.0-only AND GPL-3.0-only", True),
        ("GPL-3.0-or-later WITH GCC-exception-3.1", True),
    ],
)
def test_gpl_alone_may_not_be_given_away(
    licences: ModuleType, expression: str, *, fine: bool
) -> None:
    assert licences.may_be_given_away(expression) is fine


@pytest.mark.parametrize("nonsense", ["", "MIT License", "MIT AND", "(MIT", "GNU LGPL v3+, or so"])
def test_what_spdx_does_not_know_is_no_licence(licences: ModuleType, nonsense: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        licences.may_be_given_away(nonsense)


def test_library_that_nobody_knows_stops_the_build(licences: ModuleType, tmp_path: Path) -> None:
    library = tmp_path / "_internal" / "PySide6" / "Qt" / "lib" / "libQt6VirtualKeyboard.so.6"
    library.parent.mkdir(parents=True)
    library.touch()
    with pytest.raises(licences.LicenceError, match="libQt6VirtualKeyboard"):
        licences.parts(tmp_path, {"modules": []})


def test_part_under_the_gpl_stops_the_build(licences: ModuleType) -> None:
    part = licences.Part("readline", "GPL-3.0-or-later", "...")
    with pytest.raises(licences.LicenceError, match="readline"):
        licences.refuse_forbidden([part])
