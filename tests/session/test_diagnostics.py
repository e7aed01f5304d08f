"""The bundle for whoever looks for a fault: useful, and without secrets or captioned words."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from captioner.core.errors import ConfigurationError
from captioner.core.packages import installed_packages
from captioner.session.diagnostics import write_bundle
from captioner.settings.paths import ProfilePaths
from captioner.settings.store import LoadedSettings, load_settings, save_settings
from captioner.settings.vocabulary import BoostedPhrase, Replacement, VocabularySettings

KEY = "planted-key-5f1c9e"
PASSWORD = "planted-pass%word-77aa"  # noqa: S105  # to be searched for
SPOKEN = "the patient's name is Quillfeather"
OWN_WORDS = ("Zorbaxin", "Marmeladow", "Hexenkessel")


@pytest.fixture
def paths(tmp_path: Path) -> ProfilePaths:
    return ProfilePaths.under(tmp_path / "profile")


@pytest.fixture
def loaded(paths: ProfilePaths) -> LoadedSettings:
    save_settings(
        paths,
        {
            "endpoints.0.host": "riva.example",
            "endpoints.0.metadata": {"x-tenant": KEY},
            "recognition.boosted": (BoostedPhrase(phrase=OWN_WORDS[0]),),
            "captions.replacements": (Replacement(heard=OWN_WORDS[1]),),
            "vocabularies": (
                VocabularySettings(name="x", boosted=(BoostedPhrase(phrase=OWN_WORDS[2]),)),
            ),
        },
    )
    paths.log_dir.mkdir(parents=True)
    (paths.log_dir / "captioner.log").write_text(
        f"INFO started\nERROR the server said {KEY}\nERROR proxy http://u:{PASSWORD}@proxy:3128\n"
        f"INFO {Path.home()}/somewhere\nINFO Bearer abcdefgh12345\n"
    )
    (paths.log_dir / "captioner.log.1").write_text("INFO older\n")
    paths.data_dir.mkdir()
    (paths.data_dir / "history.sqlite").write_text(SPOKEN)
    environ = {"RIVA_API_KEY": KEY, "RIVA_PROXY": f"http://u:{PASSWORD}@proxy:3128"}
    return load_settings(paths, environ=environ)


def contents(bundle: Path) -> dict[str, str]:
    with zipfile.ZipFile(bundle) as opened:
        return {name: opened.read(name).decode() for name in opened.namelist()}


def leftovers(folder: Path) -> list[Path]:
    return list(folder.glob(".*"))


async def test_it_says_what_helps_and_nothing_that_is_secret(
    tmp_path: Path, paths: ProfilePaths, loaded: LoadedSettings
) -> None:
    target = tmp_path / "bundle.zip"
    steps: list[tuple[int, int]] = []
    await write_bundle(
        target,
        loaded,
        paths,
        facts={"Qt": "6.8 on xcb"},
        progress=lambda done, whole: steps.append((done, whole)),
    )

    found = contents(target)
    assert "Qt: 6.8 on xcb" in found["about.txt"]
    assert "grpcio " in found["packages.txt"]
    assert "INFO started" in found["logs/captioner.log"]
    assert "INFO older" in found["logs/captioner.log.1"]
    settings = json.loads(found["settings.json"])
    assert settings["endpoints.0.host"]["value"] == "riva.example"
    assert settings["endpoints.0.api_key"]["value"] == "(hidden)"
    assert settings["recognition.boosted"]["value"] == "1 entries"
    assert "travels unencrypted" in found["security.txt"]
    assert steps[-1] == (3, 3)

    everything = "\n".join([*found, *found.values()])
    for planted in (KEY, PASSWORD, "abcdefgh12345", SPOKEN, *OWN_WORDS, str(Path.home())):
        assert planted not in everything, planted
    assert target.stat().st_mode & 0o077 == 0
    assert leftovers(tmp_path) == []


async def test_a_folder_that_cannot_be_written_is_told(
    paths: ProfilePaths, loaded: LoadedSettings, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match="could not be saved") as told:
        await write_bundle(tmp_path / "none" / "b.zip", loaded, paths, facts={})
    assert "another folder" in told.value.hint


async def test_without_logs_it_is_made_all_the_same(tmp_path: Path, paths: ProfilePaths) -> None:
    target = tmp_path / "bundle.zip"
    await write_bundle(target, load_settings(paths, environ={}), paths, facts={})
    assert "settings.json" in contents(target)


def test_each_package_tells_its_licence() -> None:
    packages = {each.name.lower(): each for each in installed_packages()}
    assert "LGPL" in packages["pyside6_essentials"].licence
    assert "Permission is hereby granted" in packages["pydantic"].text
    assert "pytest" not in packages
    assert all(each.licence for each in packages.values())
