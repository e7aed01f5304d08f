"""A deployment for the proving steps: its certificates, its server, and a recording."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import soundfile

from tests.support.clips import BECKETT
from tests.support.server_scripts import ServerScripts, make_checkout

CAPTIONER: Final = str(Path(sys.executable).with_name("captioner"))


@contextmanager
def served(scripts: ServerScripts, *arguments: str) -> Iterator[str]:
    """Serve an engine with the certificates of a deployment; give its port."""
    folder = Path(scripts.environ["HOME"], ".config/captioner-demo-server")
    child = subprocess.Popen(
        [
            *(CAPTIONER, "--profile-dir", str(folder / "profile"), "serve", "--port", "0"),
            *("--announce", "--exit-with-parent", "--tls-cert", str(folder / "server.pem")),
            *("--tls-key", str(folder / "server.key"), *arguments),
        ],
        env=scripts.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with child:
        assert child.stdout is not None
        assert child.stdin is not None
        yield str(json.loads(child.stdout.readline())["port"])
        child.stdin.close()
        assert child.wait(20) == 0


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerScripts]:
    """A deployment with mutual TLS, and its running server, which recognises speech."""
    scripts = make_checkout(tmp_path_factory.mktemp("proof"))
    scripts.environ["CAPTIONER"] = CAPTIONER
    scripts.env_file.write_text(
        "DEPLOYMENT_ID=demo\nDEPLOY_ON=host\nRIVA_HOST=localhost\nTLS_MODE=mtls\n"
    )
    scripts.must("095")
    authority = Path(scripts.environ["HOME"], ".config/captioner-demo-server/ca.pem")
    with served(scripts, "--tls-client-ca", str(authority)) as port:
        with scripts.env_file.open("a") as file:
            file.write(f"RIVA_PORT={port}\n")
        scripts.must("095")
        yield scripts


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A few seconds of speech and its words, as the names of the configuration."""
    path = tmp_path_factory.mktemp("recording") / "ever.wav"
    sound, rate = soundfile.read(BECKETT.path)
    soundfile.write(path, sound[: round(3.5 * rate)], rate)
    path.with_suffix(".txt").write_text("Ever tried. Ever failed.")
    # The machine of the tests is shared: how fast it is, is not what they test.
    return {
        "PROOF_AUDIO": str(path),
        "PROOF_SECONDS": "3",
        "PROOF_STREAMS": "2",
        "PROOF_MAX_P95_MS": "5000",
        "PROOF_MAX_FINAL_MS": "8000",
    }


def results(scripts: ServerScripts, name: str) -> list[dict[str, Any]]:
    """Return what the steps have kept under a name, oldest first."""
    folder = scripts.root / "build/riva/results/demo"
    return [json.loads(path.read_text()) for path in sorted(folder.glob(f"*-{name}.json"))]
