"""Which source wins, what is said about bad values, and that nothing saved is lost."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr

from captioner.core.errors import ConfigurationError
from captioner.core.process_lock import ProcessLock
from captioner.settings import file
from captioner.settings.endpoints import EndpointSettings
from captioner.settings.environment import ENVIRONMENT_NAMES, EnvironmentName
from captioner.settings.models import Settings
from captioner.settings.overlay import WindowGeometry
from captioner.settings.paths import ProfilePaths
from captioner.settings.store import LoadedSettings, load_settings, save_settings


@pytest.fixture
def paths(tmp_path: Path) -> ProfilePaths:
    return ProfilePaths.under(tmp_path)


def _load(
    paths: ProfilePaths, *, overrides: dict[str, object] | None = None, **environ: str
) -> LoadedSettings:
    return load_settings(paths, environ=environ, overrides=overrides)


def _damaged(paths: ProfilePaths) -> list[Path]:
    return sorted(paths.settings_file.parent.glob("settings.json.damaged-*"))


def test_an_empty_profile_gives_the_defaults_and_writes_nothing(
    paths: ProfilePaths, tmp_path: Path
) -> None:
    loaded = _load(paths)
    assert loaded.settings == Settings()
    assert set(loaded.provenance.values()) == {"default"}
    assert loaded.notices == ()
    assert list(tmp_path.iterdir()) == []


def test_each_source_wins_over_the_ones_below_it(paths: ProfilePaths) -> None:
    def model() -> tuple[str, str]:
        loaded = _load(paths, overrides=overrides, **environ)
        return loaded.settings.recognition.model, loaded.provenance["recognition.model"]

    overrides: dict[str, object] = {}
    environ: dict[str, str] = {}
    assert model() == ("", "default")
    save_settings(paths, {"recognition.model": "from-file"})
    assert model() == ("from-file", str(paths.settings_file))
    paths.env_file.write_text("RIVA_MODEL=from-dotenv\n", encoding="utf-8")
    assert model() == ("from-dotenv", f"RIVA_MODEL ({paths.env_file})")
    environ["RIVA_MODEL"] = "from-environment"
    assert model() == ("from-environment", "RIVA_MODEL (environment)")
    overrides["recognition.model"] = "from-command-line"
    assert model() == ("from-command-line", "command line")
    overrides["recognition.model"] = None
    assert model() == ("from-environment", "RIVA_MODEL (environment)")


def test_empty_means_unset(paths: ProfilePaths) -> None:
    paths.env_file.write_text("RIVA_HOST=from-dotenv\nRIVA_PORT=\n", encoding="utf-8")
    loaded = _load(paths, RIVA_HOST="", RIVA_SSL="  ")
    assert loaded.settings.endpoints == (EndpointSettings(host="from-dotenv"),)


def test_every_name_reaches_its_setting(paths: ProfilePaths) -> None:
    texts = {
        "RIVA_HOST": "riva.example",
        "RIVA_PORT": "443",
        "RIVA_SSL": "true",
        "RIVA_SSL_CERT": "/certs/ca.pem",
        "RIVA_SSL_CLIENT_CERT": "/certs/client.pem",
        "RIVA_SSL_KEY": "/certs/client.key",
        "RIVA_TARGET_NAME": "speech.example",
        "RIVA_PROXY": "http://us%40er:pass@proxy.example:3128",
        "RIVA_HTTP_PORT": "9001",
        "RIVA_FUNCTION_ID": "1598d209-5e27",
        "RIVA_API_KEY": "nvapi-secret",
        "RIVA_MODEL": "parakeet",
        "RIVA_LANGUAGE_CODE": "de-DE",
        "RIVA_ENABLE_AUTOMATIC_PUNCTUATION": "false",
        "RIVA_ENABLE_WORD_TIME_OFFSETS": "0",
        "RIVA_ENABLE_PARTIAL_RESULTS": "no",
        "RIVA_TIMEOUT_MS": "2500",
        "RIVA_MAX_RETRIES": "3",
        "RIVA_RETRY_DELAY_MS": "1000",
    }
    assert texts.keys() == ENVIRONMENT_NAMES.keys()
    loaded = _load(paths, **texts)
    endpoint = loaded.settings.endpoint
    assert endpoint is not None
    assert endpoint.api_key is not None
    assert endpoint.api_key.get_secret_value() == "nvapi-secret"
    assert endpoint.proxy_credentials is not None
    assert endpoint.proxy_credentials.get_secret_value() == "us@er:pass"
    assert loaded.settings.model_dump(exclude_defaults=True) == {
        "endpoints": (
            {
                "host": "riva.example",
                "port": 443,
                "tls": True,
                "ca_file": "/certs/ca.pem",
                "client_cert_file": "/certs/client.pem",
                "client_key_file": "/certs/client.key",
                "target_name": "speech.example",
                "proxy": "http://proxy.example:3128",
                "http_port": 9001,
                "function_id": "1598d209-5e27",
            },
        ),
        "recognition": {
            "model": "parakeet",
            "language": "de-DE",
            "punctuation": False,
            "word_times": False,
            "partials": False,
        },
        "connection": {"connect_timeout_s": 2.5, "max_retries": 3, "retry_delay_s": 1.0},
    }
    unset = {field for field, origin in loaded.provenance.items() if origin == "default"}
    named = {field.replace("endpoint.", "endpoints.0.") for field in fields_of(ENVIRONMENT_NAMES)}
    assert unset.isdisjoint(named)


def fields_of(names: Mapping[str, EnvironmentName]) -> list[str]:
    return [meaning.field for meaning in names.values()]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("RIVA_PORT", "http"),
        ("RIVA_PORT", "70000"),
        ("RIVA_SSL", "maybe"),
        ("RIVA_TIMEOUT_MS", "soon"),
        ("RIVA_TIMEOUT_MS", "-1"),
        ("RIVA_RETRY_DELAY_MS", "nan"),
        ("RIVA_MAX_RETRIES", "1.5"),
    ],
)
def test_a_bad_value_is_named_with_its_place_and_its_fix(
    paths: ProfilePaths, name: str, text: str
) -> None:
    with pytest.raises(ConfigurationError) as from_environment:
        _load(paths, **{name: text})
    assert f"{name} (environment) is '{text}'" in from_environment.value.message
    assert from_environment.value.hint.startswith(f"Set {name} to ")

    paths.env_file.write_text(f"{name}={text}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as from_file:
        _load(paths)
    assert f"{name} ({paths.env_file}) is '{text}'" in from_file.value.message


def test_a_good_value_of_a_higher_source_hides_a_bad_one(paths: ProfilePaths) -> None:
    loaded = _load(paths, overrides={"endpoint.port": 1}, RIVA_HOST="h", RIVA_PORT="http")
    assert loaded.settings.endpoints == (EndpointSettings(host="h", port=1),)


def test_a_bad_value_of_the_command_line_is_named(paths: ProfilePaths) -> None:
    with pytest.raises(ConfigurationError, match=r"'radio' for audio\.source makes no sense"):
        _load(paths, overrides={"audio.source": "radio"})


def test_a_secret_is_in_no_message_and_no_dump(paths: ProfilePaths) -> None:
    settings = _load(paths, RIVA_HOST="h", RIVA_API_KEY="nvapi-secret").settings
    assert "nvapi-secret" not in f"{settings!r} {settings} {settings.model_dump_json()}"
    with pytest.raises(ConfigurationError) as caught:
        _load(paths, overrides={"endpoint.api_key": 5}, RIVA_API_KEY="nvapi-secret")
    assert "5" not in caught.value.message
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_the_working_directory_is_never_asked(
    paths: ProfilePaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = tmp_path / "downloads"
    planted.mkdir()
    (planted / ".env").write_text("RIVA_HOST=evil.example\n", encoding="utf-8")
    monkeypatch.chdir(planted)
    assert _load(paths).settings.endpoints == ()


def test_an_env_file_of_the_command_line_replaces_the_profiles(
    paths: ProfilePaths, tmp_path: Path
) -> None:
    paths.env_file.write_text("RIVA_HOST=profile\nRIVA_PORT=1\n", encoding="utf-8")
    named = tmp_path / "named.env"
    named.write_text("\ufeff# BOM\nexport RIVA_HOST='na$med'\n", encoding="utf-8")
    loaded = load_settings(paths, environ={}, env_file=named)
    assert loaded.settings.endpoints == (EndpointSettings(host="na$med"),)


@pytest.mark.parametrize("content", [None, b"RIVA_HOST=\xff\xfe\n"], ids=["missing", "not text"])
def test_an_unusable_env_file_of_the_command_line_is_an_error(
    paths: ProfilePaths, tmp_path: Path, content: bytes | None
) -> None:
    named = tmp_path / "named.env"
    if content is not None:
        named.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"named\.env"):
        load_settings(paths, environ={}, env_file=named)


def test_saving_keeps_other_choices_and_writes_no_passing_ones(paths: ProfilePaths) -> None:
    save_settings(paths, {"overlay.lines": 3})
    loaded = _load(paths, overrides={"audio.source": "mic"}, RIVA_HOST="passing")
    assert loaded.settings.overlay.lines == 3
    geometry = WindowGeometry(x=-5, y=7, width=300, height=80)
    saved = save_settings(paths, {"overlay.geometry": geometry, "connection.max_retries": 1})
    assert saved == _load(paths).settings
    assert json.loads(paths.settings_file.read_text(encoding="utf-8")) == {
        "version": 2,
        "overlay": {"lines": 3, "geometry": geometry.model_dump()},
        "connection": {"max_retries": 1},
    }
    assert save_settings(paths, {"overlay.geometry": None}).overlay.geometry is None


def test_the_file_is_for_the_user_alone(tmp_path: Path) -> None:
    paths = ProfilePaths.under(tmp_path / "new" / "profile")
    save_settings(paths, {"connection.max_retries": 1})
    assert stat.S_IMODE(paths.settings_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(paths.settings_file.parent.stat().st_mode) == 0o700


def test_a_failed_write_leaves_the_old_file_and_no_litter(
    paths: ProfilePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_settings(paths, {"connection.max_retries": 1})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigurationError, match="No space left on device"):
        save_settings(paths, {"connection.max_retries": 2})
    assert _load(paths).settings.connection.max_retries == 1
    lock = paths.settings_file.with_name("settings.json.lock")
    assert sorted(paths.settings_file.parent.iterdir()) == [paths.settings_file, lock]


_SAVER = """
import sys
from pathlib import Path
from captioner.settings.paths import ProfilePaths
from captioner.settings.store import load_settings, save_settings
paths, field, first = ProfilePaths.under(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
section, name = field.split(".")
for value in range(first, first + 40):
    save_settings(paths, {field: value})
    there = getattr(getattr(load_settings(paths, environ={}).settings, section), name)
    assert there == value, f"{field} is {there} and was saved as {value}"
"""


def test_of_two_that_save_at_one_instant_none_undoes_what_the_other_saved(
    paths: ProfilePaths, tmp_path: Path
) -> None:
    fields = {"overlay.font_px": 20, "connection.replay_s": 20}
    savers = [
        subprocess.Popen(
            [sys.executable, "-c", _SAVER, str(tmp_path), field, str(first)],
            stderr=subprocess.PIPE,
            text=True,
        )
        for field, first in fields.items()
    ]
    assert [saver.communicate()[1] for saver in savers] == ["", ""]
    settings = _load(paths).settings
    assert (settings.overlay.font_px, settings.connection.replay_s) == (59, 59)


def test_somebody_who_writes_all_the_time_is_told(
    paths: ProfilePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_settings(paths, {"connection.max_retries": 1})
    monkeypatch.setattr(file, "_PATIENCE_S", 0.05)
    held = ProcessLock(paths.settings_file.with_name("settings.json.lock"))
    assert held.take()
    with pytest.raises(ConfigurationError, match="another Captioner is writing it"):
        save_settings(paths, {"connection.max_retries": 2})
    held.release()
    save_settings(paths, {"connection.max_retries": 3})
    assert _load(paths).settings.connection.max_retries == 3


def test_a_linked_settings_file_stays_a_link(paths: ProfilePaths, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "captioner.json"
    real.parent.mkdir()
    real.write_text("{}", encoding="utf-8")
    paths.settings_file.symlink_to(real)
    save_settings(paths, {"connection.max_retries": 1})
    assert paths.settings_file.is_symlink()
    assert json.loads(real.read_text(encoding="utf-8"))["connection"] == {"max_retries": 1}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "line 1"),
        (b'{"version": 1, "overlay": {"li', "line 1"),
        (b"\xff\xfe\x00", "not text"),
        (b"[]", "not a JSON object"),
        (b'{"overlay": {"lines": 99}}', "overlay.lines"),
        (b'{"overlay": {"linez": 2}}', "overlay.linez"),
        (b'{"version": 99}', "version 99"),
        (b'{"version": null}', "version None"),
        (b"[" * 100_000, "nested"),
    ],
    ids=["empty", "cut", "binary", "array", "range", "typo", "newer", "null", "deep"],
)
def test_a_damaged_file_is_set_aside_and_said(
    paths: ProfilePaths, content: bytes, reason: str
) -> None:
    paths.settings_file.write_bytes(content)
    loaded = _load(paths)
    assert loaded.settings == Settings()
    (aside,) = _damaged(paths)
    assert aside.read_bytes() == content
    assert not paths.settings_file.exists()
    (notice,) = loaded.notices
    assert reason in notice
    assert aside.name in notice


def test_damaged_files_of_the_same_second_do_not_replace_each_other(paths: ProfilePaths) -> None:
    for content in ("first", "second"):
        paths.settings_file.write_text(content, encoding="utf-8")
        _load(paths)
    assert {file.read_text(encoding="utf-8") for file in _damaged(paths)} == {"first", "second"}


def test_saving_over_a_damaged_file_keeps_it(paths: ProfilePaths) -> None:
    paths.settings_file.write_text("damaged", encoding="utf-8")
    save_settings(paths, {"connection.max_retries": 1})
    assert [file.read_text(encoding="utf-8") for file in _damaged(paths)] == ["damaged"]
    assert _load(paths).settings.connection.max_retries == 1


def test_a_file_that_cannot_be_read_is_an_error_and_stays(paths: ProfilePaths) -> None:
    paths.settings_file.mkdir()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        _load(paths)
    assert paths.settings_file.is_dir()


def test_a_key_in_the_settings_file_is_not_used_and_said(paths: ProfilePaths) -> None:
    content = '{"endpoints": [{"host": "h", "api_key": "planted-key"}]}'
    paths.settings_file.write_text(content, encoding="utf-8")
    loaded = _load(paths)
    assert loaded.settings.endpoints == (EndpointSettings(host="h"),)
    assert "planted-key" not in loaded.notices[0]
    assert "keyring" in loaded.notices[0]


@pytest.mark.parametrize(
    "field", [{"proxy": "http://user:planted@proxy:1"}, {"proxy_credentials": "user:planted"}]
)
def test_a_password_in_the_settings_file_is_not_used_and_said(
    paths: ProfilePaths, field: dict[str, str]
) -> None:
    record = {"endpoints": [{"host": "h", "name": "Mine"} | field]}
    paths.settings_file.write_text(json.dumps(record), encoding="utf-8")
    loaded = _load(paths)
    endpoint = loaded.settings.endpoint
    assert endpoint is not None
    assert endpoint.secrets == ()
    assert endpoint.name == "Mine"
    assert endpoint.proxy == ("http://proxy:1" if "proxy" in field else "system")
    assert "planted" not in loaded.notices[0]
    assert "RIVA_PROXY" in loaded.notices[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"endpoints": [{"host": "h", "api_key": "secret"}]},
        {"endpoints": [EndpointSettings(host="h", api_key=SecretStr("secret"))]},
        {"endpoints.0.host": "h", "endpoints.0.api_key": "secret"},
        {"endpoints.0.host": "h", "endpoints.0.proxy": "http://user:secret@proxy:1"},
    ],
)
def test_a_secret_is_never_saved(paths: ProfilePaths, changes: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        save_settings(paths, changes)
    assert "never written" in caught.value.message
    assert "keyring" in caught.value.hint
    assert not paths.settings_file.exists()


def test_the_one_opacity_of_an_older_file_is_that_of_the_window(paths: ProfilePaths) -> None:
    paths.settings_file.write_text('{"version": 1, "overlay": {"background_opacity": 0.5}}')

    loaded = load_settings(paths, environ={})

    assert loaded.notices == ()
    assert loaded.settings.overlay.window_opacity == 0.5
    assert loaded.settings.overlay.background_opacity == 0.0


def test_a_change_holds_at_once_and_goes_before_the_command_line(paths: ProfilePaths) -> None:
    save_settings(paths, {"overlay.lines": 3})
    loaded = load_settings(
        paths, environ={"RIVA_HOST": "riva.example"}, overrides={"audio.source": "mic"}
    )

    changed = loaded.changed(
        {"audio.source": "both", "endpoints.0.host": "other.example"}, reset=["overlay.lines"]
    )

    assert changed.settings.audio.source == "both"
    assert changed.settings.overlay.lines == 2
    assert [each.host for each in changed.settings.endpoints] == ["riva.example", "other.example"]
    assert changed.locked_by("endpoints.0.host") == "RIVA_HOST (environment)"
    assert changed.locked_by("audio.source") is None
    assert changed.saved.endpoints[0].host == "other.example"
    assert loaded.settings.audio.source == "mic"
