"""A GPU machine with NeMo-Speech.cpp.

riva_server, systemctl and the network are stand-ins that record.
"""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

from tests.support.gpu_machine import GpuMachine

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
_PYTHON: Final = """
[ "$1 $2" = '-m venv' ] || exit 0
folder=${@: -1}
mkdir -p "$folder/bin" "$folder/lib/python3.12/site-packages/envoy/_bin"
ln -s "$(command -v python3)" "$folder/bin/python"
touch "$folder/lib/python3.12/site-packages/envoy/_bin/envoy"
"""
_SYSTEMCTL: Final = """
case "$1" in
    is-active) [ -e "$root/active" ] && echo active || { echo inactive; exit 3; } ;;
    restart) touch "$root/active" ;;
    disable) [[ $* != *'captioner-riva captioner-riva-tls'* ]] || rm -f "$root/active" ;;
esac
"""


def prepare_nemo(machine: GpuMachine) -> None:
    """Configure a machine with a GPU for NeMo-Speech.cpp, and install it there."""
    with machine.scripts.env_file.open("a") as file:
        file.write("RIVA_ENGINE=nemo\nTLS_MODE=disabled\n")
    machine.write("/opt/nemo-speech/share/nemo-speech/model-index.json", json.dumps(_INDEX))
    machine.write("/opt/nemo-speech/bin/riva_server", "#!/bin/sh\necho asr.endpointing >&2\n")
    (machine.root / "opt/nemo-speech/bin/riva_server").chmod(0o755)
    for name, program in {
        "python3": _PYTHON,
        "systemctl": _SYSTEMCTL,
        "nvidia-smi": "echo NVIDIA T4",
        "useradd": 'touch "$root/user"',
        "userdel": 'rm "$root/user"',
        "id": '[ "$1" = -u ] && echo 1000 || [ -e "$root/user" ]',
        "install": 'exec /usr/bin/install $(sed -E "s/-[og] [a-z-]+//g" <<<"$*")',
        "stat": 'echo "captioner-riva 600"',
        "curl": 'while [ "$1" != --output ]; do shift; done; printf "a model" >"$2"',
    }.items():
        machine.stand_in(name, program)


@contextmanager
def answering_port(machine: GpuMachine) -> Iterator[int]:
    """Configure a port that answers, as the next one does."""
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
