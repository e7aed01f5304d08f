"""The ``captioner`` command: global options, lazily imported commands, and errors for people.

Without a command Captioner captions: in a window where there is one to be had, otherwise in the
terminal (see `captioner.cli.default`).
"""

from __future__ import annotations

import json
import logging
import os
import platform
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

import typer
from typer.completion import completion_init  # type: ignore[attr-defined]  # not listed
from typer.core import TyperGroup
from typer.main import get_command

from captioner import __version__
from captioner.cli.commands import WINDOW_COMMANDS, lazy_commands
from captioner.cli.context import AppContext
from captioner.cli.exit_codes import MEANINGS, ExitCode, exit_code_for
from captioner.cli.output import open_closed_streams, write_output
from captioner.cli.report import as_told, print_error
from captioner.core.errors import CaptionerError, ErrorRecord
from captioner.core.system import system_name
from captioner.settings.paths import ProfilePaths
from captioner.telemetry.crash_report import report_crashes
from captioner.telemetry.log_lines import with_fields
from captioner.telemetry.logs import FILE_ONLY, configure_logging
from captioner.transcript.history.keys import keys_come_from

_log = logging.getLogger(__name__)

PROFILE_VARIABLE: Final = "CAPTIONER_PROFILE_DIR"
"""Does what ``--profile-dir`` does; tells the processes that a command starts."""

COMPLETION_VARIABLE: Final = "_CAPTIONER_COMPLETE"
"""In which shells ask for completions; its name is given by the one of the program."""

_DESKTOP_VARIABLES: Final = (
    "XDG_CURRENT_DESKTOP",
    "XDG_SESSION_TYPE",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "QT_QPA_PLATFORM",
    "PULSE_SERVER",
)

_LOG_NAMES: Final = {"serve": "engine"} | dict.fromkeys(
    (*WINDOW_COMMANDS, "self-check"), "commands"
)
"""Commands that run beside another process of the same profile write a log file of their own."""

_EPILOG: Final = "[bold]Exit codes:[/] " + "; ".join(
    f"[bold]{code.value}[/] {meaning}" for code, meaning in MEANINGS.items()
)


def _history_key(new: str | None) -> str | None:
    from captioner.settings.history_key import history_key  # noqa: PLC0415  # where it is needed

    return history_key(new)


def _show_version(asked: bool) -> None:  # noqa: FBT001  # typer calls it so
    if asked:
        typer.echo(f"captioner {__version__}")
        raise typer.Exit


def _root(
    ctx: typer.Context,
    *,
    profile_dir: Annotated[
        Path | None,
        typer.Option(
            help="Keep settings, transcripts and logs in this folder, apart from all others.",
            envvar=PROFILE_VARIABLE,
            file_okay=False,
            show_default=False,
            show_envvar=False,
        ),
    ] = None,
    env_file: Annotated[
        Path | None,
        typer.Option(
            help="Read RIVA_* names from this file instead of the profile's .env.",
            show_default=False,
        ),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show what is going on, not only warnings.")
    ] = False,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    """Live captions for whatever your computer hears.

    Without a command: a window where there is a display, otherwise the terminal.
    """
    paths = ProfilePaths.default() if profile_dir is None else ProfilePaths.under(profile_dir)
    if profile_dir is not None:
        os.environ[PROFILE_VARIABLE] = str(profile_dir.expanduser().absolute())  # for our children
    command = ctx.invoked_subcommand
    log_file = configure_logging(
        paths.log_dir,
        verbose=verbose,
        console=True,
        name=_LOG_NAMES.get(command or "", "captioner"),
    )
    report_crashes(log_file)
    _log.info(
        "captioner %s starts: %s",
        __version__,
        command or "no command",
        extra=with_fields(environment=_environment()),
    )
    keys_come_from(_history_key)
    context = AppContext(paths=paths, env_file=env_file, verbose=verbose)
    ctx.obj = context
    if command is None:
        from captioner.cli.default import run_default  # noqa: PLC0415  # only without a command

        raise typer.Exit(run_default(ctx))


def _environment() -> dict[str, str]:
    """Return what a log of another computer must tell of it."""
    return {
        "captioner": __version__,
        "python": platform.python_version(),
        "system": system_name(),
        "libc": " ".join(platform.libc_ver()),
        "program": sys.executable,
        "language": os.environ.get("LC_ALL") or os.environ.get("LANG", ""),
        **{name: os.environ[name] for name in _DESKTOP_VARIABLES if name in os.environ},
    }


def build_command() -> TyperGroup:
    """Return the command line as a group whose commands are not imported yet."""
    app = typer.Typer(
        name="captioner",
        add_completion=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True, epilog=_EPILOG)(_root)
    group = get_command(app)
    if not isinstance(group, TyperGroup):
        raise TypeError("the command line must be a group")
    for command in lazy_commands():
        group.add_command(command)
    return group


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Args:
        arguments: Without the program's name; None takes them from ``sys.argv``.

    Returns:
        A code of `captioner.cli.exit_codes`.
    """
    # gRPC's core writes its own lines to the terminal, between the captions. What matters in them
    # reaches us as the status of a call. It reads this once, when it is first imported.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    open_closed_streams()
    if COMPLETION_VARIABLE in os.environ:
        completion_init()  # a shell asks what could come next
    try:
        build_command().main(args=arguments, prog_name="captioner")
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except CaptionerError as error:
        _log.error("%s", error.message, exc_info=True, extra=FILE_ONLY)
        return _told(error, arguments)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001  # the last line of defence: it is logged and told
        _log.critical("unexpected fault", exc_info=True, extra=FILE_ONLY)
        return _told(as_told(error), arguments)
    return ExitCode.OK


def _told(error: CaptionerError, arguments: list[str] | None) -> int:
    """Tell people of ``error``, and programs where the output was to be JSON."""
    print_error(error.message, hint=error.hint)
    if "--json" in (sys.argv[1:] if arguments is None else arguments):
        record: dict[str, ErrorRecord] = {"error": error.as_record()}
        with suppress(CaptionerError):  # the sentence was said, and there is nowhere to say more
            write_output(json.dumps(record, ensure_ascii=False) + "\n")
    return exit_code_for(error.category)
