"""Settings leave in a file and come back: nothing lost, no secret, and no nonsense taken in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from captioner.core.errors import ConfigurationError
from captioner.settings.exchange import export_settings, import_settings
from captioner.settings.paths import ProfilePaths
from captioner.settings.store import load_settings, save_settings
from captioner.settings.vocabulary import Replacement, VocabularySettings

KEY = "planted-key-31ab70"
PASSWORD = "planted-password-9921"  # noqa: S105  # to be searched for


def test_what_is_exported_comes_back_without_secrets(tmp_path: Path) -> None:
    paths = ProfilePaths.under(tmp_path / "profile")
    save_settings(
        paths,
        {
            "overlay.size_percent": 150,
            "endpoints.0.host": "riva.example",
            "vocabularies": (
                VocabularySettings(name="Team", replacements=(Replacement(heard="a b"),)),
            ),
        },
    )
    environ = {"RIVA_API_KEY": KEY, "RIVA_PROXY": f"http://user:{PASSWORD}@proxy:3128"}
    loaded = load_settings(paths, environ=environ)
    assert loaded.settings.endpoints[0].secrets
    target = tmp_path / "settings.json"

    export_settings(loaded.settings, target)  # those with the secrets, on purpose
    text = target.read_text()
    assert KEY not in text
    assert PASSWORD not in text
    export_settings(loaded.saved, target)
    assert import_settings(target) == (loaded.saved, ())


def test_an_older_version_is_understood(tmp_path: Path) -> None:
    old = tmp_path / "old.json"
    old.write_text(json.dumps({"version": 1, "overlay": {"background_opacity": 0.5}}))
    settings, _ = import_settings(old)
    assert settings.overlay.window_opacity == 0.5


def test_a_secret_in_the_file_is_left_out_and_told(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"endpoints": [{"host": "riva.example", "api_key": KEY}]}))
    settings, notices = import_settings(file)
    assert settings.endpoints[0].api_key is None
    assert "not used" in notices[0]
    assert KEY not in notices[0]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{", "line 1"),
        (b"[]", "not a JSON object"),
        (b"\xff\xfe\x00", "it is not text"),
        (b"[" * 100_000, "nested too deeply"),
        (b" " * 6_000_000, "too large"),
        (b'{"version": 99}', "version 99"),
        (b'{"overlay": {"lines": 70}}', "overlay.lines: Input should be less than or equal to 8"),
        (b'{"colour": "red"}', "colour: Extra inputs are not permitted"),
    ],
)
def test_what_is_no_such_file_is_refused_with_the_reason(
    tmp_path: Path, content: bytes, why: str
) -> None:
    file = tmp_path / "settings.json"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError) as told:
        import_settings(file)
    assert "holds no settings of Captioner" in told.value.message
    assert why in told.value.message
    assert file.read_bytes() == content


def test_files_that_cannot_be_read_or_written_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        import_settings(tmp_path / "gone.json")
    with pytest.raises(ConfigurationError, match="could not be exported"):
        export_settings(
            load_settings(ProfilePaths.under(tmp_path), environ={}).saved, tmp_path / "x" / "y"
        )
