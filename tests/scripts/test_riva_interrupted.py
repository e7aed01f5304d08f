"""Steps that are ended while they work, by SIGTERM and by SIGKILL: run again they come to the end.

More steps are ended so in the tests of their own.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.aws import Aws
from tests.support.gpu_machine import GpuMachine
from tests.support.nemo_machine import answering_port, prepare_nemo
from tests.support.proof_server import CAPTIONER, results
from tests.support.pulse import wait_until
from tests.support.quickstart_machine import (
    CONFIG,
    FOLDER,
    STREAMING,
    prepare_quickstart,
)
from tests.support.server_scripts import ServerScripts

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

TERM: Final = signal.SIGTERM
KILL: Final = signal.SIGKILL


@dataclass(frozen=True)
class At:
    """Where a step is ended: in the call of a program whose arguments match a pattern of bash.

    Attributes:
        ready: What has to be so, as bash, before it is ended while the program works; without it
            the step is ended when the program has done its work.
    """

    signal: signal.Signals
    program: str
    arguments: str
    ready: str = ""


def _interrupt(scripts: ServerScripts, folder: Path, number: str, at: At, *options: str) -> str:
    """End a step, with all that it has begun; return what it said. ``folder`` has the program."""
    program = folder / at.program
    whole = folder / f"{at.program}.whole"
    was_there = program.exists()
    if was_there:
        program.rename(whole)
    else:
        whole.symlink_to(Path("/usr/bin") / at.program)
    work = f'"{whole}" "$@"'
    if at.ready:
        work += f" & until {at.ready} || ! kill -0 $! 2>/dev/null; do /bin/sleep 0.02; done"
    program.write_text(
        f'#!/bin/bash\n[[ " $* " == *{at.arguments}* ]] || exec "{whole}" "$@"\n'
        f"{work}\nkill -{at.signal.name[3:]} 0\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    # In a session of its own, as in a terminal that is closed: all of it hears the signal.
    with subprocess.Popen(
        scripts.command(number, *options),
        env=scripts.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
    ) as step:
        shown, _ = step.communicate(timeout=100)
    program.unlink()
    if was_there:
        whole.rename(program)
    else:
        whole.unlink()
    assert step.returncode == (143 if at.signal == TERM else -KILL), shown
    assert ("It can be run again" in shown) == (at.signal == TERM), shown
    wait_until(lambda: not _lives(step.pid), limit_s=20)
    return shown


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


# ---- on a GPU machine ----


@dataclass(frozen=True)
class Case:
    """A step of a GPU machine.

    Attributes:
        prepare: Makes the machine what the step finds.
        at: Where it is ended, in one run after the other.
        again: What it says when there is nothing left to do.
        changes: How the calls of programs begin that a run with nothing to do makes none of.
        check: Asserts what the step leaves behind.
    """

    number: str
    prepare: Callable[[GpuMachine], None]
    at: tuple[At, ...]
    again: str
    changes: tuple[str, ...]
    check: Callable[[GpuMachine], None]


def _without_docker(machine: GpuMachine) -> None:
    machine.has_plain_docker()
    machine.write("/etc/os-release", "ID=ubuntu\nVERSION_ID=24.04\nVERSION_CODENAME=noble\n")
    machine.stand_in("dpkg", "echo amd64")
    machine.stand_in("curl", 'echo key >"${@: -2:1}"')
    machine.stand_in(
        "apt-get", '[[ $* != *docker-ce* ]] || mv "${0%/*}/docker.hidden" "${0%/*}/docker"'
    )
    (machine.root / "daemon").unlink()
    machine.hide("docker")


def _docker_is_whole(machine: GpuMachine) -> None:
    assert machine.has("daemon")
    assert machine.read("runtimes") == '{"nvidia":{}}\n'
    assert machine.read("/etc/apt/sources.list.d/docker.list").count("\n") == 1


_DIGEST: Final = f"sha256:{64 * 'a'}"


def _with_registry(machine: GpuMachine) -> None:
    machine.has_docker()
    machine.write("/docker/registry", f"1.5.0 {_DIGEST}\n")


def _image_is_pinned(machine: GpuMachine) -> None:
    assert (machine.scripts.values()["NIM_IMAGE_DIGEST"] or "").endswith(f":1.5.0@{_DIGEST}")
    assert not machine.has("/run/captioner-docker")


def _with_nim(machine: GpuMachine) -> None:
    machine.has_docker()
    machine.write("/docker/state", "running")
    machine.stand_in("curl", """echo '{"status":"ready"}'""")
    models = {"models": [{"name": "parakeet", "kind": "online"}], "status": "ok", "reason": ""}
    answer = json.dumps({"endpoints": [models]})
    machine.scripts.stand_in("captioner", f"echo '{answer}'")
    captioner = machine.scripts.commands / "captioner"
    machine.scripts.environ |= {"CAPTIONER": str(captioner), "TLS_MODE": "disabled"}


def _container_runs(machine: GpuMachine) -> None:
    assert machine.read("/docker/state") == "running"


def _quickstart_is_whole(machine: GpuMachine) -> None:
    assert machine.read(f"{FOLDER}/config.sh") == CONFIG
    left = {path.name for path in (machine.root / "opt/captioner").iterdir()}
    assert left == {Path(FOLDER).name}


def _with_quickstart(machine: GpuMachine) -> None:
    prepare_quickstart(machine)
    machine.scripts.must("070")


def _quickstart_is_configured(machine: GpuMachine) -> None:
    assert f'asr_acoustic_model=("{STREAMING}")' in machine.read(f"{FOLDER}/config.sh")
    assert machine.read(f"{FOLDER}/config.sh.original") == CONFIG
    assert not machine.has(f"{FOLDER}/config.sh.new")


def _with_models(machine: GpuMachine) -> None:
    _with_quickstart(machine)
    machine.scripts.must("075")
    machine.scripts.must("080")


def _quickstart_runs(machine: GpuMachine) -> None:
    assert machine.read("/state") == "running\n"


def _nemo_runs(machine: GpuMachine) -> None:
    assert machine.has("active")
    assert machine.has("user")
    assert machine.read("/opt/captioner/nemo-models/nemotron-en.gguf") == "a model"
    assert not machine.has("/etc/captioner-riva/restart")


_CASES: Final = (
    Case(
        "045",
        _without_docker,
        (
            At(KILL, "apt-get", "docker-ce"),
            At(TERM, "nvidia-ctk", "'runtime configure'"),
            At(KILL, "systemctl", "'restart docker'"),
        ),
        "Docker 28.2.2 is there",
        ("apt-get", "systemctl", "nvidia-ctk runtime"),
        _docker_is_whole,
    ),
    Case(
        "055",
        _with_registry,
        (At(TERM, "docker", "' pull '"), At(KILL, "docker", "' pull '")),
        "The image is there",
        ("docker --config",),
        _image_is_pinned,
    ),
    Case(
        "063",
        _with_nim,
        (At(TERM, "curl", "health/ready"), At(KILL, "curl", "health/ready")),
        "serves: parakeet",
        ("docker run", "docker rm", "docker compose"),
        _container_runs,
    ),
    Case(
        "070",
        prepare_quickstart,
        (At(TERM, "curl", "/zip"), At(KILL, "python3", "zipfile"), At(KILL, "mv", "'2.19.0 '")),
        f"{FOLDER} is there",
        ("curl", "install", "python3"),
        _quickstart_is_whole,
    ),
    Case(
        "075",
        _with_quickstart,
        (
            At(KILL, "awk", "asr_language_code"),
            At(TERM, "cp", "config.sh.original"),
            At(KILL, "mv", "'-f '*config.sh.new*'/config.sh '"),
        ),
        "config.sh is as it should be",
        ("curl", "docker"),
        _quickstart_is_configured,
    ),
    Case(
        "085",
        _with_models,
        # What was begun in the background goes on when the step is killed.
        (At(KILL, "install", "riva-detach.sh"), At(TERM, "bash", "riva-detach.sh")),
        "runs with this configuration",
        ("docker run", "docker stop", "docker rm"),
        _quickstart_runs,
    ),
    Case(
        "090",
        prepare_nemo,
        (
            At(KILL, "curl", "nemotron-en"),
            At(TERM, "useradd", "captioner-riva"),
            At(KILL, "install", "riva-server.yaml"),
            At(TERM, "systemctl", "'restart '"),
        ),
        "The server runs with this configuration",
        ("curl", "useradd", "systemctl restart"),
        _nemo_runs,
    ),
)


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.number)
def test_step_of_a_machine_goes_on_and_then_has_nothing_to_do(
    gpu_machine: GpuMachine, case: Case
) -> None:
    with ExitStack() as stack:
        case.prepare(gpu_machine)
        if case.number == "090":
            stack.enter_context(answering_port(gpu_machine))
        folder = gpu_machine.root.parent / "bin"
        for at in case.at:
            _interrupt(gpu_machine.scripts, folder, case.number, at)
        gpu_machine.scripts.must(case.number)
        case.check(gpu_machine)
        gpu_machine.calls()
        assert case.again in gpu_machine.scripts.must(case.number)
        assert not [call for call in gpu_machine.calls() if call.startswith(case.changes)]
        case.check(gpu_machine)


def test_server_that_runs_gets_the_change_that_a_killed_step_has_written(
    gpu_machine: GpuMachine,
) -> None:
    prepare_nemo(gpu_machine)
    with answering_port(gpu_machine):
        gpu_machine.scripts.must("090")
        gpu_machine.scripts.environ["NEMO_GPU"] = "1"
        at = At(KILL, "install", "riva-server.yaml")
        _interrupt(gpu_machine.scripts, gpu_machine.root.parent / "bin", "090", at)
        gpu_machine.calls()
        gpu_machine.scripts.must("090")
        assert "systemctl restart captioner-riva" in gpu_machine.calls("systemctl")


# ---- on this machine ----


@pytest.mark.parametrize("end", [TERM, KILL], ids=["TERM", "KILL"])
def test_configuration_is_whole_or_not_there_and_is_gone_on_with(
    server_scripts: ServerScripts, end: signal.Signals
) -> None:
    given = ("--yes", "--set", "AWS_ALLOWED_CIDRS=203.0.113.7/32")
    for at in (At(end, "cp", ".env.example"), At(end, "mv", ".env.new")):
        _interrupt(server_scripts, server_scripts.commands, "005", at, *given)
    left = server_scripts.root / ".env.new"
    left.write_text("NGC_API_KEY=of a run that was killed while it wrote\n", encoding="utf-8")
    left.chmod(0o644)
    server_scripts.must("005", *given)
    made = server_scripts.env_file.read_text(encoding="utf-8")
    assert server_scripts.values()["AWS_ALLOWED_CIDRS"] == "203.0.113.7/32"
    assert server_scripts.env_file.stat().st_mode & 0o777 == 0o600
    assert "it stays as it is" in server_scripts.must("005", *given)
    assert server_scripts.env_file.read_text(encoding="utf-8") == made
    # Nothing half-written lies beside it.
    assert [path.name for path in server_scripts.root.glob(".env.*")] == [".env.example"]


# ---- at AWS ----


def test_rules_are_taken_back_or_gone_on_with(aws: Aws, server_scripts: ServerScripts) -> None:
    folder = server_scripts.commands
    added = "authorize-security-group-ingress"
    shown = _interrupt(server_scripts, folder, "020", At(TERM, "aws", added))
    assert "Taking back: remove_group" in shown
    assert aws.groups() == []
    _interrupt(server_scripts, folder, "020", At(KILL, "aws", added))
    assert "The rules are as they should be" in server_scripts.must("020")
    assert aws.rules() == {("tcp", port, "203.0.113.7/32") for port in (22, 9000, 50051)}


def test_instance_is_stopped_and_started_in_the_end(
    aws: Aws, server_scripts: ServerScripts
) -> None:
    instance = aws.make_instance()
    aws.ec2.create_tags(Resources=[instance], Tags=[{"Key": "RanMinutes", "Value": "119"}])
    for number, call, state, again in (
        ("210", "stop-instances", "stopped", "is stopped already"),
        ("215", "create-tags", "stopped", ""),
        ("215", "start-instances", "running", "is running already"),
    ):
        at = At(KILL, "aws", call)
        _interrupt(server_scripts, server_scripts.commands, number, at, "--yes")
        assert aws.instance()["State"]["Name"] == state
        if not again:
            continue
        assert again in server_scripts.must(number, "--yes")
    assert server_scripts.values()["RIVA_HOST"] == aws.instance()["PublicIpAddress"]
    assert [each["InstanceId"] for each in aws.instances()] == [instance]
    # The minute that it ran is counted once, though two starts have counted.
    assert {"Key": "RanMinutes", "Value": "120"} in aws.instance()["Tags"]


@pytest.mark.parametrize(
    ("number", "at", "said"),
    [
        ("012", At(KILL, "aws", "get-service-quota"), "is running already"),
        ("025", At(TERM, "ssh", "true"), "is done"),
        ("220", At(KILL, "aws", "get-products"), "USD so far"),
    ],
)
def test_step_that_only_asks_says_the_same_afterwards(
    aws: Aws, server_scripts: ServerScripts, number: str, at: At, said: str
) -> None:
    instance = aws.make_instance()
    key = Path(server_scripts.environ["HOME"], "key")
    key.touch()
    server_scripts.environ["SSH_KEY_FILE"] = str(key)
    server_scripts.stand_in("ssh", "")
    _interrupt(server_scripts, server_scripts.commands, number, at)
    assert said in server_scripts.must(number)
    assert [each["InstanceId"] for each in aws.instances()] == [instance]


# ---- against a server ----


@dataclass(frozen=True)
class Proof:
    """A step that asks a server.

    Attributes:
        command: What it has Captioner do.
        kept: Under which name it keeps what came of it.
        facts: What has to be the same each time, of what it has kept.
    """

    number: str
    command: str
    kept: str
    facts: Callable[[dict[str, Any]], object]


_PROOFS: Final = (
    Proof("100", "doctor", "server", lambda kept: kept["certificate"]),
    Proof("105", "doctor", "server", lambda kept: kept["models"]),
    Proof("110", "bench", "bench", lambda kept: kept["runs"][0]["accuracy"]),
    Proof("115", "loadtest", "loadtest", lambda kept: [it["passed"] for it in kept["checks"]]),
    Proof("130", "loadtest", "loadtest", lambda kept: [it["passed"] for it in kept["checks"]]),
)


@pytest.fixture
def asking(proof: ServerScripts, recording: dict[str, str]) -> Iterator[ServerScripts]:
    """The deployment with its server, asked by a Captioner that can be stood in for."""
    captioner = proof.commands / "captioner"
    captioner.symlink_to(CAPTIONER)
    yield replace(proof, environ=proof.environ | recording | {"CAPTIONER": str(captioner)})
    captioner.unlink()


@pytest.mark.parametrize("step", _PROOFS, ids=lambda step: step.number)
def test_proof_that_was_ended_keeps_nothing_and_is_given_again(
    asking: ServerScripts, step: Proof
) -> None:
    port = int(asking.values()["RIVA_PORT"] or "")
    connected = f'grep -qis ":{port:04X} 01 " /proc/net/tcp /proc/net/tcp6'
    before = len(results(asking, step.kept))
    for end in (TERM, KILL):
        at = At(end, "captioner", f"' {step.command} '", connected)
        _interrupt(asking, asking.commands, step.number, at)
    assert len(results(asking, step.kept)) == before
    asking.must(step.number)
    asking.must(step.number)
    first, second = results(asking, step.kept)[before:]
    assert step.facts(first)
    assert step.facts(first) == step.facts(second)


def test_report_that_was_begun_is_made_whole(asking: ServerScripts) -> None:
    if not results(asking, "bench"):  # where this test runs alone
        asking.must("110")
    folder = asking.root / "build/riva/report/demo"
    for end in (TERM, KILL):
        at = At(end, "captioner", "' report '", f"[ -e '{folder}/report.md' ]")
        shutil.rmtree(folder, ignore_errors=True)
        _interrupt(asking, asking.commands, "140", at)
    asking.must("140")
    made = {path: path.read_bytes() for path in folder.iterdir()}
    assert {"report.md", "report.html"} <= {path.name for path in made}
    asking.must("140")
    assert {path.name for path in folder.iterdir()} == {path.name for path in made}


def test_checklist_that_was_ended_is_made_whole(asking: ServerScripts) -> None:
    listed = asking.root / "build/riva/report/demo/production.md"
    for end in (TERM, KILL):
        listed.unlink(missing_ok=True)
        _interrupt(asking, asking.commands, "125", At(end, "captioner", "' doctor '"))
        assert not listed.exists()
    asking.refused("125")
    lines = len(listed.read_text().splitlines())
    asking.refused("125")
    assert len(listed.read_text().splitlines()) == lines > 10


def test_drill_that_was_ended_brings_the_server_back(asking: ServerScripts) -> None:
    killed, restored = asking.root / "killed", asking.root / "restored"
    asking.environ |= {"PROOF_KILL": f"touch {killed}", "PROOF_RESTORE": f"touch {restored}"}
    _interrupt(asking, asking.commands, "135", At(TERM, "touch", str(killed)), "--yes")
    assert killed.exists()
    assert restored.exists(), "what is ended in an orderly way takes back what it has done"
    restored.unlink()
    _interrupt(asking, asking.commands, "135", At(KILL, "touch", str(killed)), "--yes")
    assert not restored.exists()
    asking.must("135", "--yes")
    assert restored.exists()


def test_prerequisites_are_looked_at_again(server_scripts: ServerScripts) -> None:
    _interrupt(server_scripts, server_scripts.commands, "010", At(KILL, "ssh", "-V"))
    assert "All programs are there" in server_scripts.must("010")
