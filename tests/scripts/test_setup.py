"""What run.sh and test.sh share: messages, the log, and what is found missing."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

_SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that has nothing but the scripts."""
    shutil.copytree(_SCRIPTS / "lib", tmp_path / "scripts" / "lib")
    shutil.copy(_SCRIPTS / "run.sh", tmp_path / "scripts")
    (tmp_path / "packaging").mkdir()
    (tmp_path / "packaging" / "constraints.txt").write_text("one==1\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    (tmp_path / "captioner").mkdir()
    (tmp_path / "captioner" / "__init__.py").write_text('__version__ = "1"\n', encoding="utf-8")
    return tmp_path


def _bash(checkout: Path, program: str, **environ: str) -> subprocess.CompletedProcess[str]:
    shared = checkout / "scripts" / "lib" / "common.sh"
    return subprocess.run(
        ["/bin/bash", "-c", f"set -euo pipefail; . '{shared}'; open_log test; {program}"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(checkout)} | environ,
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )


def _log(checkout: Path) -> list[str]:
    return (checkout / "build/logs/test.log").read_text(encoding="utf-8").splitlines()


def _commands(folder: Path, *names: str) -> str:
    """Return a PATH with the basic commands and with ``names``, which do nothing."""
    folder.mkdir()
    for name in ("bash", "cat", "cksum", "dirname", "id", "mkdir", "mv", "uname", "wc"):
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    for name in names:
        (folder / name).write_text("#!/bin/bash\nexit 0\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return str(folder)


def test_messages_are_logged_with_time_and_level(checkout: Path) -> None:
    done = _bash(checkout, "step one; info two; warn three; success four")
    assert done.stderr == "==> one\ntwo\nWarning: three\nfour\n"
    levels = [line.split()[1:] for line in _log(checkout)]
    assert levels == [["INFO", "one"], ["INFO", "two"], ["WARNING", "three"], ["INFO", "four"]]
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ", line) for line in _log(checkout))


def test_failure_names_its_fix_and_ends_the_script(checkout: Path) -> None:
    done = _bash(checkout, "fail 'It broke.' 'Mend it.'; echo not reached")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Error: It broke.\nFix: Mend it.\nThe log is ")
    assert "ERROR   It broke. Fix: Mend it." in _log(checkout)[0]


def test_failed_command_shows_the_end_of_its_output(checkout: Path) -> None:
    program = (
        "logged 'It broke.' 'Mend it.' bash -c 'for i in {1..40}; do echo line $i; done; exit 3'"
    )
    done = _bash(checkout, program)
    assert done.returncode == 1
    assert done.stderr.startswith("line 26\n")
    assert "line 40\nError: It broke.\n" in done.stderr
    assert len(_log(checkout)) == 1 + 40 + 1


def test_log_has_no_colours_and_takes_a_last_line_without_an_end(checkout: Path) -> None:
    _bash(checkout, r"printf '\e[1;31mred\e[0m and [plain]\nlast' | log_lines")
    assert [line.split(maxsplit=2)[2] for line in _log(checkout)] == ["red and [plain]", "last"]


def test_log_does_not_grow_for_ever(checkout: Path) -> None:
    log = checkout / "build/logs/test.log"
    log.parent.mkdir(parents=True)
    log.write_text("x" * 1_000_001, encoding="utf-8")
    _bash(checkout, "info new")
    assert len(_log(checkout)) == 1
    assert log.with_name("test.log.1").stat().st_size == 1_000_001


def test_only_what_is_missing_is_named_and_once(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "present").touch()
    needs = (
        "'cmd:cat|coreutils' 'cmd:one-that-is-not-here|tools' 'cmd:another-one|tools' "
        "'lib:libnothere.so.1|libnothere1' 'file:/nonexistent/*/x|data' "
        f"'file:{tmp_path}/pres*|present'"
    )
    path = _commands(tmp_path / "bin")
    done = _bash(checkout, f"install_missing {needs}", PATH=path)
    assert done.returncode == 1
    assert "==> Installing 3 system packages: tools libnothere1 data\n" in done.stderr
    assert "Install the packages of your distribution" in done.stderr


def test_libraries_are_found_by_their_names(checkout: Path) -> None:
    done = _bash(checkout, "install_missing 'lib:libc.so.6|libc6'; echo $?")
    assert done.stdout == "0\n"
    assert done.stderr == ""


def test_without_root_and_sudo_it_says_what_root_has_to_do(checkout: Path, tmp_path: Path) -> None:
    path = _commands(tmp_path / "bin", "apt-get")
    program = "id() { echo 1000; }; install_missing 'cmd:one-that-is-not-here|tools'"
    done = _bash(checkout, program, PATH=path)
    assert done.returncode == 1
    assert "Fix: As root: apt-get install --no-install-recommends tools" in done.stderr


def test_unsuitable_python_is_passed_over(checkout: Path, tmp_path: Path) -> None:
    old = tmp_path / "old-python"
    old.write_text("#!/bin/bash\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)
    done = _bash(checkout, "find_python", PYTHON=str(old))
    found = done.stdout.strip()
    assert found not in {"", str(old)}
    assert _bash(checkout, f"python_is_good '{found}'").returncode == 0
    assert _bash(checkout, f"python_is_good '{old}'").returncode == 1


def test_installation_is_repeated_only_when_something_has_changed(checkout: Path) -> None:
    python = checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/bash\necho "$*" >>"$HOME/calls"\n', encoding="utf-8")
    python.chmod(0o755)
    calls = checkout / "calls"

    def installs(extra: str = "") -> int:
        calls.write_text("", encoding="utf-8")
        done = _bash(checkout, f"install_captioner .stamp '{extra}'")
        assert done.returncode == 0, done.stderr
        return calls.read_text(encoding="utf-8").count("pip install")

    assert installs() == 2
    assert installs() == 0
    (checkout / "packaging" / "constraints.txt").write_text("one==2\n", encoding="utf-8")
    assert installs() == 2
    assert installs() == 0
    assert installs("[media]") == 2
