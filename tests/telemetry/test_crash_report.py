"""What is left when native code ends the process."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path
from typing import Final

_PROGRAM: Final = """
import sys
from pathlib import Path
from captioner.telemetry.crash_report import report_crashes
from captioner.telemetry.logs import configure_logging

def where_it_happens(words):
    import os
    os.abort()

report_crashes(configure_logging(Path(sys.argv[1]), verbose=False, console=True))
if sys.argv[2] == "crash":
    where_it_happens("it was the best of times")
"""


def _run(folder: Path, what: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(folder), what],
        env={"PATH": "/usr/bin:/bin", "RIVA_API_KEY": "nvapi-not-for-anybody"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_next_start_tells_of_a_crash_once(tmp_path: Path) -> None:
    assert _run(tmp_path, "crash").returncode == -6
    told = _run(tmp_path, "end")
    assert told.returncode == 0
    (report,) = tmp_path.glob("crash-*.log")
    assert str(report) in told.stderr
    text = report.read_text("utf-8")
    assert "Aborted" in text
    assert "in where_it_happens" in text
    assert "best of times" not in text
    assert "nvapi" not in text
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert _run(tmp_path, "end").stderr == ""


def test_only_the_newest_reports_are_kept(tmp_path: Path) -> None:
    for number in range(7):
        (tmp_path / f"crash-2020010{number}-000000.log").touch()
    _run(tmp_path, "crash")
    _run(tmp_path, "end")
    kept = sorted(file.name for file in tmp_path.glob("crash-*.log"))
    assert len(kept) == 5
    assert kept[0] == "crash-20200103-000000.log"
