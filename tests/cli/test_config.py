"""``captioner config``, as a person and as a program use it, with a real keyring."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path
from typing import Any

import pytest

from captioner.cli.exit_codes import ExitCode
from captioner.core.errors import ConfigurationError
from captioner.core.network import split_server
from captioner.settings.fields import all_values
from captioner.settings.models import Settings
from tests.support.program import Program
from tests.support.secret_service import SecretService

KEY = "planted-key-4711"
PASSWORD = "planted-password-0815"  # noqa: S105 - it is looked for
SERVER = "riva.example:443"


def shown(program: Program, *options: str, **environ: str) -> dict[str, dict[str, Any]]:
    """Return what ``config show --json`` says."""
    done = program.run("config", "show", "--json", *options, environ=program.environ(**environ))
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def with_keyring(program: Program, service: SecretService, **environ: str) -> dict[str, str]:
    names = ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")
    return program.environ(**{name: service.environ[name] for name in names}) | environ


def test_every_setting_is_shown_with_its_default(program: Program) -> None:
    fields = shown(program)
    assert fields.keys() == all_values(Settings()).keys()
    assert {field["from"] for field in fields.values()} == {"default"}
    assert fields["recognition.language"] == {"value": "en-US", "from": "default"}
    assert fields["endpoints"] == {"value": [], "from": "default"}


def test_each_value_tells_its_source_and_its_lock(program: Program) -> None:
    program.profile.mkdir()
    env_file = program.profile / ".env"
    env_file.write_text("RIVA_PORT=443\nRIVA_MODEL=dotenv\n", encoding="utf-8")
    settings_file = program.profile / "settings.json"
    settings_file.write_text(
        json.dumps(
            {"endpoints": [{"host": "riva.example", "name": "Mine"}], "overlay": {"lines": 3}}
        ),
        encoding="utf-8",
    )
    fields = shown(program, "--model", "given", "--tls", RIVA_HOST="riva.example")
    locked = {name: field["locked_by"] for name, field in fields.items() if "locked_by" in field}
    assert locked == {
        "endpoints.0.host": "RIVA_HOST (environment)",
        "endpoints.0.port": f"RIVA_PORT ({env_file})",
        "endpoints.0.tls": "command line",
        "recognition.model": "command line",
    }
    assert fields["endpoints.0.port"]["value"] == 443
    assert fields["recognition.model"] == {
        "value": "given",
        "from": "command line",
        "locked_by": "command line",
    }
    for name in ("overlay.lines", "endpoints.1.name"):
        assert fields[name]["from"] == str(settings_file)
    assert fields["endpoints.0.may_fail_over"] == {"value": True, "from": "default"}


def test_a_listed_server_of_the_same_port_is_the_one_that_is_meant(program: Program) -> None:
    program.profile.mkdir()
    settings_file = program.profile / "settings.json"
    settings_file.write_text(
        json.dumps({"endpoints": [{"host": "riva.example", "port": 443, "name": "Mine"}]}),
        encoding="utf-8",
    )
    fields = shown(program, "--server", SERVER)
    assert fields["endpoints.0.name"] == {"value": "Mine", "from": str(settings_file)}
    assert "endpoints.1.host" not in fields


def test_what_is_insecure_stands_beside_its_value(program: Program) -> None:
    fields = shown(program, "--server", "riva.example")
    assert {name for name, field in fields.items() if "insecure" in field} == {"endpoints.0.tls"}
    assert "not encrypted" in fields["endpoints.0.tls"]["insecure"]["what"]
    assert "RIVA_SSL" in fields["endpoints.0.tls"]["insecure"]["fix"]
    assert not any("insecure" in field for field in shown(program, "--server", "::1").values())
    said = program.run("config", "show", "--server", "riva.example").stdout
    lines = said.splitlines()
    number = next(at for at, line in enumerate(lines) if line.startswith("endpoints.0.tls "))
    assert lines[number + 1].startswith("    INSECURE: The connection is not encrypted")
    (host,) = (line for line in lines if line.startswith("endpoints.0.host "))
    assert host.split() == ["endpoints.0.host", '"riva.example"', "command", "line", "locked"]


def test_a_key_goes_into_the_keyring_and_is_seen_by_its_place_alone(
    program: Program, secret_service: SecretService
) -> None:
    environ = with_keyring(program, secret_service, RIVA_HOST="riva.example", RIVA_PORT="443")

    def config(*arguments: str, typed: str = "") -> str:
        done = subprocess.run(
            program.command("config", *arguments),
            env=environ,
            input=typed,
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        said = done.stdout + done.stderr
        assert KEY not in said
        return said

    def key() -> tuple[object, str]:
        field = json.loads(config("show", "--json"))["endpoints.0.api_key"]
        return field["value"], field["from"]

    assert key() == (None, "neither environment nor keyring")
    said = config("set-key", SERVER, typed=f"{KEY}\n")
    assert f"The key for {SERVER} is kept in SecretService Keyring." in said
    assert "not among yours" not in said
    assert key() == ("(hidden)", "keyring (SecretService Keyring)")
    assert "(hidden)" in config("show")
    assert "not among yours" in config("set-key", "other.example", typed=KEY)
    assert "is forgotten" in config("remove-key", SERVER)
    assert key() == (None, "neither environment nor keyring")
    again = program.run("config", "remove-key", SERVER, environ=environ)
    assert again.returncode == ExitCode.CONFIGURATION
    assert "has no key for" in again.stderr
    assert_nowhere(program.profile, KEY)


def test_a_key_is_typed_without_echo(program: Program, secret_service: SecretService) -> None:
    ours, theirs = pty.openpty()
    environ = with_keyring(program, secret_service)
    child = subprocess.Popen(
        program.command("config", "set-key", SERVER),
        env=environ,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    try:
        os.close(theirs)
        said = b""
        while b"API key for riva.example:443:" not in said:
            said += os.read(ours, 1000)
        os.write(ours, KEY.encode() + b"\n")
        while b"is kept in" not in said:
            said += os.read(ours, 1000)
        assert child.wait(30) == 0
        assert KEY.encode() not in said
    finally:
        child.kill()
        child.wait()
        os.close(ours)


@pytest.mark.parametrize(
    ("typed", "said"), [("", "No key was given."), ("schlüssel", "cannot be sent")]
)
def test_a_key_that_is_none_is_refused(program: Program, typed: str, said: str) -> None:
    done = subprocess.run(
        program.command("config", "set-key", SERVER),
        env=program.environ(),
        input=typed,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == ExitCode.CONFIGURATION
    assert said in done.stderr
    assert "schlüssel" not in done.stderr


def test_without_a_keyring_the_fix_is_named(program: Program) -> None:
    done = subprocess.run(
        program.command("config", "set-key", SERVER),
        env=program.environ(),
        input=KEY,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == ExitCode.UNSUPPORTED
    assert "RIVA_API_KEY" in done.stderr
    assert KEY not in done.stderr


def test_settings_are_changed_and_taken_back(program: Program) -> None:
    for field, value in (
        ("endpoints.0.host", "riva.example"),
        ("endpoints.0.tls", "yes"),
        ("endpoints.1.host", "second.example"),
        ("recognition.boosted", '[{"phrase": "Captioner", "boost": 20}]'),
        ("recognition.custom", '{"vad": "silero"}'),
        ("recognition.model", "[not JSON"),
        ("overlay.lines", "3"),
    ):
        done = program.run("config", "set", field, value)
        assert done.returncode == 0, done.stderr
    file = program.profile / "settings.json"
    assert program.run("config", "path").stdout == f"{file}\n"
    assert json.loads(file.read_text(encoding="utf-8")) == {
        "version": 2,
        "endpoints": [{"host": "riva.example", "tls": True}, {"host": "second.example"}],
        "recognition": {
            "model": "[not JSON",
            "boosted": [{"phrase": "Captioner", "boost": 20.0}],
            "custom": {"vad": "silero"},
        },
        "overlay": {"lines": 3},
    }
    for field in ("endpoints.0", "recognition", "overlay.lines"):
        assert program.run("config", "unset", field).returncode == 0
    assert json.loads(file.read_text(encoding="utf-8")) == {
        "version": 2,
        "endpoints": [{"host": "second.example"}],
    }


@pytest.mark.parametrize(
    ("arguments", "said", "fix"),
    [
        (["set", "overlay.lines", "99"], "'99' for overlay.lines", "config show"),
        (["set", "overlay.linez", "3"], "no setting overlay.linez", "config show"),
        (["set", "endpoints.3.host", "h"], "without gaps", "endpoints.0"),
        (["set", "endpoints.0.api_key", KEY], "never written", "config set-key"),
        (
            ["set", "endpoints.0.proxy", f"http://u:{PASSWORD}@proxy:1"],
            "never written",
            "RIVA_PROXY",
        ),
        (
            ["set", "endpoints", f'[{{"host": "h", "api_key": "{KEY}"}}]'],
            "never written",
            "config set-key",
        ),
        (
            ["set", "endpoints", f'[{{"host": "h:1", "api_key": "{KEY}"}}]'],
            "'h:1' for endpoints.0.host",
            "config show",
        ),
        (
            ["set", "endpoints", f'[{{"host": "h", "metadata": {{"Authorization": "{KEY}"}}}}]'],
            "'authorization' is for credentials",
            "config show",
        ),
        (["set", "endpoints", f'{{"api_key": "{KEY}"}}'], "without gaps", "endpoints.0"),
        (["unset", "overlay.lines"], "overlay.lines is not set", "config show"),
        (["set-key", "http://riva.example"], "makes no sense", "HOST:PORT"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_fix(
    program: Program, arguments: list[str], said: str, fix: str
) -> None:
    done = program.run("config", *arguments)
    assert done.returncode == ExitCode.CONFIGURATION
    assert said in done.stderr
    assert fix in done.stderr
    assert PASSWORD not in done.stderr
    assert KEY not in done.stderr
    assert not (program.profile / "settings.json").exists()
    assert_nowhere(program.profile, KEY, PASSWORD)


def test_a_change_that_has_no_effect_is_said(program: Program) -> None:
    environ = program.environ(RIVA_MODEL="fixed", RIVA_HOST="riva.example")
    done = program.run("config", "set", "recognition.model", "mine", environ=environ)
    assert done.returncode == 0
    assert "Without effect as long as RIVA_MODEL (environment) is set." in done.stderr
    done = program.run("config", "set", "endpoints.0.tls", "true", environ=environ)
    assert done.returncode == ExitCode.CONFIGURATION
    assert "env -u RIVA_HOST" in done.stderr


@pytest.mark.parametrize("command", ["show", "path", "set", "unset", "set-key", "remove-key"])
def test_each_command_has_help_with_an_example(program: Program, command: str) -> None:
    done = program.run("config", command, "--help")
    assert done.returncode == 0
    assert f"captioner config {command}" in done.stdout


def assert_nowhere(folder: Path, *secrets: str) -> None:
    """Look for secrets in every file below ``folder``."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert files
    for file in files:
        content = file.read_bytes()
        assert not any(secret.encode() in content for secret in secrets), file


def test_secrets_of_the_environment_are_seen_nowhere(program: Program) -> None:
    environ = {
        "RIVA_HOST": "127.0.0.1",
        "RIVA_PORT": "1",
        "RIVA_API_KEY": KEY,
        "RIVA_PROXY": f"http://user:{PASSWORD}@proxy.example:3128",
    }
    fields = shown(program, **environ)
    assert fields["endpoints.0.api_key"] == {
        "value": "(hidden)",
        "from": "RIVA_API_KEY (environment)",
        "locked_by": "RIVA_API_KEY (environment)",
    }
    assert fields["endpoints.0.proxy"]["value"] == "http://proxy.example:3128"
    assert fields["endpoints.0.proxy_credentials"]["from"] == "RIVA_PROXY (environment)"
    said = json.dumps(fields)
    whole = program.environ(**environ)
    for arguments in (
        ("--verbose", "config", "show"),
        ("config", "set", "overlay.lines", "3"),
        ("--verbose", "live", "--source", "file:/nonexistent.wav"),
    ):
        done = program.run(*arguments, environ=whole)
        said += done.stdout + done.stderr
    assert "(hidden)" in said
    assert KEY not in said
    assert PASSWORD not in said
    assert (program.profile / "settings.json").exists()
    assert_nowhere(program.profile, KEY, PASSWORD)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("riva", ("riva", None)),
        ("riva.example:443", ("riva.example", 443)),
        (" 10.0.0.1:1 ", ("10.0.0.1", 1)),
        ("::1", ("::1", None)),
        ("[::1]", ("::1", None)),
        ("[2001:db8::1]:65535", ("2001:db8::1", 65535)),
    ],
)
def test_a_server_is_read(text: str, parts: tuple[str, int | None]) -> None:
    assert split_server(text) == parts


@pytest.mark.parametrize(
    "text", ["", ":1", "h:", "h:0", "h:65536", "h:x", "http://h:1", "u@h", "[h]:1", "a:1:2", "a b"]
)
def test_a_server_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="makes no sense"):
        split_server(text)
