"""What may be in an installer, and what stops the build."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType, SimpleNamespace

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


@pytest.mark.parametrize(
    "place",
    [
        "PySide6/Qt/lib/libQt6VirtualKeyboard.so.6",
        "PySide6/Qt/lib/QtVirtualKeyboard.framework/Versions/A/QtVirtualKeyboard",
        "PySide6/Qt6VirtualKeyboard.dll",
    ],
)
def test_library_that_nobody_knows_stops_the_build(
    licences: ModuleType, tmp_path: Path, place: str
) -> None:
    _add(tmp_path, place)
    with pytest.raises(licences.LicenceError, match="VirtualKeyboard"):
        licences.parts(tmp_path, {"modules": []})


@pytest.mark.parametrize(
    "place",
    [
        # Windows
        "VCRUNTIME140_1.dll",
        "PySide6/msvcp140_1.dll",
        "PySide6/Qt6Widgets.dll",
        "numpy.libs/msvcp140-a4c2229bdc2a2a630acdc095b4d86008.dll",
        "google_crc32c/extra-dll/crc32c.dll",
        "libcrypto-3.dll",
        "libffi-8.dll",
        "python312.dll",
        "sqlite3.dll",
        # macOS
        "PySide6/Qt/lib/QtWidgets.framework/Versions/A/QtWidgets",
        "Python.framework/Versions/3.12/Python",
        "google_crc32c/.dylibs/libcrc32c.1.1.0.dylib",
        "libssl.3.dylib",
    ],
)
def test_libraries_of_other_systems_are_known(
    licences: ModuleType, tmp_path: Path, place: str
) -> None:
    _add(tmp_path, place)
    assert len(licences.parts(tmp_path, {"modules": []})) == 1


@pytest.mark.parametrize("name", ["captioner", "captioner-window", "captioner-window.exe"])
def test_programs_of_every_system_are_known(
    licences: ModuleType, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).touch()
    assert len(licences.parts(tmp_path, {"modules": []})) == 1


def _add(folder: Path, place: str) -> None:
    library = folder / "_internal" / place
    library.parent.mkdir(parents=True)
    library.touch()


@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        ("_sounddevice_data\\portaudio-binaries\\libportaudio64bit.dll", True),
        ("_sounddevice_data\\portaudio-binaries\\libportaudio64bit-asio.dll", False),
        ("PySide6\\opengl32sw.dll", False),
    ],
)
def test_what_has_terms_of_its_own_stays_out(
    licences: ModuleType, place: str, *, wanted: bool
) -> None:
    assert licences.contents.is_wanted((place, place, "BINARY")) is wanted


def test_package_of_one_native_module_is_listed(licences: ModuleType, tmp_path: Path) -> None:
    suffix = ".cpython-311-x86_64-linux-gnu.so"
    binaries = [
        (f"_cffi_backend{suffix}", "", "EXTENSION"),
        (f"python3.11/lib-dynload/_csv{suffix}", "", "EXTENSION"),
    ]
    listed, bundle = tmp_path / "contents.json", tmp_path / "bundle"
    licences.contents.write_list(listed, SimpleNamespace(binaries=binaries, datas=[], pure=[]))
    found = licences.parts(bundle, json.loads(listed.read_text("utf-8")))
    assert [(part.name.partition(" ")[0], part.licence) for part in found] == [("cffi", "MIT-0")]


def test_part_under_the_gpl_stops_the_build(licences: ModuleType) -> None:
    part = licences.Part("readline", "GPL-3.0-or-later", "...")
    with pytest.raises(licences.LicenceError, match="readline"):
        licences.refuse_forbidden([part])


def test_metadata_say_nothing_of_the_machine(licences: ModuleType, tmp_path: Path) -> None:
    place = "typer-1.0.dist-info/RECORD"
    source = tmp_path / "RECORD"
    kept = "typer-1.0.dist-info/licenses/LICENSE"
    source.write_text(
        f"../../../bin/typer,sha256=7Vn,179\ntyper/main.py,sha256=0h,1\n{kept},sha256=WJg,1086\n"
        "typer-1.0.dist-info/direct_url.json,sha256=9a,80\n"
    )
    written = licences.contents.tidied((place, str(source), "DATA"), tmp_path / "out")
    assert written == (place, str(tmp_path / "out" / place), "DATA")
    assert Path(written[1]).read_text("utf-8") == f"{kept},,\n"
    source.write_text("Name: captioner\nVersion: 1.0\n\n# Captioner\n")
    own = ("captioner-1.0.dist-info/METADATA", str(source), "DATA")
    said = Path(licences.contents.tidied(own, tmp_path / "out")[1]).read_text("utf-8")
    assert said == "Name: captioner\nVersion: 1.0\n"
    other = ("PySide6/METADATA", str(source), "DATA")
    assert licences.contents.tidied(other, tmp_path) == other
