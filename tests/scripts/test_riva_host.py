"""Driver, toolkit and Docker: what is called on the GPU machine, exactly, and what is not."""

from __future__ import annotations

import signal

import pytest

from tests.support.gpu_machine import L4, GpuMachine

_APT = "apt-get -o DPkg::Lock::Timeout=600 --yes --no-install-recommends install"
_UPDATE = "apt-get -o DPkg::Lock::Timeout=600 update"
_CURL = "curl --fail --silent --show-error --location --retry 3 --output"
_KEYRING = "/usr/share/keyrings/nvidia-container-toolkit-keyring.gpg"
_TOOLKIT_LIST = "/etc/apt/sources.list.d/nvidia-container-toolkit.list"
_CHANGES = ("apt-get", "dpkg", "add-apt-repository", "nvidia-ctk", "systemctl")


def _bare(machine: GpuMachine) -> None:
    """Take away the driver, and let packages be installed."""
    machine.has_gpu(None)
    machine.remove("nvidia-smi")
    machine.write("/sys/bus/pci/devices/0000:00:1e.0/vendor", "0x10de\n")
    machine.write("/proc/sys/kernel/random/boot_id", "first\n")
    machine.stand_in("modinfo", 'test -e "$root/installed"')
    machine.stand_in("dpkg", '[ "$1" != --print-architecture ] || echo amd64')
    machine.stand_in(
        "apt-get",
        "case $* in "
        '*nvidia-open*) touch "$root/installed" ;; '
        '*container-toolkit*) touch "$root/toolkit" ;; esac',
    )
    machine.stand_in("add-apt-repository")
    machine.stand_in("curl", 'echo "deb https://nvidia.github.io/x /" >"${@: -2:1}"')
    machine.stand_in("gpg", 'cat "${@: -1}" >"${@: -2:1}"')
    machine.stand_in("nvidia-ctk", 'test -e "$root/toolkit" && echo "NVIDIA Container Toolkit"')
    machine.stand_in(
        "systemctl",
        'echo second >"$root/proc/sys/kernel/random/boot_id"; '
        f'printf \'#!/bin/bash\\necho "{L4}"\\n\' >"${{0%/*}}/nvidia-smi"; '
        'chmod 755 "${0%/*}/nvidia-smi"; exit 255',
    )


def test_bare_machine_gets_driver_and_toolkit_and_is_restarted(gpu_machine: GpuMachine) -> None:
    _bare(gpu_machine)
    shown = gpu_machine.scripts.must("040", "--yes")
    kernel = gpu_machine.kernel()
    calls = [call.replace(kernel, "KERNEL") for call in gpu_machine.calls(*_CHANGES, "curl")]
    assert [call for call in calls if not call.startswith("curl") and "--install" not in call] == [
        "dpkg --configure -a",
        _UPDATE,
        f"{_APT} ca-certificates curl linux-headers-KERNEL",
        _UPDATE,
        f"{_APT} nvidia-open",
        "systemctl reboot",
        "nvidia-ctk --version",
        "dpkg --configure -a",
        _UPDATE,
        f"{_APT} ca-certificates curl gnupg",
        _UPDATE,
        f"{_APT} nvidia-container-toolkit",
        "nvidia-ctk --version",
    ]
    assert [call.split()[-1] for call in calls if call.startswith(_CURL)] == [
        "https://developer.download.nvidia.com/compute/cuda/repos/ubuntu2404/x86_64/cuda-keyring_1.1-1_all.deb",
        "https://nvidia.github.io/libnvidia-container/gpgkey",
        "https://nvidia.github.io/libnvidia-container/stable/deb/nvidia-container-toolkit.list",
    ]
    assert gpu_machine.has(_KEYRING)
    assert "signed-by=" in gpu_machine.read(_TOOLKIT_LIST)
    assert "192.0.2.1 is back" in shown
    assert "0, NVIDIA L4" in shown

    shown = gpu_machine.scripts.must("040")
    assert "The driver 570.133.20 is there" in shown
    assert gpu_machine.calls("apt-get", "dpkg", "systemctl") == []


def test_killed_installation_is_gone_on_with_and_the_restart_is_asked_for(
    gpu_machine: GpuMachine,
) -> None:
    _bare(gpu_machine)
    lock = gpu_machine.scripts.root / "build/riva"
    kill = f"kill -KILL $(sed 's/.* //' {lock}/.env-*.step.lock) $PPID"
    gpu_machine.stand_in("add-apt-repository", kill)
    gpu_machine.write("/etc/os-release", "ID=debian\nVERSION_ID=12\n")
    assert gpu_machine.scripts.run("040", "--yes").returncode == -signal.SIGKILL
    gpu_machine.stand_in("add-apt-repository")
    gpu_machine.calls()
    refused = gpu_machine.scripts.refused("040")
    assert "Restart 192.0.2.1 now? Whatever runs there ends. There is nobody to ask." in refused
    calls = gpu_machine.calls(*_CHANGES)
    assert f"{_APT} software-properties-common" in calls
    assert "add-apt-repository --yes contrib" in calls
    # The driver is installed now: the next run only restarts, and goes on.
    assert "It works after a restart" in gpu_machine.scripts.must("040", "--yes").replace(
        "it", "It"
    )
    assert f"{_APT} nvidia-open" not in gpu_machine.calls("apt-get")


def test_dry_run_and_refusals_install_nothing(gpu_machine: GpuMachine) -> None:
    _bare(gpu_machine)
    shown = gpu_machine.scripts.must("040", "--dry-run")
    assert "Would: Install NVIDIA's driver on 192.0.2.1" in shown
    assert "Would: Install the NVIDIA Container Toolkit" in shown
    gpu_machine.write("/etc/os-release", 'ID=fedora\nVERSION_ID="42"\n')
    assert "The steps install nothing on fedora42/" in gpu_machine.scripts.refused("040", "--yes")
    gpu_machine.write("/sys/bus/pci/devices/0000:00:1e.0/vendor", "0x1002\n")
    assert "192.0.2.1 has no NVIDIA GPU" in gpu_machine.scripts.refused("040", "--yes")
    assert gpu_machine.calls("apt-get", "systemctl") == []


@pytest.mark.parametrize(
    ("gpu", "reason"),
    [
        (
            "0, Tesla T4, 15360, 7.5, 570.133.20",
            "has compute capability 7.5; current NIM needs 8.0",
        ),
        ("0, RTX 3080, 10240, 8.6, 570.133.20", "has 10240 MB of memory; the models need 16 GB"),
        ("1, NVIDIA L4, 23034, 8.9, 570.133.20", "has no GPU 0; it has: 1, NVIDIA L4"),
    ],
)
def test_gpu_that_cannot_run_the_models_is_refused(
    gpu_machine: GpuMachine, gpu: str, reason: str
) -> None:
    gpu_machine.has_gpu(gpu)
    gpu_machine.stand_in("nvidia-ctk", "echo toolkit")
    assert reason in gpu_machine.scripts.refused("040")


def test_sudo_that_asks_is_told(gpu_machine: GpuMachine) -> None:
    gpu_machine.stand_in("sudo", "exit 1")
    shown = gpu_machine.scripts.refused("040")
    assert "sudo asks for a password on 192.0.2.1" in shown


_GPU_CHECK = "docker run --rm --runtime=nvidia --gpus all ubuntu:24.04 nvidia-smi --list-gpus"


def test_docker_learns_the_runtime_and_shows_the_gpu_to_a_container(
    gpu_machine: GpuMachine,
) -> None:
    gpu_machine.has_plain_docker()
    gpu_machine.write("ps", "1\n2\n")
    refused = gpu_machine.scripts.refused("045")
    assert "Restart Docker on 192.0.2.1? 2 containers end for a moment." in refused
    assert "A container sees: GPU 0: NVIDIA L4" in gpu_machine.scripts.must("045", "--yes")
    calls = gpu_machine.calls("nvidia-ctk", "systemctl", "docker")
    assert "nvidia-ctk runtime configure --runtime=docker" in calls
    assert "systemctl restart docker" in calls
    assert _GPU_CHECK in calls
    shown = gpu_machine.scripts.must("045")
    assert "Docker 28.2.2 is there" in shown
    assert gpu_machine.calls("systemctl", "apt-get") == []


def test_machine_without_docker_gets_it_from_its_own_source(gpu_machine: GpuMachine) -> None:
    _bare(gpu_machine)
    gpu_machine.has_gpu()
    gpu_machine.has_plain_docker()
    gpu_machine.write("/etc/os-release", "ID=ubuntu\nVERSION_ID=24.04\nVERSION_CODENAME=noble\n")
    gpu_machine.write("runtimes", '{"nvidia":{}}')
    gpu_machine.hide("docker")
    gpu_machine.stand_in(
        "apt-get", '[[ $* != *docker-ce* ]] || mv "${0%/*}/docker.hidden" "${0%/*}/docker"'
    )
    gpu_machine.scripts.must("045")
    assert gpu_machine.calls("apt-get", "systemctl") == [
        _UPDATE,
        f"{_APT} ca-certificates curl",
        _UPDATE,
        f"{_APT} docker-ce docker-ce-cli containerd.io docker-compose-plugin",
        "systemctl enable --now docker",
    ]
    assert gpu_machine.read("/etc/apt/sources.list.d/docker.list") == (
        "deb [arch=amd64 signed-by=/etc/apt/keyrings/docker.asc] "
        "https://download.docker.com/linux/ubuntu noble stable\n"
    )


def test_container_without_the_gpu_is_told_with_what_docker_said(gpu_machine: GpuMachine) -> None:
    gpu_machine.has_plain_docker()
    gpu_machine.write("runtimes", '{"nvidia":{}}')
    gpu_machine.stand_in(
        "docker",
        'case $* in version*) echo 28.2.2 ;; info*) cat "$root/runtimes" ;; run*) '
        "echo 'docker: could not select device driver' >&2; exit 125 ;; esac",
    )
    shown = gpu_machine.scripts.refused("045")
    assert "docker run failed on 192.0.2.1: docker: could not select device driver" in shown
    assert "Run scripts/riva-040-driver.sh" in shown
