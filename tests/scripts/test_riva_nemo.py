"""090: riva_server of NeMo-Speech.cpp on a GPU machine.

riva_server, systemctl and the network are stand-ins that record; the files that are written are
real, and are checked by systemd's own tool and by Envoy.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.support.gpu_machine import GpuMachine
from tests.support.nemo_machine import answering_port, prepare_nemo


@pytest.fixture
def machine(gpu_machine: GpuMachine) -> GpuMachine:
    """A machine with a GPU and NeMo-Speech.cpp, configured for it."""
    prepare_nemo(gpu_machine)
    return gpu_machine


@pytest.fixture
def port(machine: GpuMachine) -> Iterator[int]:
    """The configured port, which answers."""
    with answering_port(machine) as found:
        yield found


def _unit(machine: GpuMachine, name: str, tmp_path: Path) -> dict[str, list[str]]:
    """Have systemd check a service as it was written, and return its settings."""
    text = machine.read(f"/etc/systemd/system/{name}.service")
    # The programs are not on this machine; whatever else it says of them is meant.
    path = tmp_path / f"{name}.service"
    path.write_text(
        re.sub(r"(ExecStart(?:Pre)?=[-+]*)/\S+", r"\1/bin/true", text), encoding="utf-8"
    )
    if analyze := shutil.which("systemd-analyze"):
        done = subprocess.run(
            [analyze, "verify", "--man=no", "--recursive-errors=no", str(path)],
            capture_output=True,
            check=False,
            text=True,
            timeout=30,
        )
        assert (done.returncode, [line for line in done.stderr.splitlines() if name in line]) == (
            0,
            [],
        )
        # From 0, which may do nothing, to 10, which may do everything.
        subprocess.run(
            [analyze, "security", "--offline=yes", "--threshold=25", str(path)],
            capture_output=True,
            check=True,
            timeout=30,
        )
    settings: dict[str, list[str]] = {}
    for line in text.splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            settings.setdefault(key, []).append(value)
    return settings


def test_server_is_given_its_model_and_kept_running(
    machine: GpuMachine, port: int, tmp_path: Path
) -> None:
    shown = machine.scripts.must("090")
    assert f"The server answers on port {port}: nemotron-en, on the gpu" in shown
    calls = machine.calls("nvidia-smi", "curl", "useradd", "systemctl")
    wanted = [
        "nvidia-smi --id=0 --query-gpu=name --format=csv,noheader",
        (
            "curl --config - --fail --location --silent --show-error --retry 3 "
            "--connect-timeout 20 --speed-limit 1000 --speed-time 60 --continue-at - --output "
            "/opt/captioner/nemo-models/nemotron-en.gguf.part https://huggingface.co/nvidia/"
            "nemotron-speech-streaming-en-0.6b/resolve/ebe59e5/nemotron-en.gguf"
        ),
        (
            "useradd --system --user-group --home-dir /nonexistent --no-create-home --shell "
            "/usr/sbin/nologin captioner-riva"
        ),
        "systemctl enable captioner-riva",
        "systemctl restart captioner-riva",
    ]
    assert [call for call in calls if call in wanted] == wanted
    assert yaml.safe_load(machine.read("/etc/captioner-riva/riva-server.yaml"))["asr"] == {
        "backend": {"gpu": 0},
        "model": {"path": "/opt/captioner/nemo-models/nemotron-en.gguf"},
        "batching": {"enabled": True},
        "endpointing": {"enable": True, "stop_history_eou_ms": 800},
    }
    unit = _unit(machine, "captioner-riva", tmp_path)
    assert unit["ExecStart"] == [
        (
            "/opt/nemo-speech/bin/riva_server --config /etc/captioner-riva/riva-server.yaml "
            f"--bind 0.0.0.0:{port}"
        )
    ]
    assert (unit["User"], unit["Restart"]) == (["captioner-riva"], ["always"])
    assert "PrivateDevices" not in unit

    again = machine.scripts.must("090")
    assert "The server runs with this configuration" in again
    assert not [call for call in machine.calls() if call.split()[0] in {"curl", "useradd"}]


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_encryption_is_put_before_a_server_that_has_none(
    machine: GpuMachine, port: int, tmp_path: Path
) -> None:
    captioner = str(Path(sys.executable).with_name("captioner"))
    with machine.scripts.env_file.open("a") as file:
        file.write(f"TLS_MODE=mtls\nCAPTIONER={captioner}\nNEMO_DEVICE=cpu\n")
    machine.scripts.must("090")
    unit = _unit(machine, "captioner-riva", tmp_path)
    assert unit["ExecStart"][0].endswith(f"--bind 127.0.0.1:{port + 1}")
    assert unit["PrivateDevices"] == ["yes"]
    configuration = yaml.safe_load(machine.read("/etc/captioner-riva/riva-server.yaml"))
    assert configuration["asr"]["backend"] == {"gpu": -1}
    calls = machine.calls("systemctl", "nvidia-smi")
    assert not [call for call in calls if call.startswith("nvidia-smi")]
    assert "systemctl restart captioner-riva captioner-riva-tls" in calls
    balancer = _unit(machine, "captioner-riva-tls", tmp_path)
    assert balancer["ExecStart"] == [
        (
            "/opt/captioner/envoy-1.40.0/lib/python3.12/site-packages/envoy/_bin/envoy "
            "--config-path "
            "/etc/captioner-riva/envoy.yaml --log-level warning --disable-hot-restart"
        )
    ]
    for name in ("server.pem", "server.key", "ca.pem"):
        assert (machine.root / "opt/captioner/tls" / name).stat().st_mode & 0o777 == 0o600
    # The real Envoy takes what it will be given.
    for name in ("envoy.yaml", "certificate.yaml", "clients.yaml"):
        text = machine.read(f"/etc/captioner-riva/{name}")
        moved = text.replace("/opt/captioner", f"{machine.root}/opt/captioner")
        (tmp_path / name).write_text(moved.replace("/etc/captioner-riva", str(tmp_path)))
    envoy = Path(sys.executable).with_name("envoy")
    if envoy.exists():
        subprocess.run(
            [envoy, "--mode", "validate", "--config-path", str(tmp_path / "envoy.yaml")],
            capture_output=True,
            check=True,
            timeout=60,
        )
    static = yaml.safe_load((tmp_path / "envoy.yaml").read_text(encoding="utf-8"))
    (cluster,) = static["static_resources"]["clusters"]
    (locality,) = cluster["load_assignment"]["endpoints"]
    (backend,) = locality["lb_endpoints"]
    assert backend["endpoint"]["address"]["socket_address"] == {
        "address": "127.0.0.1",
        "port_value": port + 1,
    }


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_what_does_not_fit_is_told_and_all_is_removed(machine: GpuMachine, port: int) -> None:
    program = "/opt/nemo-speech/bin/riva_server"
    lock = f"{machine.scripts.root}/build/riva/.env-*.step.lock"
    # Killed while the model comes: the next run goes on, and takes no other model.
    curl = 'while [ "$1" != --output ]; do shift; done; printf other >"$2"'
    machine.stand_in("curl", f"{curl}; kill -KILL $(sed 's/.* //' {lock})")
    assert machine.scripts.run("090").returncode == -signal.SIGKILL
    machine.stand_in("curl", curl)
    assert "nemotron-en.gguf is not what it was" in machine.scripts.refused("090")
    machine.stand_in("curl", curl.replace("other", "'a model'"))
    assert f"The server answers on port {port}" in machine.scripts.must("090")
    machine.write(program, "#!/bin/sh\necho another >&2\n")
    assert "is another program than it was" in machine.scripts.refused("090")
    with machine.scripts.env_file.open("a") as file:
        file.write("NEMO_PROGRAM_SHA256=\n")
    assert "was built without speech recognition" in machine.scripts.refused("090")
    (machine.root / program[1:]).unlink()
    assert f"There is no {program}" in machine.scripts.refused("090")
    machine.stand_in("nvidia-smi", "exit 9")
    assert "shows no GPU 0" in machine.scripts.refused("090")
    assert "gives no live captions" in machine.scripts.refused("090", NEMO_MODEL="parakeet-tdt")
    machine.scripts.must("090", "--remove", "--yes")
    assert not machine.has("/etc/captioner-riva")
    assert not machine.has("/opt/captioner/nemo-models")
