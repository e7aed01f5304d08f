"""``captioner gui``: the overlay."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from captioner.cli.context import AppContext, app_context
from captioner.cli.exit_codes import ExitCode
from captioner.cli.options import (
    CaFileOption,
    DeviceOption,
    HistoryOption,
    LanguageOption,
    MicDeviceOption,
    ModelOption,
    ServerOption,
    SourceOption,
    SystemDeviceOption,
    TlsOption,
    audio_overrides,
    recogniser_overrides,
)
from captioner.gui.desktop.client import SoleWindow

if TYPE_CHECKING:
    from captioner.settings.store import LoadedSettings

_log = logging.getLogger(__name__)


def gui(
    ctx: typer.Context,
    *,
    source: SourceOption = None,
    device: DeviceOption = None,
    mic_device: MicDeviceOption = None,
    system_device: SystemDeviceOption = None,
    server: ServerOption = None,
    tls: TlsOption = None,
    ca_file: CaFileOption = None,
    model: ModelOption = None,
    language: LanguageOption = None,
    history: HistoryOption = None,
    skip_welcome: Annotated[
        bool, typer.Option("--skip-welcome", help="Do not offer the first steps.")
    ] = False,
) -> None:
    """Show live captions in a window that stays on top.

    A second start of the same profile shows the window that is there.

    Examples:
    * captioner gui
    * captioner gui --source mic
    * captioner gui --source both
    * captioner gui --server localhost:50051
    """
    context = app_context(ctx)
    overrides = audio_overrides(source, device, mic_device, system_device)
    overrides |= recogniser_overrides(server, tls, ca_file, model, language)
    overrides["history.is_kept"] = history
    overrides["desktop.was_welcomed"] = skip_welcome or None
    raise typer.Exit(show_window(context, overrides))


def show_window(context: AppContext, overrides: Mapping[str, object] | None = None) -> int:
    """Run the window until it is quit, or show the one that is there; return the exit code.

    Args:
        context: The global options.
        overrides: Settings from the command line, by dotted name.

    Raises:
        UnsupportedError: There is no display.
        UnavailableError: The window that is there does not answer.
    """
    window = SoleWindow(context.paths)
    try:
        if not window.claim_or_raise():
            typer.echo("Captioner is already running; its captions are shown.")
            if any(value is not None for value in (overrides or {}).values()):
                _log.warning(
                    "It goes on with its own settings. For the options given here, "
                    "run `captioner quit` first."
                )
            return ExitCode.OK
    except OSError as error:
        _log.warning("Other processes cannot reach this window: %s", error)
    try:
        from captioner.gui.app import run  # noqa: PLC0415  # Qt is loaded only for a window

        return run(context.load(overrides), context.paths, run_checks=checked)
    finally:
        window.release()


async def checked(loaded: LoadedSettings) -> Sequence[Mapping[str, object]]:
    """Run the checks of ``captioner doctor`` with ``loaded``; return what each found."""
    # Loaded when wanted: the window shall be there at once.
    from captioner.cli.check import results_of  # noqa: PLC0415
    from captioner.cli.checks import ReadSettings, all_checks  # noqa: PLC0415

    return [asdict(result) for result in await results_of(all_checks(ReadSettings(loaded)))]
