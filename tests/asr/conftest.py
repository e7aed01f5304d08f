"""What every test of this package checks at its end."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme


@pytest.fixture(autouse=True)
def ends_its_tasks(no_task_left: None) -> None:
    """No test may leave a task behind."""


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)
