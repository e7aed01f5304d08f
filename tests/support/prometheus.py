"""A real Prometheus, where there is one: on the PATH, or unpacked by scripts/test.sh."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.metrics import opened

_UNPACKED = Path(__file__).parents[2] / "build" / "tools" / "prometheus" / "usr" / "bin"


def tool(name: str) -> str:
    """Return the path of ``prometheus`` or ``promtool``; leaves the test out without one."""
    found = shutil.which(name) or shutil.which(name, path=str(_UNPACKED))
    if found is None:
        pytest.skip(f"{name} is not there: scripts/test.sh fetches it where Debian's packages are")
    return found


def run_promtool(*arguments: str) -> str:
    """Run ``promtool``, which must be content; return what it says."""
    done = subprocess.run(
        [tool("promtool"), *arguments], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


class Prometheus:
    """A server that runs."""

    def __init__(self, port: int) -> None:
        """Ask the one at ``port``."""
        self._url = f"http://127.0.0.1:{port}/api/v1"

    def ask(self, path: str, **query: str) -> Any:  # noqa: ANN401  # whatever it answers
        """Return the data of an answer, which must be a good one."""
        text = opened(f"{self._url}/{path}?{urlencode(query)}")
        answer = json.loads(text)
        assert answer["status"] == "success", answer
        return answer["data"]

    def values(self, expression: str) -> list[tuple[Mapping[str, str], float]]:
        """Return what ``expression`` is now: labels and value of each series."""
        found = self.ask("query", query=expression)["result"]
        return [(each["metric"], float(each["value"][1])) for each in found]


@contextmanager
def running_prometheus(folder: Path, configuration: Path, port: int) -> Iterator[Prometheus]:
    """Run a server with ``configuration`` that keeps its data below ``folder``."""
    command = [tool("prometheus"), f"--config.file={configuration}"]
    command += [f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address=127.0.0.1:{port}"]
    with (folder / "prometheus.log").open("w") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            yield Prometheus(port)
        finally:
            server.terminate()
            server.wait(20)
