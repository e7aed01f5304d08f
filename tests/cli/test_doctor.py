"""``captioner doctor``, as a person and as a program read it."""

from __future__ import annotations

import asyncio
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from captioner.cli import checks
from captioner.cli.check import Check, CheckResult, CheckStatus, results_of
from captioner.core.errors import AudioDeviceError, ErrorRecord
from captioner.session.embedded import EmbeddedEngine
from captioner.settings.models import Settings
from tests.support.clips import TWO_CITIES
from tests.support.program import Program
from tests.support.pulse import SoundServer
from tests.support.secret_service import SecretService


def _headless(program: Program, tmp_path: Path, **changes: str) -> dict[str, str]:
    """Return an environment without display, sound server, or D-Bus."""
    nothing = {
        "PULSE_SERVER": "unix:/nonexistent",
        "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent",
        "XDG_RUNTIME_DIR": str(tmp_path),
    }
    return program.environ(**(nothing | changes))


def _report(program: Program, environ: dict[str, str]) -> tuple[int, dict[str, dict[str, Any]]]:
    done = program.run("doctor", "--json", environ=environ)
    report = json.loads(done.stdout)
    assert report["ok"] == (done.returncode == 0)
    return done.returncode, {check["name"]: check for check in report["checks"]}


def test_headless_machine_gets_warnings_and_no_failure(
    mock_program: Program, tmp_path: Path
) -> None:
    code, found = _report(mock_program, _headless(mock_program, tmp_path))
    assert code == 0, found
    states = {name: check["status"] for name, check in found.items()}
    assert states == {
        "Python": "ok",
        "Packages": "ok",
        "Settings": "ok",
        "Log file": "ok",
        "Display": "warning",
        "PortAudio": "ok",
        "Sound devices": "warning",
        "Keyring": "warning",
        "Embedded engine": "ok",
    }
    assert "mock" in found["Embedded engine"]["detail"].lower()
    for check in found.values():
        assert bool(check["fix"]) == (check["status"] != "ok")
    assert {name for name, check in found.items() if check["error"]} == {"Display"}
    assert found["Display"]["error"]["category"] == "unsupported"


def test_a_bundle_holds_the_report_and_no_key(mock_program: Program, tmp_path: Path) -> None:
    target = tmp_path / "help.zip"
    environ = _headless(mock_program, tmp_path, RIVA_API_KEY="planted-key-4c1d77")
    done = mock_program.run("diagnostics", "--out", str(target), environ=environ)
    assert done.returncode == 0, done.stderr
    assert f"Diagnostics saved as {target}" in done.stdout
    with zipfile.ZipFile(target) as bundle:
        texts = {name: bundle.read(name).decode() for name in bundle.namelist()}
    health = {each["name"]: each["status"] for each in json.loads(texts["health.json"])}
    assert health["Sound devices"] == "warning"
    assert any(name.startswith("logs/") for name in texts)
    assert not any("planted-key-4c1d77" in text for text in texts.values())


@pytest.mark.parametrize(
    ("variable", "env_file", "said"),
    [
        ("many", b"", "RIVA_PORT (environment) is 'many'"),
        ("", b"RIVA_PORT=abc\n", "is 'abc', which makes no sense"),
        ("", b"RIVA_PORT=\xff\xfe\n", "cannot be read as text"),
    ],
)
def test_a_bundle_is_made_also_where_the_settings_make_no_sense(
    mock_program: Program, tmp_path: Path, variable: str, env_file: bytes, said: str
) -> None:
    (mock_program.profile / ".env").write_bytes(env_file)
    target = tmp_path / "help.zip"
    key = "planted-key-4c1d77"
    environ = _headless(mock_program, tmp_path, RIVA_PORT=variable, RIVA_API_KEY=key)
    done = mock_program.run("diagnostics", "--json", "--out", str(target), environ=environ)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)["settings_error"]
    assert said in told["message"]
    assert f"the defaults are packed. {told['message']}" in " ".join(done.stderr.split())
    with zipfile.ZipFile(target) as bundle:
        texts = {name: bundle.read(name).decode() for name in bundle.namelist()}
    error = json.loads(texts["error.json"])
    assert set(error) == set(ErrorRecord.__annotations__)
    assert (error["category"], error["retryable"]) == ("configuration", False)
    assert said in error["message"]
    assert "cannot be used; see error.json" in texts["about.txt"]
    health = {each["name"]: each for each in json.loads(texts["health.json"])}
    assert (health["Settings"]["status"], health["Settings"]["error"]) == ("failed", error)
    assert health["Python"]["status"] == "ok"
    origins = {each["from"] for each in json.loads(texts["settings.json"]).values()}
    assert origins == {"default"}
    assert any(name.startswith("logs/") for name in texts)
    assert not any(key in text for text in texts.values())


def test_people_get_a_table_with_the_fixes(mock_program: Program, tmp_path: Path) -> None:
    done = mock_program.run("doctor", environ=_headless(mock_program, tmp_path, COLUMNS="200"))
    assert done.returncode == 0, done.stderr
    assert "warning  Display" in done.stdout
    assert "Fix: Start it from a desktop session" in done.stdout
    assert "6 ok, 3 warnings, 0 failed" in done.stdout
    assert done.stderr == ""


def test_server_that_is_not_there_fails(mock_program: Program, tmp_path: Path) -> None:
    environ = _headless(mock_program, tmp_path, RIVA_HOST="127.0.0.1", RIVA_PORT="1")
    code, found = _report(mock_program, environ)
    assert code == 1
    assert found["Server: 127.0.0.1:1"]["status"] == "failed"
    assert "127.0.0.1" in found["Server: 127.0.0.1:1"]["detail"]
    assert found["Server: 127.0.0.1:1"]["fix"]
    error = found["Server: 127.0.0.1:1"]["error"]
    assert (error["category"], error["retryable"]) == ("unavailable", True)
    assert "127.0.0.1" in error["message"]
    assert found["Security: 127.0.0.1:1"]["status"] == "ok"


def test_what_is_insecure_is_a_warning(mock_program: Program, tmp_path: Path) -> None:
    environ = _headless(mock_program, tmp_path, RIVA_HOST="192.0.2.1", RIVA_TIMEOUT_MS="100")
    _, found = _report(mock_program, environ)
    insecure = found["Security: 192.0.2.1:50051"]
    assert insecure["status"] == "warning"
    assert "not encrypted" in insecure["detail"]
    assert "RIVA_SSL=true" in insecure["fix"]


def test_settings_that_make_no_sense_fail_and_the_rest_is_checked(
    mock_program: Program, tmp_path: Path
) -> None:
    code, found = _report(mock_program, _headless(mock_program, tmp_path, RIVA_PORT="many"))
    assert code == 1
    assert "RIVA_PORT (environment) is 'many'" in found["Settings"]["detail"]
    assert found["Settings"]["error"]["category"] == "configuration"
    assert "Embedded engine" in found


def test_damaged_settings_are_a_warning(program: Program, tmp_path: Path) -> None:
    program.profile.mkdir()
    (program.profile / "settings.json").write_text("{", encoding="utf-8")
    _, found = _report(program, _headless(program, tmp_path))
    assert found["Settings"]["status"] == "warning"
    assert "set aside" in found["Settings"]["detail"]


def test_keyring_that_is_there_is_named(
    mock_program: Program, secret_service: SecretService, tmp_path: Path
) -> None:
    names = ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")
    bus = {name: secret_service.environ[name] for name in names}
    _, found = _report(mock_program, _headless(mock_program, tmp_path) | bus)
    assert found["Keyring"]["status"] == "ok"
    assert found["Keyring"]["detail"] == "SecretService Keyring"


@pytest.mark.sound
def test_devices_have_the_level_of_what_they_hear(
    mock_program: Program, pulse_server: SoundServer
) -> None:
    pulse_server.play(TWO_CITIES.path, sink="speakers")
    environ = mock_program.environ(**pulse_server.changes)
    _, found = _report(mock_program, environ)
    levels = {name: check["detail"] for name, check in found.items() if ": " in name}
    assert "average -" in levels["Output: speakers (default)"]
    assert all(found[name]["status"] == "ok" for name in levels)
    assert [name for name in levels if name.startswith("Microphone")]
    assert "can be heard; silent now" in levels.values()


async def test_check_that_takes_too_long_has_failed() -> None:
    async def stuck() -> list[CheckResult]:
        await asyncio.Event().wait()
        raise AssertionError

    (result,) = await Check("Stuck", stuck).results(limit_s=0.01)
    assert result.status is CheckStatus.FAILED
    assert result.detail == "There was no answer within 0.01 seconds."


async def test_error_of_a_check_is_its_result() -> None:
    async def broken() -> list[CheckResult]:
        raise error

    error = AudioDeviceError("The device is busy.", hint="Close the other program.", code="BUSY")
    expected = CheckResult(
        *("Broken", CheckStatus.FAILED, "The device is busy.", "Close the other program."),
        error.as_record(),
    )
    assert await Check("Broken", broken).results() == [expected]


async def test_a_check_that_breaks_leaves_the_others_their_turn() -> None:
    async def broken() -> list[CheckResult]:
        raise OSError("no child can be started")

    async def fine() -> list[CheckResult]:
        return [CheckResult("Fine", CheckStatus.OK, "all well")]

    fault, other = await results_of([Check("Broken", broken), Check("Fine", fine)])
    assert fault.status is CheckStatus.FAILED
    assert fault.error is not None
    assert (fault.error["category"], fault.error["code"]) == ("fault", "OSError")
    assert other.status is CheckStatus.OK


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; print('line 1'); print('line 2')", (True, "line 2")),
        ("raise OSError('no library')", (False, "OSError: no library")),
        ("import os; os.abort()", (False, "it ended with code -6")),
    ],
)
async def test_library_that_ends_its_process_does_not_end_ours(
    program: str, said: tuple[bool, str]
) -> None:
    assert await checks._in_child([sys.executable, "-c", program], {}) == said


async def test_program_without_the_engine_wants_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EmbeddedEngine, "is_installed", False)
    (found,) = await checks._check_engine(Settings())
    assert found.status is CheckStatus.FAILED
    assert "--server" in found.fix
