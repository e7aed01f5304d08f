"""The frame of the server scripts, and 005, which asks for their configuration."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.server_scripts import ServerScripts, bash

_CIDR = ("--set", "AWS_ALLOWED_CIDRS=203.0.113.7/32")
_SECRET = "nvapi-Very_Secret-123"  # noqa: S105 - a secret of the test


def test_configuration_is_private_complete_and_keeps_what_the_example_says(
    server_scripts: ServerScripts,
) -> None:
    shown = server_scripts.must("005", "--yes", *_CIDR)
    assert "riva-005-configure is done." in shown
    assert server_scripts.env_file.stat().st_mode & 0o777 == 0o600
    values = server_scripts.values()
    assert values["AWS_ALLOWED_CIDRS"] == "203.0.113.7/32"
    assert values["AWS_INSTANCE_TYPE"] == "g6.xlarge"
    example = (server_scripts.root / ".env.example").read_text(encoding="utf-8").splitlines()
    lines = server_scripts.env_file.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("#") or not line] == example
    assert lines[lines.index("#AWS_REGION=us-east-1") + 1] == "AWS_REGION=us-east-1"


def test_second_run_changes_nothing(server_scripts: ServerScripts) -> None:
    server_scripts.must("005", "--yes", *_CIDR)
    before = server_scripts.env_file.read_bytes(), server_scripts.env_file.stat().st_ino
    assert "Write" not in server_scripts.must("005")
    assert (server_scripts.env_file.read_bytes(), server_scripts.env_file.stat().st_ino) == before


def test_value_is_replaced_only_when_the_user_agrees(server_scripts: ServerScripts) -> None:
    server_scripts.env_file.write_text("# mine\nAWS_REGION=eu-west-1 # near\nOTHER=x\n")
    shown = server_scripts.refused("005", *_CIDR, "--set", "AWS_REGION=eu-west-3")
    assert "Replace it by eu-west-3? There is nobody to ask." in shown
    assert server_scripts.values()["AWS_REGION"] == "eu-west-1"
    server_scripts.must("005", "--yes", *_CIDR, "--set", "AWS_REGION=eu-west-3")
    assert server_scripts.env_file.read_text(encoding="utf-8").startswith(
        "# mine\nAWS_REGION=eu-west-3\nOTHER=x\nDEPLOYMENT_ID=captioner\n"
    )


def test_environment_gives_what_is_missing_and_replaces_nothing(
    server_scripts: ServerScripts,
) -> None:
    environment = {"DEPLOY_ON": "host", "RIVA_HOST": "gpu.example.org", "RIVA_PORT": "50052"}
    shown = server_scripts.must("005", "--yes", **environment)
    values = server_scripts.values()
    assert (values["DEPLOY_ON"], values["RIVA_HOST"]) == ("host", "gpu.example.org")
    assert "The environment has RIVA_PORT=50052;" in shown
    shown = server_scripts.must("005", "--yes", RIVA_HOST="other.example.org")
    assert "The environment has RIVA_HOST=other.example.org;" in shown
    assert server_scripts.values() == values


def test_questions_are_asked_until_answers_are_good_and_secrets_are_not_shown(
    server_scripts: ServerScripts,
) -> None:
    typed = "demo\naws\n\neu-west-1\n\ng4dn.xlarge\ng5.xlarge\n\n10.0.0.0/8\n" + 8 * "\n"
    shown = server_scripts.in_terminal("005", typed=typed + _SECRET + "\n")
    assert "AWS_INSTANCE_TYPE has a T4 (compute capability 7.5)" in shown
    values = server_scripts.values()
    assert (values["DEPLOYMENT_ID"], values["AWS_REGION"]) == ("demo", "eu-west-1")
    assert (values["AWS_INSTANCE_TYPE"], values["AWS_ALLOWED_CIDRS"]) == ("g5.xlarge", "10.0.0.0/8")
    assert values["NGC_API_KEY"] == _SECRET
    assert _SECRET not in shown
    assert _SECRET not in server_scripts.log("005")


def test_no_secret_in_traces_logs_arguments_or_the_environment_of_programs(
    server_scripts: ServerScripts,
) -> None:
    refusal = server_scripts.refused("005", "--set", f"NGC_API_KEY={_SECRET}")
    assert _SECRET not in refusal
    server_scripts.env_file.write_text(f"NGC_API_KEY={_SECRET}\n")
    traced = (
        "set -x; open_log trace; read_env; need NGC_API_KEY; report_configuration; "
        'secret NGC_API_KEY | wc -c; env; write_env NGC_API_KEY <.env; fail "$REDACTED" "No."'
    )
    bash(server_scripts, "open_log trace; read_env; log_lines <.env; logged x y cat .env")
    for environ in ({}, {"NGC_API_KEY": _SECRET}):
        server_scripts.env_file.write_text(f"NGC_API_KEY={_SECRET}\n")
        shown = bash(server_scripts, f"({traced}) || true", **environ)
        assert shown.startswith(f"{len(_SECRET)}\n")
        assert "+ write_env" in shown
        assert _SECRET not in shown
    log = (server_scripts.root / "build/logs/trace.log").read_text(encoding="utf-8")
    assert _SECRET not in log
    assert log.count("NGC_API_KEY=(NGC_API_KEY)") == 2


@pytest.mark.parametrize(
    "value",
    [
        "",
        "plain",
        "two words",
        "it's",
        'a "quote"',
        "back\\slash",
        "tail\\",
        "a # b",
        "$HOME",
        "ü=ß",
    ],
)
def test_values_are_read_as_they_were_written_here_and_elsewhere(
    server_scripts: ServerScripts, value: str
) -> None:
    server_scripts.env_file.write_text("#X=1\nY=2\n")
    read = bash(
        server_scripts, 'ENV_FILE=.env; printf %s "$V" | write_env X; in_file X; in_file Y', V=value
    )
    assert read == value + "2"
    assert server_scripts.values() == {"X": value, "Y": "2"}
    assert server_scripts.env_file.read_text(encoding="utf-8").startswith("#X=1\nX=")


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("AWS_INSTANCE_TYPE=g4dn.xlarge", "has a T4 (compute capability 7.5), which current NIM"),
        ("AWS_INSTANCE_TYPE=g6f.large", "less than 16 GB"),
        ("AWS_INSTANCE_TYPE=m7i.large", "is not known to have a GPU"),
        ("AWS_ALLOWED_CIDRS=203.0.113.7", "no network such as"),
        ("AWS_ALLOWED_CIDRS=10.0.0.0/8,300.1.1.1/32", "'300.1.1.1/32'"),
        ("AWS_ALLOWED_CIDRS=10.0.0.0/33", "no network such as"),
        ("AWS_IDLE_STOP_MINUTES=5", "must be 0 (never), or minutes"),
        ("AWS_VOLUME_GB=20", "from 100 to 16000"),
        ("AWS_REGION=Ohio", "must be a region"),
        ("RIVA_ENGINE=whisper", "must be nim, quickstart or nemo"),
        ("DEPLOYMENT_ID=My Server", "must be small letters"),
        ("AWS_IMAGE_PARAMETER=ami-1", "must be a public parameter"),
        ("NO_SUCH_NAME=1", "There is no name 'NO_SUCH_NAME'"),
    ],
)
def test_bad_value_is_refused_with_its_reason_and_nothing_is_written(
    server_scripts: ServerScripts, setting: str, reason: str
) -> None:
    assert reason in server_scripts.refused("005", "--yes", *_CIDR, "--set", setting)
    assert not server_scripts.env_file.exists()


def test_configuration_that_cannot_be_read_is_told(server_scripts: ServerScripts) -> None:
    server_scripts.env_file.mkdir()
    assert ".env is no file that you can read" in server_scripts.refused("040", "--dry-run")
    server_scripts.env_file.rmdir()
    server_scripts.env_file.touch(mode=0o000)
    if not os.access(server_scripts.env_file, os.R_OK):  # root reads all
        assert ".env is no file that you can read" in server_scripts.refused("005", "--yes", *_CIDR)


def test_dry_run_writes_nothing(server_scripts: ServerScripts) -> None:
    shown = server_scripts.must("005", "--dry-run", *_CIDR)
    assert "Would: Write AWS_ALLOWED_CIDRS=203.0.113.7/32" in shown
    assert not server_scripts.env_file.exists()


def test_only_one_step_at_a_time_works_with_a_configuration(server_scripts: ServerScripts) -> None:
    program = "ENV_FILE=$PWD/.env; lock step; bash scripts/riva-005-configure.sh --yes || true"
    assert "Another step works with" in bash(server_scripts, program)
    # Another configuration is not held up.
    assert "is done" in server_scripts.must(
        "005", "--yes", *_CIDR, "--env-file", str(server_scripts.root / "other.env")
    )


def test_what_a_failed_step_began_is_taken_back_last_thing_first(
    server_scripts: ServerScripts,
) -> None:
    step = server_scripts.root / "scripts" / "riva-001-test.sh"
    step.write_text(
        "set -euo pipefail\n. scripts/riva-common-functions.sh\n"
        "load_config() { :; }\nvalidate_prerequisites() { :; }\nvalidate_results() { :; }\n"
        'perform_operation() { undo_with echo "first thing"; undo_with echo second; "$ENDS"; }\n'
        'stop() { kill -TERM $$; sleep 5; }\nrun_step "$@"\n',
        encoding="utf-8",
    )

    def run(ends: str) -> tuple[int, list[str]]:
        done = subprocess.run(
            ["/bin/bash", str(step)],
            cwd=server_scripts.root,
            env=server_scripts.environ | {"ENDS": ends},
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
        )
        return done.returncode, done.stdout.splitlines()

    assert run("false") == (1, ["second", "first thing"])
    assert run("stop") == (143, ["second", "first thing"])
    assert run("true") == (0, [])


def test_machine_that_is_there_needs_nothing_of_aws(server_scripts: ServerScripts) -> None:
    server_scripts.must("005", "--yes", "--set", "DEPLOY_ON=host")
    values = server_scripts.values()
    assert values["RIVA_HOST"] == "localhost"
    assert not [name for name in values if name.startswith("AWS_")]


@pytest.mark.parametrize("host", ["localhost", "192.0.2.1"])
def test_command_for_the_gpu_machine_arrives_word_by_word(
    server_scripts: ServerScripts, host: str
) -> None:
    calls = server_scripts.stand_in("ssh", 'bash -c "${@: -1}"')
    key = server_scripts.root / "key"
    key.touch()
    program = (
        "open_log x; read_env; . scripts/lib/riva-host.sh; use_ssh; "
        "on_host printf '%s|' 'two words' \"it's\" '$HOME' | cat; printf secret | on_host wc -c"
    )
    said = bash(server_scripts, program, RIVA_HOST=host, SSH_KEY_FILE=str(key))
    assert said == "two words|it's|$HOME|6\n"
    assert bool(calls.read_text(encoding="utf-8")) is (host != "localhost")


@pytest.mark.parametrize("script", sorted(Path("scripts").glob("riva-[0-9]*.sh")), ids=str)
def test_each_script_explains_itself(server_scripts: ServerScripts, script: Path) -> None:
    number = script.name[5:8]
    shown = server_scripts.must(number, "--help")
    assert shown.startswith(f"{number}: ")
    for word in ("Needs:", "Changes:", "Validates:", "Undo:", "Costs:", "--dry-run", "--yes"):
        assert word in shown
    assert re.search(
        r"^Runs: (always|aws|host|by hand|(?: ?(?:nim|quickstart|nemo))+)$", shown, re.MULTILINE
    )
    assert "There is no option '--nonsense'" in server_scripts.refused(number, "--nonsense")


def test_example_file_names_all_of_the_configuration(server_scripts: ServerScripts) -> None:
    rows = bash(server_scripts, "printf '%s\\n' \"${CONFIGURATION[@]}\"").splitlines()
    example = (server_scripts.root / ".env.example").read_text(encoding="utf-8")
    for row in rows:
        name, _, _, default, _ = row.split("|")
        assert f"\n#{name}={default}" in example


@pytest.mark.parametrize(
    ("name", "environ", "fix"),
    [
        ("RIVA_HOST", {"DEPLOY_ON": "aws"}, "scripts/riva-025-wait-for-instance.sh"),
        ("RIVA_HOST", {"DEPLOY_ON": "host", "RIVA_HOST": "a b"}, "scripts/riva-005-configure.sh,"),
        ("NEMO_MODEL", {"RIVA_ENGINE": "nim"}, "--set RIVA_ENGINE=nemo"),
        ("AWS_ALLOWED_CIDRS", {"DEPLOY_ON": "host"}, "--set DEPLOY_ON=aws"),
        ("TLS_DAYS", {"TLS_DAYS": "0"}, "--set TLS_DAYS="),
    ],
)
def test_fix_of_a_bad_value_is_a_step_that_sets_it(
    server_scripts: ServerScripts, name: str, environ: dict[str, str], fix: str
) -> None:
    shown = bash(server_scripts, f"read_env; (need {name}) 2>&1 || true", **environ)
    assert fix in shown
    assert "(it is '')" not in shown


def test_tear_down_of_a_machine_that_is_there_removes_the_keys(
    server_scripts: ServerScripts,
) -> None:
    folder = Path(server_scripts.environ["HOME"]) / ".config/captioner-captioner-server"
    folder.mkdir(parents=True)
    (folder / "ca.key").touch()
    place = {"DEPLOY_ON": "host", "DEPLOYMENT_ID": "captioner"}
    server_scripts.must("999", "--dry-run", **place)
    assert (folder / "ca.key").exists()
    shown = server_scripts.must("999", "--yes", **place)
    assert f"To be removed: file {folder}/ca.key" in shown
    assert "150, and 060 (nim)" in shown
    assert not folder.exists()
    assert "There is nothing of captioner-captioner" in server_scripts.must("999", **place)
