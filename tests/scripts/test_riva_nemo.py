"""090: riva_server of NeMo-Speech.cpp on a GPU machine.

Git, CMake, apt, systemctl and the network are stand-ins that record; the program that builds, and
the files that are written, are real, and are checked by systemd's own tool and by Envoy.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.support.gpu_machine import GpuMachine

_COMMIT: Final = "4f9676226f667d14608487df744f375db87127f8"
_PREFIX: Final = f"/opt/captioner/nemo-speech-{_COMMIT[:12]}"
_MODEL: Final = b"a model"
_INDEX: Final = {
    "models": [
        {
            "repo": "nvidia/nemotron-speech-streaming-en-0.6b",
            "aliases": ["nemotron-en"],
            "revision": "ebe59e5",
            "license": "NVIDIA Open Model License",
            "artifacts": [
                {
                    "role": "asr",
                    "filename": "nemotron-en.gguf",
                    "sha256": hashlib.sha256(_MODEL).hexdigest(),
                }
            ],
        }
    ]
}
_GIT: Final = """
case "$1" in
    init) mkdir .git ;;
    rev-parse) cat .git/head 2>/dev/null ;;
    fetch) [ ! -e "$root/offline" ] || { echo 'could not resolve host' >&2; exit 128; }
        echo "${@: -1}" >.git/head; mkdir -p scripts
        echo 'cmake --preset "$@"' >scripts/configure.sh ;;
esac
"""
_CMAKE: Final = """
[ "$1" != --build ] || while [ -e "$root/hold" ]; do /bin/sleep 0.02; done
[ "$1" = --install ] || exit 0
mkdir -p "$4/bin" "$4/share/nemo-speech"
printf '#!/bin/sh\\n' >"$4/bin/riva_server"
chmod +x "$4/bin/riva_server"
cp "$root/index.json" "$4/share/nemo-speech/model-index.json"
"""
_PYTHON: Final = """
[ "$1 $2" = '-m venv' ] || exit 0
folder=${@: -1}
mkdir -p "$folder/bin" "$folder/lib/python3.12/site-packages/envoy/_bin"
ln -s "$(command -v python3)" "$folder/bin/python"
for name in cmake ninja; do ln -s "$(command -v $name)" "$folder/bin/$name"; done
touch "$folder/lib/python3.12/site-packages/envoy/_bin/envoy"
"""
_SYSTEMCTL: Final = """
case "$1" in
    is-active) [ -e "$root/active" ] && echo active || { echo inactive; exit 3; } ;;
    restart) touch "$root/active" ;;
    disable) [[ $* != *'captioner-riva captioner-riva-tls'* ]] || rm -f "$root/active" ;;
esac
"""


@pytest.fixture
def machine(gpu_machine: GpuMachine) -> GpuMachine:
    """A machine with a GPU and a CUDA toolkit, configured for NeMo-Speech.cpp."""
    with gpu_machine.scripts.env_file.open("a") as file:
        file.write("RIVA_ENGINE=nemo\nTLS_MODE=disabled\n")
    gpu_machine.write("/index.json", json.dumps(_INDEX))
    for name, program in {
        "git": _GIT,
        "cmake": _CMAKE,
        "ninja": "",
        "python3": _PYTHON,
        "systemctl": _SYSTEMCTL,
        "apt-get": "",
        "dpkg-query": "exit 1",
        "nvcc": "",
        "nvidia-smi": "echo 8.9",
        "df": "echo Avail; echo 200",
        "useradd": 'touch "$root/user"',
        "userdel": 'rm "$root/user"',
        "id": '[ "$1" = -u ] && echo 1000 || [ -e "$root/user" ]',
        "install": 'exec /usr/bin/install $(sed -E "s/-[og] [a-z-]+//g" <<<"$*")',
        "stat": 'echo "captioner-riva 600"',
        "curl": 'while [ "$1" != --output ]; do shift; done; printf "a model" >"$2"',
    }.items():
        gpu_machine.stand_in(name, program)
    return gpu_machine


@pytest.fixture
def port(machine: GpuMachine) -> Iterator[int]:
    """A port that answers, as the next one does: the configured one."""
    with ExitStack() as sockets:
        while True:
            first = sockets.enter_context(socket.create_server(("127.0.0.1", 0)))
            found = int(first.getsockname()[1])
            try:
                sockets.enter_context(socket.create_server(("127.0.0.1", found + 1)))
            except OSError:
                continue
            break
        with machine.scripts.env_file.open("a") as file:
            file.write(f"RIVA_PORT={found}\n")
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


def test_server_is_built_from_its_commit_and_kept_running(
    machine: GpuMachine, port: int, tmp_path: Path
) -> None:
    shown = machine.scripts.must("090")
    assert f"The server answers on port {port}: nemotron-en, on the gpu" in shown
    calls = machine.calls("git", "cmake", "curl", "useradd", "apt-get", "systemctl")
    wanted = [
        (
            "apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends build-essential "
            "git pkg-config libsentencepiece-dev libgrpc++-dev libprotobuf-dev protobuf-compiler "
            "protobuf-compiler-grpc libabsl-dev curl python3-venv"
        ),
        "git config remote.origin.url https://github.com/NVIDIA/NeMo-Speech.cpp.git",
        f"git fetch --depth 1 origin {_COMMIT}",
        "git submodule update --init --depth 1 ggml llama.cpp proto/riva-common",
        (
            "cmake --preset cuda-asr -DNEMO_SPEECH_BUILD_TTS=ON -DNEMO_SPEECH_BUILD_GRPC=ON "
            "-DNEMO_SPEECH_BUILD_CLI=OFF -DNEMO_SPEECH_BUILD_MIC_CAPTURE=OFF "
            "-DCMAKE_CUDA_ARCHITECTURES=89"
        ),
        f"cmake --install build/cuda-asr --prefix {_PREFIX}-gpu.new",
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
            f"{_PREFIX}-gpu/bin/riva_server --config /etc/captioner-riva/riva-server.yaml "
            f"--bind 0.0.0.0:{port}"
        )
    ]
    assert (unit["User"], unit["Restart"]) == (["captioner-riva"], ["always"])
    assert "PrivateDevices" not in unit
    assert not machine.has("/opt/captioner/nemo-speech-build")

    again = machine.scripts.must("090")
    assert "The server runs with this configuration" in again
    changing = machine.calls("git", "cmake", "curl", "useradd", "apt-get")
    assert changing + machine.calls("systemctl") == []


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
    calls = machine.calls("cmake", "systemctl")
    assert not [call for call in calls if "CUDA" in call or "cuda" in call]
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
def test_build_goes_on_when_its_watcher_is_killed_and_failures_are_told(
    machine: GpuMachine, port: int
) -> None:
    assert port
    machine.write("/offline", "")
    shown = machine.scripts.refused("090")
    assert "could not resolve host" in shown
    assert "The build failed (exit code 128)" in shown
    (machine.root / "offline").unlink()
    machine.write("/hold", "")
    lock = machine.scripts.root / "build/riva"
    machine.scripts.stand_in("sleep", f"kill -KILL $(sed 's/.* //' {lock}/.env-*.step.lock)")
    assert machine.scripts.run("090").returncode == -signal.SIGKILL
    machine.scripts.stand_in("sleep", f"rm -f {machine.root}/hold; /bin/sleep 0.1")
    machine.calls()
    assert "The build is at work already" in machine.scripts.must("090")
    assert machine.calls("git") == []
    # Another model than the commit names is refused; and nothing is left when all is removed.
    machine.scripts.must("090", "--remove", "--yes")
    assert not machine.has("/etc/captioner-riva")
    assert not machine.has(f"{_PREFIX}-gpu")
    machine.stand_in("curl", 'while [ "$1" != --output ]; do shift; done; printf other >"$2"')
    assert "nemotron-en.gguf is not what it was" in machine.scripts.refused("090")
    machine.stand_in("nvidia-smi", "exit 9")
    assert "shows no GPU 0" in machine.scripts.refused("090")
    assert "gives no live captions" in machine.scripts.refused("090", NEMO_MODEL="parakeet-tdt")
    shown = machine.scripts.must("090", "--dry-run", NEMO_DEVICE="cpu")
    assert "Would: Build riva_server" in shown
