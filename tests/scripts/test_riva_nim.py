"""The steps that bring a NIM to a GPU machine: exact command lines, and files as written."""

from __future__ import annotations

import pytest

from tests.support.gpu_machine import GpuMachine
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
