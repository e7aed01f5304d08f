"""What is made on Windows, macOS and the forge, as far as it can be checked elsewhere."""

from __future__ import annotations

import ast
import plistlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.markers import Environment, Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from captioner.gui.desktop import windows_autostart

ROOT = Path(__file__).parents[2]
MACOS = ROOT / "packaging" / "macos"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
INNO = (ROOT / "packaging" / "windows" / "captioner.iss").read_text("utf-8")
IMPORTED_AS = {
    "moonshine-voice": "moonshine_voice",
    "pulsectl": "pulsectl",
    "PyAudioWPatch": "pyaudiowpatch",
    "jeepney": "jeepney",
}
"""Packages that are not for every system, by the module that they bring."""


def requirements() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return [Requirement(line) for line in project["dependencies"]]


def missing_on(system: str) -> set[str]:
    """Return the modules that an installation on ``system`` does not have."""

    def applies(marker: Marker | None) -> bool:
        return marker is None or marker.evaluate(Environment({"platform_system": system}))  # type: ignore[typeddict-item]  # the rest is this machine's

    return {IMPORTED_AS[each.name] for each in requirements() if not applies(each.marker)}


def imported_by(file: Path) -> Iterator[str]:
    """Yield what a module imports as soon as it is imported itself, on any system."""
    pending: list[ast.AST] = [ast.parse(file.read_text("utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.If | ast.Lambda):
            pending += ast.iter_child_nodes(node)


@cache
def loaded_at_start() -> set[str]:
    """Return every module that is loaded before anybody looks at the system."""
    found: set[str] = set()
    pending = ["captioner.cli.main", "captioner.gui.app", "captioner.gui.front_end"]
    pending += [f"captioner.cli.{file.stem}" for file in (ROOT / "captioner/cli").glob("*.py")]
    while pending:
        name = pending.pop()
        if name in found:
            continue
        found.add(name)
        place = ROOT.joinpath(*name.split("."))
        file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        if name.startswith("captioner") and file.is_file():
            pending += imported_by(file)
    return found


@pytest.mark.parametrize("system", ["Linux", "Windows", "Darwin"])
def test_what_a_system_has_no_package_of_is_not_loaded_at_the_start(system: str) -> None:
    missing = missing_on(system)
    loaded = {name.partition(".")[0] for name in loaded_at_start()}
    assert "captioner" in loaded
    assert "PySide6" in loaded
    assert missing & loaded == set()


def test_packages_of_other_systems_have_exact_versions() -> None:
    pinned = {
        canonicalize_name(line.partition("==")[0])
        for line in (ROOT / "packaging" / "constraints.txt").read_text("utf-8").splitlines()
    }
    assert {canonicalize_name(each.name) for each in requirements()} <= pinned


def test_macos_says_why_it_wants_the_microphone_in_every_language() -> None:
    info: dict[str, Any] = plistlib.loads((MACOS / "Info.plist").read_bytes())
    reason = info["NSMicrophoneUsageDescription"]
    folders = {folder.stem: folder for folder in MACOS.glob("*.lproj")}
    assert set(folders) == set(info["CFBundleLocalizations"])
    for language, folder in folders.items():
        said = (folder / "InfoPlist.strings").read_text("utf-8")
        found = re.fullmatch(r'"NSMicrophoneUsageDescription" = "([^"]+)";\n', said)
        assert found is not None, language
        assert (found[1] == reason) == (language == info["CFBundleDevelopmentRegion"])


def test_macos_may_use_the_microphone_and_no_more_than_it_needs() -> None:
    entitled = plistlib.loads((MACOS / "entitlements.plist").read_bytes())
    assert entitled == {
        "com.apple.security.device.audio-input": True,
        "com.apple.security.cs.allow-unsigned-executable-memory": True,
    }


def test_the_installer_of_windows_writes_what_the_program_switches() -> None:
    entries = [line for line in INNO.splitlines() if line.startswith("Root: ")]
    assert entries
    for entry in entries:
        assert f'Subkey: "{windows_autostart._RUN}"' in entry
        assert 'ValueName: "captioner"' in entry
    assert f'ValueData: """{{app}}\\{windows_autostart._WINDOW}"" gui"' in entries[0]


def test_the_installer_of_windows_speaks_both_languages_whole() -> None:
    section = INNO.partition("[CustomMessages]")[2].partition("\n[")[0]
    said = {"en": set(), "de": set()}  # type: dict[str, set[str]]
    for language, name in re.findall(r"^(\w+)\.(\w+)=.+", section, re.MULTILINE):
        said[language].add(name)
    assert said["en"] == said["de"]
    used = set(re.findall(r"\{cm:(\w+)", INNO)) | set(re.findall(r"CustomMessage\('(\w+)'", INNO))
    ours = said["en"]
    assert used - ours <= {"CreateDesktopIcon", "LaunchProgram"}, "Inno Setup's own"
    assert ours <= used


def test_the_installer_of_windows_starts_only_programs_of_the_bundle() -> None:
    spec = (ROOT / "packaging" / "captioner.spec").read_text("utf-8")
    entries = {f"{name}.exe" for name in re.findall(r'entry\("([\w-]+)"', spec)}
    assert set(re.findall(r"\{app\}\\([\w-]+\.exe)", INNO)) <= entries


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_workflows_are_as_the_forge_wants_them(file: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    done = subprocess.run(
        [*command, "vendor.github-workflows", file],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_workflows_are_safe() -> None:
    zizmor = Path(sys.executable).with_name("zizmor")
    done = subprocess.run(
        [zizmor, "--offline", "--no-progress", ROOT / ".github"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_steps_of_workflows_call_what_there_is(file: Path) -> None:
    jobs = yaml.safe_load(file.read_text("utf-8"))["jobs"]
    steps = [step for job in jobs.values() for step in job["steps"] if "run" in step]
    called = re.findall(
        r"(?:bash|-File) ((?:scripts|packaging)\S+)", "\n".join(step["run"] for step in steps)
    )
    assert called
    for path in called:
        assert (ROOT / path.replace("\\", "/")).is_file(), path
    for step in steps:
        if step.get("shell", "bash") == "bash" and "powershell" not in step["run"]:
            done = subprocess.run(
                [Path(sys.executable).with_name("shellcheck"), "--shell=bash", "-"],
                input=re.sub(r"\$\{\{.*?\}\}", "x", step["run"]),
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
            assert done.returncode == 0, done.stdout
