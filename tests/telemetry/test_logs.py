"""What reaches the log file and the console, and what must not."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import re
import stat
import sys
import threading
import warnings
from pathlib import Path

import pytest

from captioner.core.errors import UnavailableError
from captioner.telemetry import logs
from captioner.telemetry.log_lines import tag, tagged, with_fields
from captioner.telemetry.logs import (
    FILE_ONLY,
    configure_logging,
    log_file_in_use,
    redact,
    register_secret,
)

_log = logging.getLogger("captioner.example")

pytestmark = pytest.mark.usefixtures("own_logging")


@pytest.fixture(autouse=True)
def _in_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _configured(tmp_path: Path, *, verbose: bool = False) -> Path:
    log_file = configure_logging(tmp_path / "logs", verbose=verbose, console=True)
    assert log_file is not None
    return log_file


def _lines(log_file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in log_file.read_text(encoding="utf-8").splitlines()]


def test_lines_have_time_level_and_module(tmp_path: Path) -> None:
    log_file = _configured(tmp_path)
    _log.info("the engine listens on port %d", 50051)
    (line,) = _lines(log_file)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", str(line.pop("time")))
    assert line == {
        "level": "INFO",
        "process": os.getpid(),
        "logger": "captioner.example",
        "message": "the engine listens on port 50051",
    }


async def test_lines_of_a_task_say_what_they_are_about(tmp_path: Path) -> None:
    log_file = _configured(tmp_path)

    async def stream() -> None:
        tag(stream=1)
        _log.info("of the stream", extra=with_fields(segment=7))

    with tagged(session="a1", channel="You"):
        task = asyncio.create_task(stream())
        _log.info("of the session")
    _log.info("of neither")
    await task

    session, neither, of_stream = _lines(log_file)
    assert (session["session"], session["channel"]) == ("a1", "You")
    assert "session" not in neither
    assert [of_stream[name] for name in ("session", "channel", "stream", "segment")] == [
        "a1",
        "You",
        1,
        7,
    ]


def test_an_error_is_one_record_and_its_traceback_is_for_debugging(tmp_path: Path) -> None:
    log_file = _configured(tmp_path)
    told = UnavailableError("Nobody answers.", hint="Start the server.", code="UNAVAILABLE")
    told.__cause__ = OSError("refused")
    _log.error("broken", exc_info=told, extra=FILE_ONLY)
    (line,) = _lines(log_file)
    assert line["error"] == {
        "category": "unavailable",
        "code": "UNAVAILABLE",
        "message": "Nobody answers.",
        "hint": "Start the server.",
        "retryable": True,
        "causes": ["OSError: refused"],
    }
    assert "traceback" not in line

    log_file = _configured(tmp_path, verbose=True)
    group = ExceptionGroup("of tasks", [KeyError("x")])
    _log.error("a fault", exc_info=group, extra=FILE_ONLY)
    fault = _lines(log_file)[-1]
    assert "KeyError" in str(fault["traceback"])
    error = fault["error"]
    assert isinstance(error, dict)
    assert (error["category"], error["code"]) == ("fault", "KeyError")


def test_a_secret_with_a_quotation_mark_is_hidden_in_every_field(tmp_path: Path) -> None:
    log_file = _configured(tmp_path)
    register_secret('a"quoted\\secret')
    _log.info('key a"quoted\\secret', extra=with_fields(deep={"k": ['a"quoted\\secret']}))
    written = log_file.read_text(encoding="utf-8")
    assert written.count("[hidden]") == 2
    assert "quoted" not in written


def test_times_are_utc(tmp_path: Path) -> None:
    log_file = _configured(tmp_path)
    record = logging.makeLogRecord({"created": 0.007, "levelno": logging.INFO})
    logging.getLogger().handle(record)
    assert _lines(log_file)[0]["time"] == "1970-01-01T00:00:00.007Z"


def test_console_shows_warnings_without_tracebacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log_file = _configured(tmp_path)
    _log.info("not shown")
    _log.error("not shown either", extra=FILE_ONLY)
    _log.warning("shown", exc_info=ValueError("the cause"))
    assert capsys.readouterr().err == "Warning: shown\n"
    written = log_file.read_text(encoding="utf-8")
    assert '"code": "ValueError", "message": "the cause"' in written
    assert "not shown either" in written


def test_verbose_shows_information(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log_file = _configured(tmp_path, verbose=True)
    _log.info("shown")
    _log.debug("only in the file")
    assert capsys.readouterr().err == "Info: shown\n"
    assert "only in the file" in log_file.read_text(encoding="utf-8")


def test_colour_only_on_a_terminal_that_wants_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _configured(tmp_path)
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    _log.warning("coloured")
    monkeypatch.setenv("NO_COLOR", "1")
    _log.warning("plain")
    assert terminal.getvalue() == "\x1b[1;33mWarning\x1b[0m: coloured\nWarning: plain\n"


def test_registered_secrets_are_hidden_everywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log_file = _configured(tmp_path)
    register_secret("correct horse")
    error = ValueError("bad key: correct horse")
    _log.warning("key %s refused", "correct horse", exc_info=error)
    written = log_file.read_text(encoding="utf-8") + capsys.readouterr().err
    assert "correct horse" not in written
    assert written.count("[hidden]") == 3  # message and error in the file, message here


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("authorization: Bearer abc.def-123, next", "authorization: Bearer [hidden], next"),
        ("('authorization', 'bearer abc')", "('authorization', 'bearer [hidden]')"),
        ("key nvapi-A1b2C3d4E5_f-6 given", "key [hidden] given"),
        ("the bearer of news", "the bearer [hidden] news"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_what_looks_like_a_token_is_hidden(text: str, hidden: str) -> None:
    assert redact(text) == hidden


def test_a_secret_within_another_does_not_leave_its_rest() -> None:
    register_secret("abcd")
    register_secret("abcdefgh")
    register_secret("")
    assert redact("abcdefgh") == "[hidden]"


def test_log_is_private_and_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_MAX_BYTES", 2_000)
    log_file = _configured(tmp_path)
    for number in range(200):
        _log.info("line %d", number)
    files = list(log_file.parent.glob("*.log*"))
    assert len(files) == 4
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    assert sum(file.stat().st_size for file in files) <= 4 * 2_000
    assert "line 199" in log_file.read_text(encoding="utf-8")


def test_a_rotation_that_is_refused_loses_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "_MAX_BYTES", 400)
    log_file = _configured(tmp_path)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "held by another process")

    monkeypatch.setattr("os.rename", refuse)
    for number in range(20):
        _log.info("line %d", number)
    written = log_file.read_text(encoding="utf-8")
    assert all(f'"line {number}"' in written for number in range(20))


def test_without_a_writable_folder_it_says_so_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be", encoding="utf-8")
    assert configure_logging(tmp_path / "logs", verbose=False, console=True) is None
    assert log_file_in_use() is None
    assert "There is no log file" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the full device is Linux's")
def test_a_full_disk_is_said_once_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "captioner.log").symlink_to("/dev/full")
    configure_logging(tmp_path, verbose=False, console=True)
    for _ in range(3):
        logging.getLogger("somewhere").info("a line")
    assert capsys.readouterr().err == (
        f"Warning: The log {tmp_path}/captioner.log cannot be written: No space left on device.\n"
    )


def test_configuring_again_replaces(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = _configured(tmp_path / "a")
    second = _configured(tmp_path / "b")
    _log.warning("once")
    assert log_file_in_use() == second
    assert first.read_text(encoding="utf-8") == ""
    assert capsys.readouterr().err == "Warning: once\n"


def test_warnings_of_python_go_to_the_file_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log_file = _configured(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn("an old call", DeprecationWarning, stacklevel=1)
    assert "an old call" in log_file.read_text(encoding="utf-8")
    assert capsys.readouterr().err == ""


def test_uncaught_exceptions_are_logged_and_told_shortly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log_file = _configured(tmp_path)
    error = ValueError("deep inside")
    sys.excepthook(ValueError, error, None)
    thread = threading.Thread(target=lambda: {}[1], name="worker")
    thread.start()
    thread.join()
    written = log_file.read_text(encoding="utf-8")
    assert '"code": "ValueError", "message": "deep inside"' in written
    assert "KeyError" in written
    shown = capsys.readouterr().err
    assert "Captioner met a fault of its own (ValueError)" in shown
    assert "Traceback" not in shown
