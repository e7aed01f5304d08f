"""Where a profile keeps its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from captioner.settings.paths import ProfilePaths


def test_profile_folder_holds_everything(tmp_path: Path) -> None:
    paths = ProfilePaths.under(tmp_path)
    everything = {paths.settings_file, paths.env_file, paths.data_dir}
    everything |= {paths.log_dir, paths.runtime_dir}
    assert len(everything) == 5
    assert all(path.is_relative_to(tmp_path) for path in everything)
    assert not any(path.exists() for path in everything)


def test_profile_folder_may_be_relative_or_in_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert ProfilePaths.under(Path("profile")).env_file == tmp_path / "profile" / ".env"
    assert ProfilePaths.under(Path("~/p")).env_file == tmp_path / "home" / "p" / ".env"


def test_default_profile_follows_the_desktop_conventions(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", f"/x/{kind.lower()}")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/x/runtime")
    paths = ProfilePaths.default()
    assert paths.settings_file == Path("/x/config/captioner/settings.json")
    assert paths.env_file == Path("/x/config/captioner/.env")
    assert paths.data_dir == Path("/x/data/captioner")
    assert paths.log_dir == Path("/x/state/captioner/log")
    assert paths.runtime_dir == Path("/x/runtime/captioner")


def test_without_a_login_session_sockets_stay_out_of_shared_folders(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", "/x/state")
    assert ProfilePaths.default().runtime_dir == Path("/x/state/captioner/run")
