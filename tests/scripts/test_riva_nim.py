"""The steps that bring a NIM to a GPU machine: exact command lines, and files as written."""

from __future__ import annotations

import pytest

from tests.support.gpu_machine import NGC_KEY, GpuMachine
from tests.support.server_scripts import bash

_LIBRARIES = (
    "open_log x; SCRATCH=$(mktemp -d); read_env; . scripts/lib/riva-host.sh; "
    ". scripts/lib/riva-container.sh; . scripts/lib/riva-nim.sh; "
)


@pytest.mark.parametrize(
    ("environ", "image"),
    [
        (
            {},
            "parakeet-1-1b-rnnt-multilingual 1.5.0 mode=str,vad=silero,type=default none",
        ),
        (
            {"NIM_MODEL": "ctc"},
            "parakeet-1-1b-ctc-en-us 1.5.3 mode=str,vad=silero none",
        ),
        (
            {
                "NIM_IMAGE": "nvcr.io/nim/nvidia/x:1.0.0",
                "NIM_TAGS_SELECTOR": "mode=all",
                "NIM_IMAGE_DIGEST": f"nvcr.io/nim/nvidia/x:1.0.0@sha256:{64 * 'a'}",
            },
            f"x 1.0.0 mode=all sha256:{64 * 'a'}",
        ),
        (
            {
                "NIM_MODEL": "nemotron",
                "NIM_IMAGE_DIGEST": f"nvcr.io/nim/nvidia/x:1.0.0@sha256:{64 * 'a'}",
            },
            "nemotron-asr-streaming 1.4.0 type=en-US,mode=str none",
        ),
    ],
)
def test_image_is_that_of_the_model_unless_one_is_named(
    gpu_machine: GpuMachine, environ: dict[str, str], image: str
) -> None:
    program = (
        _LIBRARIES + "use_nim_image; "
        'echo "$IMAGE_REPOSITORY $IMAGE_TAG $IMAGE_SELECTOR ${IMAGE_DIGEST:-none}"'
    )
    assert bash(gpu_machine.scripts, program, RIVA_ENGINE="nim", **environ) == (
        f"nvcr.io/nim/nvidia/{image}\n"
    )


def test_containers_are_asked_as_root_of_the_machine(gpu_machine: GpuMachine) -> None:
    gpu_machine.stand_in(
        "docker", '[[ $* != *inspect* ]] || { echo "no such container" >&2; exit 1; }'
    )
    said = bash(gpu_machine.scripts, _LIBRARIES + "use_docker; container_state captioner-nim")
    assert said == "missing"
    assert gpu_machine.calls("docker") == [
        "docker version --format {{.Server.Version}}",
        "docker container inspect --format {{.State.Status}} captioner-nim",
    ]


@pytest.mark.parametrize(
    ("answers", "is_ready"),
    [
        ({"http": '{"status":"ready"}'}, True),
        ({"https": '{"object":"health","ready": true}'}, True),
        ({"http": '{"status":"not ready"}'}, False),
        ({}, False),
    ],
)
def test_readiness_is_what_the_http_port_says(
    gpu_machine: GpuMachine, answers: dict[str, str], *, is_ready: bool
) -> None:
    cases = "".join(f"{scheme}://*) echo '{text}' ;; " for scheme, text in answers.items())
    gpu_machine.stand_in("curl", f"case ${{@: -1}} in {cases} *) exit 7 ;; esac")
    program = _LIBRARIES + "use_ssh; http_says_ready && echo yes || echo no"
    assert bash(gpu_machine.scripts, program) == ("yes\n" if is_ready else "no\n")


_RNNT = "nvcr.io/nim/nvidia/parakeet-1-1b-rnnt-multilingual"
_DIGEST = f"sha256:{64 * 'a'}"
_OTHER = f"sha256:{64 * 'b'}"
_CREDENTIALS = "/run/captioner-docker"


@pytest.fixture
def machine(gpu_machine: GpuMachine) -> GpuMachine:
    """A machine with Docker, and a registry with one image."""
    gpu_machine.has_docker()
    gpu_machine.write("/docker/registry", f"1.5.0 {_DIGEST}\n")
    return gpu_machine


def _pulls(machine: GpuMachine) -> list[str]:
    return [
        call
        for call in machine.calls("docker")
        if any(word in call for word in ("login", " pull ", " tag "))
    ]


def test_first_pull_is_by_tag_and_pins_the_digest(machine: GpuMachine) -> None:
    shown = machine.scripts.must("055")
    assert _pulls(machine) == [
        f"docker --config {_CREDENTIALS} login nvcr.io --username $oauthtoken --password-stdin",
        f"docker --config {_CREDENTIALS} pull {_RNNT}:1.5.0",
    ]
    assert machine.scripts.values()["NIM_IMAGE_DIGEST"] == f"{_RNNT}:1.5.0@{_DIGEST}"
    assert not machine.has(_CREDENTIALS)
    assert NGC_KEY not in shown
    assert NGC_KEY not in machine.scripts.log("055")
    assert "Next: scripts/riva-060-deploy-nim.sh" in shown

    assert "The image is there" in machine.scripts.must("055")
    assert _pulls(machine) == []


def test_later_pull_gets_the_pinned_image_and_no_other(machine: GpuMachine) -> None:
    machine.scripts.must("055")
    machine.root.joinpath("docker/id").unlink()
    _pulls(machine)
    # The tag is another image now: by its digest the pinned one comes all the same.
    machine.write("/docker/registry", f"1.5.0 {_OTHER}\nold {_DIGEST}\n")
    machine.scripts.must("055")
    assert _pulls(machine)[1:] == [
        f"docker --config {_CREDENTIALS} pull {_RNNT}@{_DIGEST}",
        f"docker tag {_RNNT}@{_DIGEST} {_RNNT}:1.5.0",
    ]
    machine.root.joinpath("docker/id").unlink()
    machine.write("/docker/registry", f"1.5.0 {_OTHER}\n")
    shown = machine.scripts.refused("055")
    assert f"The registry does not have {_RNNT}@{_DIGEST} any more" in shown
    assert not machine.has(_CREDENTIALS)
    # Another model is another image, and is pinned in its place.
    machine.write("/docker/registry", f"1.4.0 {_OTHER}\n")
    machine.scripts.must("055", NIM_MODEL="nemotron")
    assert machine.scripts.values()["NIM_IMAGE_DIGEST"] == (
        f"nvcr.io/nim/nvidia/nemotron-asr-streaming:1.4.0@{_OTHER}"
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"NGC_API_KEY": "nvapi-wrong"},
            "docker login failed on 192.0.2.1: Error response: unauth",
        ),
        ({"NIM_IMAGE": "nvcr.io/nim/nvidia/x:9.9.9"}, "docker pull failed on 192.0.2.1: manifest"),
        ({"NIM_IMAGE": "nvcr.io/nim/nvidia/x:latest"}, "latest is no tag that stays"),
        ({"HOST_FOLDER": "here"}, "HOST_FOLDER must be a whole path"),
    ],
)
def test_pull_that_cannot_be_is_told_and_nothing_is_pinned(
    machine: GpuMachine, change: dict[str, str], reason: str
) -> None:
    shown = machine.scripts.refused("055", **change)
    assert reason in shown
    assert not machine.has(_CREDENTIALS)
    assert "NIM_IMAGE_DIGEST" not in machine.scripts.values()


def test_dry_run_pulls_nothing_and_full_volume_is_refused(machine: GpuMachine) -> None:
    assert f"Would: Pull {_RNNT}:1.5.0" in machine.scripts.must("055", "--dry-run")
    machine.stand_in("df", "echo Avail; echo 12G")
    assert "12 GB free for /var/lib/docker" in machine.scripts.refused("055").replace(
        str(machine.root), ""
    )
    assert _pulls(machine) == []
