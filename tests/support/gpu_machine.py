"""A GPU machine that the server scripts reach by SSH: its programs are stand-ins that record.

What arrives runs in a real shell. Paths of the system (/etc, /opt and so on) are those of a folder,
so that files are really written, read back and checked.
"""

from __future__ import annotations

import platform
import shlex
from pathlib import Path
from typing import Final

import pytest

from tests.support.server_scripts import ServerScripts

HOST: Final = "192.0.2.1"
NGC_KEY: Final = "nvapi-Very_Secret-123"
L4: Final = "0, NVIDIA L4, 23034, 8.9, 570.133.20"
_MOVED: Final = "etc|opt|proc/sys|run|sys|usr/share/keyrings|var"

_DOCKER: Final = r"""
docker=$root/docker
case $* in
    version*) echo 28.2.2 ;;
    *login*) [ "$(cat)" = KEY ] || { echo "Error response: unauthorized" >&2; exit 1; } ;;
    *pull*)
        image=${@: -1} digest=${image#*@}
        [[ $image == *@* ]] || digest=$(sed -n "s/^${image##*:} //p" "$docker/registry")
        if [ -z "$digest" ] || ! grep -q "$digest" "$docker/registry"; then
            echo "manifest unknown" >&2
            exit 1
        fi
        echo "${image%%[:@]*[0-9]}@$digest" | sed 's/:[^@]*@/@/' >"$docker/digests"
        echo "sha256:id-of-$digest" >"$docker/id" ;;
    'info --format {{.DockerRootDir}}') echo /var/lib/docker ;;
    'image inspect --format {{.Id}} '*) cat "$docker/id" ;;
    'image inspect --format {{join '*) cat "$docker/digests" ;;
    *State.Status*) cat "$docker/state" ;;
    *RestartCount*) cat "$docker/restarts" ;;
    *ExitCode*) echo 3 ;;
    *Labels*deployment*) cat "$docker/owner" ;;
    *Labels*) cat "$docker/label" ;;
    *'up --detach')
        sed -n 's/.*captioner.configuration: "\(.*\)"/\1/p' "$5" >"$docker/label"
        sed -n 's/.*captioner.deployment: "\(.*\)"/\1/p' "$5" >"$docker/owner"
        cp "$docker/next" "$docker/state" ;;
    save*) head -c 250000 /dev/urandom | tee "$docker/saved" ;;
    load) cat >"$docker/loaded"; echo sha256:loaded >"$docker/id" ;;
    'rm --force '*) rm -f "$docker/state" "$docker/label" ;;
    logs*) cat "$docker/log" ;;
esac"""

_PLAIN_DOCKER: Final = """
case $* in
    version*) test -e "$root/daemon" && echo 28.2.2 ;;
    "compose version") test -e "$root/compose" ;;
    info*) cat "$root/runtimes" ;;
    "ps --quiet") cat "$root/ps" ;;
    run*) echo "GPU 0: NVIDIA L4 (UUID: GPU-1)" ;;
esac"""


class GpuMachine:
    """The machine.

    Attributes:
        scripts: The checkout that reaches it.
        root: The folder that holds its files.
    """

    def __init__(self, scripts: ServerScripts, folder: Path) -> None:
        """Make a machine with Ubuntu 24.04, whose user becomes root without a password."""
        self.scripts = scripts
        self.root = folder / "root"
        self._bin = folder / "bin"
        self._calls = folder / "calls"
        self._bin.mkdir(parents=True)
        self._calls.touch()
        self.write("/etc/os-release", 'ID=ubuntu\nVERSION_ID="24.04"\n')
        move = f"sed -E 's#(^|[^A-Za-z0-9_./-])/({_MOVED})/#\\1{self.root}/\\2/#g'"
        path = f"export PATH='{self._bin}:/usr/bin:/bin'"
        scripts.stand_in("ssh", f'{path}; exec /bin/bash -c "$({move} <<<"${{@: -1}}")"')
        scripts.stand_in("sleep", "")
        self._program(
            "bash",
            f'[ "$1" = -s ] || exec /bin/bash "$@"\nexec /bin/bash -c "$({move})" "${{@:2}}"',
        )
        self._program("sudo", 'shift; exec "$@"')
        self._program("id", "echo 1000")

    def _program(self, name: str, program: str) -> None:
        path = self._bin / name
        path.write_text(f"#!/bin/bash\n{program}\n", encoding="utf-8")
        path.chmod(0o755)

    def stand_in(self, name: str, program: str = "") -> None:
        """Give the machine a program that records how it is called; ``$root`` is its folder."""
        record = f"{{ printf '{name}'; printf ' %q' \"$@\"; echo; }} >>'{self._calls}'"
        self._program(name, f"root='{self.root}'\n{record}\n{program}")

    def remove(self, name: str) -> None:
        """Take a program away."""
        (self._bin / name).unlink(missing_ok=True)

    def hide(self, name: str) -> None:
        """Keep a program as NAME.hidden, where nothing finds it."""
        (self._bin / name).rename(self._bin / f"{name}.hidden")

    def kernel(self) -> str:
        """Return which kernel runs: that of the real machine."""
        return platform.release()

    def write(self, path: str, text: str) -> None:
        """Write a file of the machine."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def read(self, path: str) -> str:
        """Return what a file of the machine holds."""
        text = (self.root / path.lstrip("/")).read_text(encoding="utf-8")
        return text.replace(str(self.root), "")

    def has(self, path: str) -> bool:
        """Return whether the machine has a file or folder."""
        return (self.root / path.lstrip("/")).exists()

    def calls(self, *names: str) -> list[str]:
        """Return, and forget, how programs were called; only those of ``names`` where given."""
        lines = self._calls.read_text(encoding="utf-8").replace(str(self.root), "").splitlines()
        self._calls.write_text("", encoding="utf-8")
        words = [shlex.split(line) for line in lines]
        return [" ".join(line) for line in words if not names or line[0] in names]

    def has_docker(self) -> None:
        """Give the machine a Docker and a registry; what they hold are files below /docker.

        ``registry`` has lines of a tag and its digest, ``next`` the state of the container that is
        started next, ``log`` what it writes.
        """
        self.stand_in("docker", _DOCKER.replace("KEY", NGC_KEY))
        self.stand_in("chown")
        self.stand_in("df", "echo Avail; echo 99G")
        # Other users' files can be made by root only.
        self._program("install", "exec /usr/bin/install ${*//-[og] 1000/}")
        self.write("/docker/next", "running")
        self.write("/docker/log", "")
        self.write("/docker/restarts", "0\n")

    def has_plain_docker(self) -> None:
        """Give the machine a new Docker; files say whether it runs, and what it knows."""
        self.stand_in("docker", _PLAIN_DOCKER)
        self.stand_in("nvidia-ctk", """echo '{"nvidia":{}}' >"$root/runtimes.new" """)
        self.stand_in(
            "systemctl",
            '[ "$1" != restart ] || mv "$root/runtimes.new" "$root/runtimes"; touch "$root/daemon"',
        )
        self.write("daemon", "")
        self.write("compose", "")
        self.write("runtimes", '{"runc":{}}')
        self.write("ps", "")

    def has_gpu(self, line: str | None = L4) -> None:
        """Give the machine a GPU with its driver, as nvidia-smi tells it; or none."""
        if line is None:
            self.stand_in("nvidia-smi", "exit 9")
        else:
            self.stand_in("nvidia-smi", f"echo '{line}'")


@pytest.fixture
def gpu_machine(server_scripts: ServerScripts, tmp_path: Path) -> GpuMachine:
    """A machine with an L4, which the scripts are configured for."""
    key = tmp_path / "key"
    key.touch()
    server_scripts.env_file.write_text(
        f"DEPLOYMENT_ID=demo\nDEPLOY_ON=host\nRIVA_HOST={HOST}\nSSH_KEY_FILE={key}\n"
        f"NGC_API_KEY={NGC_KEY}\n",
        encoding="utf-8",
    )
    machine = GpuMachine(server_scripts, tmp_path / "machine")
    machine.has_gpu()
    return machine
