"""The frame of the command line, as its users meet it: in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from captioner import __version__
from captioner.cli import commands
from captioner.cli.commands import COMMANDS, CommandEntry
from captioner.cli.exit_codes import MEANINGS, ExitCode, exit_code_for
from captioner.cli.main import main
from captioner.core.errors import ConfigurationError, ErrorCategory

_README = Path(__file__).parents[2] / "README.md"


@pytest.fixture(autouse=True)
def _private_logging(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the logging of the test process alone."""
    monkeypatch.setattr("captioner.cli.main.configure_logging", lambda *_, **__: None)


def _captioner(*arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "captioner", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
        **extra,  # type: ignore[call-overload]  # only cwd
    )


def _command(monkeypatch: pytest.MonkeyPatch, body: str, tmp_path: Path) -> None:
    """Make ``captioner probe`` out of ``body``."""
    module = "captioner_probe_command"
    (tmp_path / f"{module}.py").write_text(body, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(COMMANDS, "probe", CommandEntry(f"{module}:probe", "A command for tests."))


def test_version_is_told() -> None:
    done = _captioner("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"captioner {__version__}\n", "")


def test_help_lists_every_command_and_exit_code_without_importing_one() -> None:
    program = (
        "import sys; from captioner.cli.main import main; code = main(['--help']);"
        "print([m for m in sys.modules if m.startswith(('captioner.', 'PySide6', 'grpc'))]);"
        "sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "200"},
    )
    listing, _, modules = done.stdout.rpartition("[")
    for name, entry in COMMANDS.items():
        assert (entry.summary in listing) is not entry.hidden
        assert name in listing or entry.hidden
        assert entry.target.partition(":")[0] not in modules
    assert "PySide6" not in modules
    assert "grpc" not in modules
    for code in ExitCode:
        assert f"{code.value} {MEANINGS[code]}" in " ".join(listing.split())


@pytest.mark.parametrize(
    ("typed", "completed"),
    [("captioner tra", ["transcribe", "trace", "transcript"]), ("captioner config sh", ["show"])],
)
def test_shells_get_completions(typed: str, completed: list[str]) -> None:
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    done = subprocess.run(
        [sys.executable, "-m", "captioner"],
        env={"PATH": "/usr/bin:/bin", "_CAPTIONER_COMPLETE": "complete_bash"} | words,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.stdout.split(), done.stderr) == (completed, "")


def test_unknown_command_is_a_usage_error_with_a_suggestion() -> None:
    done = _captioner("transcripe")
    assert done.returncode == ExitCode.USAGE
    assert "transcribe" in done.stderr
    assert "Traceback" not in done.stderr


def test_missing_module_is_named_and_others_still_work(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _command(monkeypatch, "import not_installed_here\n", tmp_path)
    arguments = ["--profile-dir", str(tmp_path), "probe"]
    assert main(arguments) == ExitCode.UNSUPPORTED
    assert "'not_installed_here'" in capsys.readouterr().err
    assert main(["--version"]) == ExitCode.OK


def test_errors_are_sentences_with_their_fix_and_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = """
import typer
from captioner.core.errors import InputFileError
def probe(name: str) -> None:
    '''Fail.'''
    raise InputFileError(f"{name} is [bold]empty[/].", hint="Choose another file.")
"""
    _command(monkeypatch, body, tmp_path)
    assert main(["--profile-dir", str(tmp_path), "probe", "-f.wav"]) == ExitCode.USAGE
    assert main(["--profile-dir", str(tmp_path), "probe", "--", "-f.wav"]) == ExitCode.INPUT_FILE
    shown = capsys.readouterr().err
    assert shown.endswith("Error: -f.wav is [bold]empty[/].\nFix: Choose another file.\n")


def test_ctrl_c_has_its_own_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _command(monkeypatch, "def probe() -> None:\n    raise KeyboardInterrupt\n", tmp_path)
    assert main(["--profile-dir", str(tmp_path), "probe"]) == ExitCode.INTERRUPTED


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal to send")
def test_ctrl_c_is_not_lost_in_an_import_that_drops_exceptions(tmp_path: Path) -> None:
    body = (
        "import os, signal\n"
        "try:\n    os.kill(os.getpid(), signal.SIGINT)\n    print('still here')\n"
        "except BaseException:\n    print('dropped')\n"
        "def probe(): print('ran')\n"
    )
    (tmp_path / "dropping_command.py").write_text(body, encoding="utf-8")
    # A run in the background of a shell inherits an ignored Ctrl-C.
    program = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from captioner.cli import commands, main;"
        "commands.COMMANDS['probe'] = commands.CommandEntry('dropping_command:probe', 'x');"
        "sys.exit(main.main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "--profile-dir", str(tmp_path), "probe"],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_exit_code_of_a_command_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _command(monkeypatch, "import typer\ndef probe() -> None:\n    raise typer.Exit(7)\n", tmp_path)
    assert main(["--profile-dir", str(tmp_path), "probe"]) == ExitCode.UNAVAILABLE


def test_a_fault_is_told_shortly_and_logged_whole(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    program = (
        "import sys; from captioner.cli import commands, main;"
        "commands.COMMANDS['serve'] = commands.CommandEntry('os:missing_function', 'x');"
        "sys.exit(main.main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "--profile-dir", str(tmp_path), "serve"],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    log_file = tmp_path / "logs" / "engine.log"
    assert done.returncode == ExitCode.FAULT
    assert done.stderr == (
        "Error: Captioner met a fault of its own and stopped.\n"
        f"Fix: The details are in {log_file}.\n"
    )
    assert "AttributeError" in log_file.read_text(encoding="utf-8")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="it is Linux's")
def test_programs_are_told_of_a_full_disk(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = """
from pathlib import Path
from typing import Annotated
import typer
def probe(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    '''Write.'''
    Path("/dev/full").write_text("x")
"""
    _command(monkeypatch, body, tmp_path)
    arguments = ["--profile-dir", str(tmp_path), "probe"]
    assert main(arguments) == ExitCode.CONFIGURATION
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.endswith("There is no room left to write to.\nFix: Make room on the disk.\n")
    assert main([*arguments, "--json"]) == ExitCode.CONFIGURATION
    assert json.loads(capsys.readouterr().out)["error"] == {
        "category": "configuration",
        "code": "ENOSPC",
        "message": "There is no room left to write to.",
        "hint": "Make room on the disk.",
        "retryable": False,
    }


def test_bad_environment_is_a_configuration_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = """
import typer
from captioner.cli.context import app_context
def probe(ctx: typer.Context) -> None:
    '''Load.'''
    app_context(ctx).load()
"""
    _command(monkeypatch, body, tmp_path)
    monkeypatch.setenv("RIVA_PORT", "many")
    assert main(["--profile-dir", str(tmp_path), "probe"]) == ExitCode.CONFIGURATION
    assert "RIVA_PORT (environment) is 'many'" in capsys.readouterr().err


def test_every_error_category_has_a_code_and_every_code_a_meaning() -> None:
    codes = [exit_code_for(category) for category in ErrorCategory]
    assert len(set(codes)) == len(ErrorCategory)
    assert exit_code_for(ConfigurationError.category) is ExitCode.CONFIGURATION
    assert set(MEANINGS) == set(ExitCode)


def test_readme_documents_every_exit_code() -> None:
    readme = _README.read_text(encoding="utf-8")
    for code, meaning in MEANINGS.items():
        assert f"| {code.value} | {meaning} |" in readme


def test_stand_ins_give_way_only_when_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    def unexpected(_: str) -> None:
        raise AssertionError("a command was imported")

    monkeypatch.setattr(commands, "import_module", unexpected)
    assert [command.name for command in commands.lazy_commands()] == list(COMMANDS)
    assert main(["--help"]) == ExitCode.OK
