"""060 and 063: the container as it is described, made anew only for a reason, and waited for."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.support.gpu_machine import NGC_KEY, GpuMachine

_DIGEST: Final = f"sha256:{64 * 'a'}"
_FOLDER: Final = "/opt/captioner/nim"
_CAPTIONER: Final = str(Path(sys.executable).with_name("captioner"))
_UP: Final = (
    f"docker compose --project-name captioner-nim --file {_FOLDER}/compose.yaml up --detach"
)


@pytest.fixture
def machine(gpu_machine: GpuMachine) -> GpuMachine:
    """A machine that has the image, for a server without TLS."""
    gpu_machine.has_docker()
    gpu_machine.write("/docker/registry", f"1.5.0 {_DIGEST}\n")
    gpu_machine.scripts.environ["TLS_MODE"] = "disabled"
    gpu_machine.scripts.must("055")
    gpu_machine.calls()
    return gpu_machine


def _compose(machine: GpuMachine) -> dict[str, Any]:
    """Return the description, as Compose itself reads it where it is installed."""
    path = machine.root / _FOLDER.lstrip("/") / "compose.yaml"
    compose = shutil.which("docker-compose")
    assert compose, "install docker-compose"
    subprocess.run([compose, "--file", path, "config", "--quiet"], check=True, timeout=60)
    read: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return read


def _changes(machine: GpuMachine) -> list[str]:
    return [call for call in machine.calls("docker") if " up " in call or "docker rm" in call]


def test_container_is_described_as_promised(machine: GpuMachine) -> None:
    shown = machine.scripts.must("060")
    assert _changes(machine) == [_UP]
    nim = _compose(machine)["services"]["nim"]
    assert nim["image"] == "nvcr.io/nim/nvidia/parakeet-1-1b-rnnt-multilingual:1.5.0"
    assert nim["environment"] == {
        "NIM_HTTP_API_PORT": "9000",
        "NIM_GRPC_API_PORT": "50051",
        "NIM_TAGS_SELECTOR": "mode=str,vad=silero,type=default",
        "NIM_SSL_MODE": "DISABLED",
    }
    assert (nim["restart"], nim["shm_size"], nim["pull_policy"]) == (
        *("unless-stopped", "8gb"),
        "never",
    )
    assert nim["logging"]["options"] == {"max-size": "50m", "max-file": "5"}
    assert nim["healthcheck"]["start_period"] == "45m"
    compile(nim["healthcheck"]["test"][-1], "health", "exec")
    (device,) = nim["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "device_ids": ["0"], "capabilities": ["gpu"]}
    # The key is in one file, which root alone reads, and nowhere else.
    secret = machine.root / _FOLDER.lstrip("/") / "nim.env"
    assert secret.read_text(encoding="utf-8") == f"NGC_API_KEY={NGC_KEY}\n"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert NGC_KEY not in machine.read(f"{_FOLDER}/compose.yaml")
    assert NGC_KEY not in shown + machine.scripts.log("060")


@pytest.mark.slow
def test_container_is_made_anew_only_for_a_reason(machine: GpuMachine) -> None:
    machine.scripts.must("060")
    assert f"chown -R 1000:1000 {_FOLDER}/cache" in machine.calls("chown")
    machine.calls()
    assert "runs already, with this configuration" in machine.scripts.must("060")
    assert _changes(machine) == []
    other = {"NIM_TAGS_SELECTOR": "mode=str"}
    assert "There is nobody to ask" in machine.scripts.refused("060", **other)
    machine.scripts.must("060", "--yes", **other)
    assert _changes(machine) == [_UP]
    machine.write("/docker/state", "exited")
    assert "Start captioner-nim" in machine.scripts.must("060", **other)

    machine.scripts.must("060", "--back", "--yes")
    assert "type=default" in machine.read(f"{_FOLDER}/compose.yaml")
    assert "runs already, with this configuration" in machine.scripts.must("060")


def test_everything_that_was_deployed_is_removed_and_nothing_else(machine: GpuMachine) -> None:
    machine.scripts.must("060")
    machine.write(f"{_FOLDER}/cache/model", "built in an hour")
    machine.write(f"{_FOLDER}/notes", "of the user's own")
    machine.calls()
    assert "Would: Remove captioner-nim" in machine.scripts.must("060", "--remove", "--dry-run")
    assert "There is nobody to ask" in machine.scripts.refused("060", "--remove")
    machine.write("/docker/owner", "other\n")
    shown = machine.scripts.refused("060", "--remove", "--yes")
    assert "captioner-nim on 192.0.2.1 belongs to other, not to demo" in shown
    assert machine.has(f"{_FOLDER}/cache/model")
    assert _changes(machine) == []
    machine.write("/docker/owner", "demo\n")
    # Neither a GPU nor the key is needed to remove it.
    machine.has_gpu(None)
    shown = machine.scripts.must("060", "--remove", "--yes", NGC_API_KEY="")
    assert "Next: nothing; scripts/riva-060-deploy-nim.sh deploys it again" in shown
    assert _changes(machine) == ["docker rm --force captioner-nim"]
    left = {path.name for path in (machine.root / _FOLDER.lstrip("/")).iterdir()}
    assert left == {"image", "notes"}
    shown = machine.scripts.must("060", "--remove", "--yes")
    assert "There is nothing of captioner-nim" in shown


def test_container_that_does_not_stay_is_explained_and_the_former_runs_again(
    machine: GpuMachine,
) -> None:
    machine.scripts.must("060")
    before = machine.read(f"{_FOLDER}/compose.yaml")
    machine.write("/docker/next", "restarting")
    machine.write("/docker/log", "ValueError: no compatible profile for this GPU\n")
    _changes(machine)
    shown = machine.scripts.refused("060", "--yes", NIM_TAGS_SELECTOR="mode=nonsense")
    assert "no profile of the image fits NIM_TAGS_SELECTOR and the GPU" in shown
    assert "Taking back: take_back" in shown
    assert _changes(machine) == [_UP, _UP]
    assert machine.read(f"{_FOLDER}/compose.yaml") == before


def test_first_deployment_that_fails_leaves_no_container(machine: GpuMachine) -> None:
    machine.write("/docker/next", "exited")
    assert "it ended with code 3" in machine.scripts.refused("060")
    assert _changes(machine) == [_UP, "docker rm --force captioner-nim"]
    assert not machine.has(f"{_FOLDER}/nim.env")


def test_killed_deployment_is_gone_on_with(machine: GpuMachine) -> None:
    machine.scripts.must("060")
    lock = machine.scripts.root / "build/riva"
    docker = (machine.root.parent / "bin" / "docker").read_text(encoding="utf-8")
    kill = f"kill -KILL $(sed 's/.* //' {lock}/.env-*.step.lock)"
    machine.stand_in("docker", docker + f"\n[[ $* != *'config --quiet' ]] || {kill}")
    killed = machine.scripts.run("060", "--yes", NIM_TAGS_SELECTOR="mode=str")
    assert killed.returncode == -signal.SIGKILL
    machine.has_docker()
    machine.scripts.must("060", "--yes", NIM_TAGS_SELECTOR="mode=str")
    # What was deployed before is still what --back puts back.
    machine.scripts.must("060", "--back", "--yes")
    assert "type=default" in machine.read(f"{_FOLDER}/compose.yaml")


def test_certificate_is_made_first_and_a_renewed_one_is_taken(machine: GpuMachine) -> None:
    environ = {"TLS_MODE": "mtls", "CAPTIONER": _CAPTIONER}
    shown = machine.scripts.must("060", **environ)
    assert "Make an authority for captioner-demo" in shown
    made = Path(machine.scripts.environ["HOME"], ".config/captioner-demo-server")
    for name in ("server.pem", "server.key", "ca.pem"):
        put = machine.root / _FOLDER.lstrip("/") / "tls" / name
        assert put.read_bytes() == (made / name).read_bytes()
        assert put.stat().st_mode & 0o777 == 0o400
    environment = _compose(machine)["services"]["nim"]["environment"]
    assert environment["NIM_SSL_MODE"] == "MTLS"
    assert environment["NIM_SSL_CA_CERTS_PATH"] == "/opt/nim/tls/ca.pem"
    assert "runs already" in machine.scripts.must("060", **environ)
    with (made / "server.pem").open("a") as file:
        file.write("\n")
    assert "Make captioner-nim anew" in machine.scripts.refused("060", **environ)


@pytest.mark.parametrize(
    ("gpu", "change", "reason"),
    [
        ("0, Tesla T4, 15360, 7.5, 570", {}, "has compute capability 7.5"),
        ("0, NVIDIA L4, 23034, 8.9, 570", {"NIM_TAGS_SELECTOR": "mode=all"}, "needs 50 GB of GPU"),
        ("0, NVIDIA L4, 23034, 8.9, 570", {"NIM_MODEL": "ctc"}, "The image is not on 192.0.2.1"),
        ("0, NVIDIA L4, 23034, 8.9, 570", {"NIM_GPU": "3"}, "192.0.2.1 has no GPU 3"),
    ],
)
def test_what_cannot_run_is_refused_before_anything_is_changed(
    machine: GpuMachine, gpu: str, change: dict[str, str], reason: str
) -> None:
    machine.has_gpu(gpu)
    assert reason in machine.scripts.refused("060", **change)
    assert _changes(machine) == []


def test_dry_run_deploys_nothing(machine: GpuMachine) -> None:
    shown = machine.scripts.must("060", "--dry-run")
    assert "Would: Deploy nvcr.io/nim/nvidia/parakeet-1-1b-rnnt-multilingual:1.5.0" in shown
    assert not machine.has(f"{_FOLDER}/compose.yaml")
    assert _changes(machine) == []


def _serves(machine: GpuMachine, *, http_after: int, grpc_after: int) -> dict[str, str]:
    """Let the server be ready after so many questions; return the names that it takes."""
    machine.stand_in(
        "curl",
        f'echo >>"$root/asked"; [ $(wc -l <"$root/asked") -gt {http_after} ] '
        """&& echo '{"status":"ready"}'""",
    )
    models = {"models": [{"name": "parakeet", "kind": "online"}], "status": "ok", "reason": ""}
    none = {"models": [], "status": "ok", "reason": "The server has no model yet."}
    answers = [json.dumps({"endpoints": [each]}) for each in (none, models)]
    captioner = machine.scripts.commands / "captioner"
    machine.scripts.stand_in(
        "captioner",
        f"[ $(grep -c doctor '{captioner}.calls') -gt {grpc_after} ] "
        f"&& echo '{answers[1]}' || echo '{answers[0]}'",
    )
    return {"CAPTIONER": str(captioner)}


def test_progress_is_told_until_both_ports_are_ready(machine: GpuMachine) -> None:
    machine.scripts.must("060")
    machine.write(f"{_FOLDER}/cache/model", "x")
    machine.write("/docker/log", "Downloading model 7 of 9\n\n")
    environ = _serves(machine, http_after=4, grpc_after=2)
    shown = machine.scripts.must("063", **environ)
    assert "Not ready after 0 min: 1 MB of models; it says: Downloading model 7 of 9" in shown
    assert "192.0.2.1:50051 serves: parakeet" in shown
    machine.calls()
    assert "serves: parakeet" in machine.scripts.must("063", **environ)


@pytest.mark.parametrize(
    ("state", "restarts", "log", "reason"),
    [
        ("exited", 0, "terminate: CUDA out of memory", "is exited: its GPU has too little memory"),
        ("running", 2, "HTTP 403 Forbidden", "began again, 2 times so far: NVIDIA refuses the key"),
        ("dead", 0, "OSError: No space left on device", "is dead: its volume is full"),
    ],
)
def test_container_that_dies_while_waited_for_is_explained(
    machine: GpuMachine, state: str, restarts: int, log: str, reason: str
) -> None:
    machine.scripts.must("060")
    environ = _serves(machine, http_after=99, grpc_after=99)
    machine.write("/docker/log", f"line before\n{log}\n")
    # It runs when it is looked at first, and dies while it is asked for the first time.
    machine.stand_in(
        "curl",
        f'echo {state} >"$root/docker/state"; echo {restarts} >"$root/docker/restarts"; exit 7',
    )
    shown = machine.scripts.refused("063", **environ)
    assert reason in shown
    assert log in shown


def test_waiting_ends_and_missing_container_is_told(machine: GpuMachine) -> None:
    environ = _serves(machine, http_after=99, grpc_after=99)
    assert "There is no container captioner-nim" in machine.scripts.refused("063", **environ)
    assert "--minutes wants a number" in machine.scripts.refused("063", "--minutes", "soon")
    machine.scripts.must("060")
    assert "Would: Wait until captioner-nim is ready" in machine.scripts.must(
        "063", "--dry-run", **environ
    )
