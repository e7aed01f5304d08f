"""Which commands there are, and how the chosen one is imported: alone, and only when it runs."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from captioner.core.errors import UnsupportedError
from captioner.core.own_program import repair_hint

if TYPE_CHECKING:
    from typer._click.core import Context  # typer's own base class; it has no public name


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """One command.

    Attributes:
        target: ``module:function``, or ``module:app`` for a command that has commands itself.
        summary: Its line in ``captioner --help``.
        panel: The part of that help that it stands in.
        hidden: Whether it is left out of that help.
    """

    target: str
    summary: str
    panel: str = "Commands"
    hidden: bool = False


def _of_window(name: str, summary: str) -> CommandEntry:
    return CommandEntry(f"captioner.cli.window:{name}", summary, "Commands for the running window")


_MEASURING: Final = "Commands that measure"

COMMANDS: Final[dict[str, CommandEntry]] = {
    "gui": CommandEntry(
        "captioner.cli.gui:gui", "Show live captions in a window that stays on top."
    ),
    "live": CommandEntry("captioner.cli.live:live", "Show live captions in the terminal."),
    "feed": CommandEntry(
        "captioner.cli.feed:feed", "Serve live captions to other programs, and to OBS as a page."
    ),
    "bridge": CommandEntry(
        "captioner.cli.bridge:bridge", "Caption the audio that programs and browsers send."
    ),
    "transcribe": CommandEntry(
        "captioner.cli.transcribe:transcribe", "Turn audio files into text or subtitles."
    ),
    "history": CommandEntry(
        "captioner.cli.history:app", "Find, show, export and delete what was captioned before."
    ),
    "serve": CommandEntry(
        "captioner.cli.serve:serve", "Serve the embedded engine over the Riva protocol."
    ),
    "compare": CommandEntry(
        "captioner.cli.compare:compare", "Tell how many words of a text are wrong."
    ),
    "sample": CommandEntry(
        "captioner.cli.sample:sample",
        "Write the bundled speech sample and its words into a folder.",
    ),
    "devices": CommandEntry(
        "captioner.cli.devices:devices", "List the outputs and microphones that can be heard."
    ),
    "config": CommandEntry(
        "captioner.cli.config:app", "Show and change settings, and keep keys in the keyring."
    ),
    "doctor": CommandEntry(
        "captioner.cli.doctor:doctor", "Check that all parts work, and name the fix where not."
    ),
    "diagnostics": CommandEntry(
        "captioner.cli.diagnostics:diagnostics",
        "Pack logs, settings and what doctor finds into a file for whoever helps.",
    ),
    "trace": CommandEntry(
        "captioner.cli.trace:trace",
        "Tell where the time of one utterance goes.",
        _MEASURING,
    ),
    "loadtest": CommandEntry(
        "captioner.cli.loadtest:loadtest",
        "Measure a recogniser with many real-time streams.",
        _MEASURING,
    ),
    "bench": CommandEntry(
        "captioner.cli.bench:bench",
        "Measure how accurate, fast and steady a recogniser is.",
        _MEASURING,
    ),
    "report": CommandEntry(
        "captioner.cli.measure_report:report",
        "Make a report with plots of what was measured.",
        _MEASURING,
    ),
    "self-check": CommandEntry(
        "captioner.cli.self_check:self_check",
        "Load one library, for doctor.",
        hidden=True,
    ),
    "toggle": _of_window("toggle", "Start or stop the captions."),
    "pause": _of_window("pause", "Hold the captions still, or let them go on."),
    "show": _of_window("show", "Hide the captions, or show them again."),
    "arrange": _of_window("arrange", "Move and resize the captions with the keyboard."),
    "click-through": _of_window(
        "click_through", "Let the mouse reach what is behind the captions, or the captions again."
    ),
    "transcript": _of_window("transcript", "Open the transcript."),
    "settings": _of_window("settings", "Open the settings."),
    "status": _of_window("status", "Say how the captions are, and show it."),
    "quit": _of_window("quit_window", "End the program in order."),
}
WINDOW_COMMANDS: Final = frozenset(
    name for name, entry in COMMANDS.items() if entry.target.startswith("captioner.cli.window:")
)
"""They only pass a word on: the window's own log tells what came of it."""


class LazyCommand(TyperCommand):
    """Stands in for a command until it is chosen, then gives way to the real one."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: Context | None = None,
        **extra: Any,  # noqa: ANN401  # handed through as it comes
    ) -> Context:
        """Import the command and let it parse its own arguments.

        Raises:
            UnsupportedError: A Python package that the command needs is not installed.
        """
        command = _load(str(self.name))
        return command.make_context(info_name, args, parent=parent, **extra)


def lazy_commands() -> list[LazyCommand]:
    """Return a stand-in for each command, in the order of the help."""
    return [
        LazyCommand(name=name, help=entry.summary, rich_help_panel=entry.panel, hidden=entry.hidden)
        for name, entry in COMMANDS.items()
    ]


def _load(name: str) -> TyperCommand | TyperGroup:
    module_name, _, target_name = COMMANDS[name].target.partition(":")
    try:
        with _ctrl_c_ends_at_once():
            target = getattr(import_module(module_name), target_name)
    except ModuleNotFoundError as error:
        raise UnsupportedError(
            f"The command '{name}' needs the Python module '{error.name}', which is not installed.",
            hint=repair_hint(),
        ) from error
    if isinstance(target, typer.Typer):
        app = target
    else:
        app = typer.Typer(add_completion=False, rich_markup_mode="rich")
        app.command(name, help=target.__doc__)(target)
    command = get_command(app)
    if not isinstance(command, TyperCommand | TyperGroup):
        raise TypeError(f"{COMMANDS[name].target} does not make a command")
    return command


@contextmanager
def _ctrl_c_ends_at_once() -> Iterator[None]:
    """While libraries are imported, let Ctrl-C end the process instead of being an exception.

    Python drops an exception that comes up where nobody can take it, such as in a callback of its
    import system, and imports take a second or more: Ctrl-C was lost. There is nothing to undo yet.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
