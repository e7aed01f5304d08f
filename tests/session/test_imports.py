"""What a fresh interpreter loads: nobody waits for what is not used."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("captioner.session.controller", {"PySide6", "qasync", "typer"}),
        ("captioner.cli.main", {"grpc", "PySide6", "numpy", "riva", "soxr", "qasync"}),
        ("captioner.cli.live", {"PySide6", "prometheus_client"}),
        ("captioner.cli.feed", {"PySide6", "prometheus_client"}),
        ("captioner.cli.serve", {"PySide6", "prometheus_client"}),
        ("captioner.core.events", {"grpc", "numpy", "pydantic"}),
        ("captioner.transcript.reducer", {"grpc", "numpy"}),
    ],
)
def test_a_module_does_not_load_what_it_does_not_need(module: str, absent: set[str]) -> None:
    program = f"import sys, {module}; print(*sys.modules, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = {name.partition(".")[0] for name in done.stdout.splitlines()}
    assert module.partition(".")[0] in loaded
    assert not loaded & absent
