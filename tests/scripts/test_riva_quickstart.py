"""070 to 085: NVIDIA's Riva quickstart on a GPU machine."""

from __future__ import annotations

import hashlib
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.gpu_machine import NGC_KEY, GpuMachine
from tests.support.quickstart_machine import (
    CONFIG,
    DOCKER,
    FOLDER,
    MODELS,
    STREAMING,
    prepare_quickstart,
    put_quickstart,
)


@pytest.fixture
def machine(gpu_machine: GpuMachine) -> GpuMachine:
    """A machine with Docker and room, configured for the quickstart."""
    prepare_quickstart(gpu_machine)
    return gpu_machine


def _configured(machine: GpuMachine) -> None:
    machine.scripts.must("070")
    machine.scripts.must("075")


def test_quickstart_is_downloaded_once_and_held_to_its_checksum(machine: GpuMachine) -> None:
    shown = machine.scripts.must("070")
    assert "Next: scripts/riva-075-configure-models.sh" in shown
    (call,) = machine.calls("curl")
    assert call == (
        "curl --config - --fail --location --silent --show-error --retry 3 --connect-timeout 20 "
        "--speed-limit 1000 --speed-time 60 --continue-at - --output "
        "/opt/captioner/riva_quickstart_v2.19.0.zip.part "
        "https://api.ngc.nvidia.com/v2/resources/nvidia/riva/riva_quickstart/versions/2.19.0/zip"
    )
    bearer = f'header = "Authorization: Bearer {NGC_KEY}"\n'
    assert machine.read("/curl-configuration") == bearer
    assert NGC_KEY not in shown + machine.scripts.log("070")
    kept = machine.scripts.values()["QUICKSTART_SHA256"]
    assert kept == hashlib.sha256((machine.root / "quickstart.zip").read_bytes()).hexdigest()
    assert machine.read(f"{FOLDER}/config.sh") == CONFIG
    assert not machine.has("/opt/captioner/riva_quickstart_v2.19.0.zip")

    assert f"{FOLDER} is there" in machine.scripts.must("070")
    assert machine.calls("curl") == []


@pytest.mark.slow
def test_another_download_is_not_taken_and_nothing_is_overwritten(machine: GpuMachine) -> None:
    machine.scripts.must("070")
    # By the same name, and as a whole folder this time.
    (machine.root / FOLDER[1:] / "captioner-sha256").unlink()
    other = put_quickstart(machine, inner="riva_quickstart_v2.19.0/")
    shown = machine.scripts.refused("070")
    assert f"is not what it was: its SHA-256 is {other}" in shown
    with machine.scripts.env_file.open("a") as file:
        file.write("QUICKSTART_SHA256=\n")
    machine.scripts.must("070")
    assert machine.read(f"{FOLDER}/config.sh") == CONFIG
    assert len(list((machine.root / "opt/captioner").glob("riva_quickstart_v2.19.0.2*"))) == 1


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_configuration_is_changed_where_it_concerns_and_is_tried_first(
    machine: GpuMachine,
) -> None:
    machine.scripts.must("070")
    assert "Would: Write to" in machine.scripts.must("075", "--dry-run")
    assert machine.read(f"{FOLDER}/config.sh") == CONFIG
    for model, reason in {
        "parakeet-rnnt_1.1b": "parakeet-rnnt_1.1b does not support multi",
        "no_such_model": "no_such_model does not support multi",
    }.items():
        shown = machine.scripts.refused("075", QUICKSTART_MODEL=model)
        assert f"The quickstart refuses this: {reason}" in shown
    shown = machine.scripts.refused(
        "075", QUICKSTART_MODEL="parakeet-rnnt_1.1b", QUICKSTART_LANGUAGE="en-US"
    )
    assert "parakeet-rnnt_1.1b does not stream" in shown
    assert machine.read(f"{FOLDER}/config.sh") == CONFIG

    shown = machine.scripts.must("075", QUICKSTART_GPU="1")
    assert f"rmir_asr_{STREAMING}_str:2.19.0" in shown
    lines = machine.read(f"{FOLDER}/config.sh").splitlines()
    changed = dict(zip(CONFIG.splitlines(), lines, strict=True))
    assert {old: new for old, new in changed.items() if old != new} == {
        "service_enabled_nlp=true": "service_enabled_nlp=false",
        "service_enabled_tts=true": "service_enabled_tts=false",
        'asr_acoustic_model=("parakeet_1.1b")': f'asr_acoustic_model=("{STREAMING}")',
        'asr_language_code=("en-US")': 'asr_language_code=("multi")',
        'asr_accessory_model=("silero")': 'asr_accessory_model=("")',
        'gpus_to_use="device=0"': 'gpus_to_use="device=1"',
        'riva_model_loc="riva-model-repo"': f'riva_model_loc="{MODELS}"',
    }
    assert machine.read(f"{FOLDER}/config.sh.original") == CONFIG
    before = (machine.root / FOLDER[1:] / "config.sh").stat().st_mtime_ns
    assert "config.sh is as it should be" in machine.scripts.must("075", QUICKSTART_GPU="1")
    assert (machine.root / FOLDER[1:] / "config.sh").stat().st_mtime_ns == before
    # A change of mind keeps what the file was at first.
    machine.scripts.must("075", QUICKSTART_GPU="2")
    assert machine.read(f"{FOLDER}/config.sh.original") == CONFIG
    machine.write(f"{FOLDER}/config.sh", "something else\n")
    assert "config.sh has no line service_enabled_asr=" in machine.scripts.refused("075")


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_models_are_built_with_the_key_out_of_sight(machine: GpuMachine) -> None:
    _configured(machine)
    machine.calls()
    shown = machine.scripts.must("080")
    downloads = [call for call in machine.calls("docker") if "download_ngc_models" in call]
    models = f"nvidia/riva/rmir_asr_{STREAMING}"
    (download,) = downloads
    assert download == (
        f"docker run --init --rm -e NGC_CLI_API_KEY -v {MODELS}:/data --name riva-service-maker "
        "nvcr.io/nvidia/riva/riva-speech:2.19.0 download_ngc_models "
        f"{models}_ofl:2.19.0 {models}_str:2.19.0"
    )
    assert f"downloading with {NGC_KEY[:5]}" in machine.read(f"{FOLDER}/captioner-init.log")
    assert NGC_KEY not in shown + machine.scripts.log("080")
    assert "The models are there" in machine.scripts.must("080")
    assert not [call for call in machine.calls("docker") if call.startswith("docker run")]
    # Another model is another thing to build.
    machine.scripts.must("075", QUICKSTART_MODEL="parakeet_1.1b", QUICKSTART_LANGUAGE="en-US")
    machine.stand_in("df", "echo Avail; echo 59")
    shown = machine.scripts.refused("080")
    assert "has 59 GB free; images and models need 60" in shown


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_failed_build_is_told_with_its_reason_and_a_watched_one_goes_on_alone(
    machine: GpuMachine,
) -> None:
    assert "Run scripts/riva-070" in machine.scripts.refused("080")
    machine.scripts.must("070")
    assert "is not configured yet" in machine.scripts.refused("080")
    machine.scripts.must("075")
    machine.write("/broken", "")
    assert "riva_init.sh failed (exit code 1)" in machine.scripts.refused("080")
    (machine.root / "broken").unlink()
    # The step is killed while the machine works; the next one finds the work and its result.
    lock = machine.scripts.root / "build/riva"
    hold = f"while [ ! -e {machine.root}/go ]; do /bin/sleep 0.02; done"
    machine.stand_in("docker", DOCKER.replace('echo "downloading', f'{hold}; echo "downloading'))
    machine.scripts.stand_in("sleep", f"kill -KILL $(sed 's/.* //' {lock}/.env-*.step.lock)")
    assert machine.scripts.run("080").returncode == -signal.SIGKILL
    machine.scripts.stand_in("sleep", f"touch {machine.root}/go; /bin/sleep 0.1")
    machine.calls()
    assert "riva_init.sh is at work already" in machine.scripts.must("080")
    assert not [call for call in machine.calls("docker") if call.startswith("docker run")]


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_server_is_started_once_and_replaced_when_its_configuration_changes(
    machine: GpuMachine,
) -> None:
    _configured(machine)
    assert "Run scripts/riva-080-init.sh" in machine.scripts.refused("085")
    machine.scripts.must("080")
    machine.calls()
    assert "The server answers on port 50051" in machine.scripts.must("085")
    calls = machine.calls("docker")
    (run,) = (call for call in calls if call.startswith("docker run"))
    assert run == (
        "docker run --restart unless-stopped --log-opt max-size=50m --log-opt max-file=3 -d --init "
        "-p 50051:50051 --name riva-speech nvcr.io/nvidia/riva/riva-speech:2.19.0 start-riva "
        "--riva-uri=0.0.0.0:50051"
    )
    assert "docker exec riva-speech /bin/grpc_health_probe -addr=:50051" in calls
    assert "runs with this configuration" in machine.scripts.must("085")
    assert not [call for call in machine.calls("docker") if call.startswith("docker run")]
    machine.scripts.must("075", QUICKSTART_GPU="1")
    machine.calls()
    machine.scripts.must("085")
    words = [call.split()[1] for call in machine.calls("docker")]
    assert [word for word in words if word in {"stop", "rm", "run"}] == ["stop", "rm", "run"]
    machine.scripts.must("085", "--stop")
    assert not machine.has("/state")
    assert "There is no riva-speech" in machine.scripts.must("085", "--stop")
    machine.scripts.must("085")
    (machine.root / FOLDER.lstrip("/") / "captioner-started").rename(machine.root / "started")
    shown = machine.scripts.refused("085", "--remove", "--yes")
    assert "riva-speech on 192.0.2.1 was not started by this step" in shown
    (machine.root / "started").rename(machine.root / FOLDER.lstrip("/") / "captioner-started")
    machine.scripts.must("085", "--remove", "--yes")
    assert not machine.has("/state")
    assert not machine.has("/opt/captioner/bin")
    assert machine.read(f"{MODELS}/captioner-models")
    left = {path.name for path in (machine.root / FOLDER.lstrip("/")).iterdir()}
    assert left == {
        *("config.sh", "config.sh.original", "riva_init.sh", "riva_start.sh", "riva_stop.sh"),
        *("captioner-init.log", "captioner-init.rc", "captioner-sha256"),
    }
    assert "There is nothing of riva-speech" in machine.scripts.must("085", "--remove", "--yes")


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_server_never_begins_without_the_encryption_that_is_asked_for(machine: GpuMachine) -> None:
    captioner = str(Path(sys.executable).parent / "captioner")
    with machine.scripts.env_file.open("a") as file:
        file.write(f"TLS_MODE=mtls\nCAPTIONER={captioner}\n")
    machine.scripts.must("070")
    shown = machine.scripts.must("075")
    assert "riva-095-certificates is done" in shown
    here = Path(machine.scripts.environ["HOME"], ".config/captioner-demo-server")
    for name in ("server.pem", "server.key", "ca.pem"):
        there = machine.root / "opt/captioner/tls" / name
        assert there.read_bytes() == (here / name).read_bytes()
        assert there.stat().st_mode & 0o777 == 0o600
    assert (here / "server.key").read_text() not in shown + machine.scripts.log("075")
    lines = machine.read(f"{FOLDER}/config.sh").splitlines()
    assert "ssl_use_mutual_auth=true" in lines
    assert 'ssl_server_key="/opt/captioner/tls/server.key"' in lines
    machine.scripts.must("080")
    machine.calls()
    machine.scripts.must("085")
    assert (
        "docker exec riva-speech /bin/grpc_health_probe -addr=:50051 -tls -tls-no-verify "
        "-tls-client-cert /ssl/server.crt -tls-client-key /ssl/server.key"
    ) in machine.calls("docker")
    # A renewed certificate is brought to the machine, and to the server by a start anew.
    machine.scripts.must("095", "--renew")
    machine.scripts.must("085")
    there = machine.root / "opt/captioner/tls/server.pem"
    assert there.read_bytes() == (here / "server.pem").read_bytes()
    words = [call.split()[1] for call in machine.calls("docker")]
    assert [word for word in words if word in {"stop", "rm", "run"}] == ["stop", "rm", "run"]


def test_program_in_the_background_is_begun_once_and_holds_nothing_open(tmp_path: Path) -> None:
    program = 'echo "$NGC_API_KEY $*" >>begun; while [ ! -e go ]; do sleep 0.05; done; exit 3'
    (tmp_path / "program").write_text(program)
    detach = Path("scripts/lib/riva-detach.sh").resolve()
    command = ["/bin/bash", detach, tmp_path / "keep", tmp_path / "program", "one", "two"]
    for _ in range(2):
        # The call would not end before the program if the program held its output open.
        subprocess.run(
            command, input=b"key\n", cwd=tmp_path, capture_output=True, check=True, timeout=20
        )
    (tmp_path / "go").touch()
    ended = f"until [ -e {shlex.quote(str(tmp_path / 'keep.rc'))} ]; do sleep 0.05; done"
    subprocess.run(["/bin/bash", "-c", ended], check=True, timeout=20)
    assert (tmp_path / "keep.rc").read_text() == "3\n"
    assert (tmp_path / "begun").read_text() == "key one two\n"
