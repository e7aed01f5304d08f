"""The tests for a real server, run against one that is always there: the engine, over TLS."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import trustme

from tests.support.program import Program

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

ROOT = Path(__file__).parents[2]
KEY = "the-key-of-this-test"


def run_live(**environ: str) -> subprocess.CompletedProcess[str]:
    """Run ``pytest -m live`` with these RIVA_* names and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RIVA_")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-m", "live", "-p", "no:cacheprovider", "tests/live"],
        cwd=ROOT,
        env=kept | environ,
        check=False,
        capture_output=True,
        text=True,
        timeout=380,
    )


def test_without_a_server_it_says_so_and_skips() -> None:
    result = run_live()
    assert result.returncode == 0, result.stdout
    assert re.search(r"\d+ skipped in", result.stdout)
    assert "RIVA_HOST is not set" in result.stdout
    assert "passed" not in result.stdout


def test_with_a_server_all_of_it_runs(
    program: Program, authority: trustme.CA, tmp_path: Path
) -> None:
    issued = authority.issue_cert("localhost")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    issued.private_key_pem.write_to_path(tmp_path / "server.key")
    chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
    (tmp_path / "server.pem").write_bytes(chain)
    announced = tmp_path / "serve.json"
    program.start(
        *("serve", "--host", "localhost", "--port", "0", "--announce"),
        *("--tls-cert", str(tmp_path / "server.pem"), "--tls-key", str(tmp_path / "server.key")),
        output=announced,
        environ=program.environ(CAPTIONER_TOKEN=KEY),
    )
    program.wait_for(lambda: "port" in announced.read_text(), what="the engine listens")
    port = re.search(r'"port": (\d+)', announced.read_text())
    assert port is not None
    result = run_live(
        RIVA_HOST="localhost",
        RIVA_PORT=port.group(1),
        RIVA_SSL="true",
        RIVA_SSL_CERT=str(tmp_path / "ca.pem"),
        RIVA_API_KEY=KEY,
    )
    assert result.returncode == 0, result.stdout
    assert re.search(r"\d+ passed in", result.stdout), result.stdout
    assert "skipped" not in result.stdout
    assert KEY not in result.stdout
