"""The way into the window, for the command line. Qt is imported once a display has been found."""

from __future__ import annotations

import gc
import logging
import os
from functools import partial
from typing import TYPE_CHECKING

from captioner.core.errors import EngineError, UnsupportedError
from captioner.gui.display import LIBRARIES_HINT, check_libraries, choose_platform
from captioner.gui.part_checks import CheckRunner, no_checks
from captioner.session.engine_process import EngineProcess
from captioner.settings.models import Settings
from captioner.settings.paths import ProfilePaths
from captioner.settings.store import LoadedSettings, save_settings

if TYPE_CHECKING:
    from captioner.gui.bridge import SessionFactory

logger = logging.getLogger(__name__)


def run(
    loaded: LoadedSettings,
    paths: ProfilePaths,
    *,
    make_session: SessionFactory | None = None,
    run_checks: CheckRunner = no_checks,
) -> int:
    """Show the overlay and caption until the user quits.

    The overlay appears first; what is heavy is imported after that, in a worker thread.

    Args:
        loaded: Settings, and notices that the user shall see.
        paths: The profile, for what the user changes.
        make_session: Makes what captions; None makes a real `CaptionSession`.
        run_checks: Checks all parts for the diagnostics.

    Returns:
        The exit code: 0 after quit, 130 after Ctrl-C or SIGTERM.

    Raises:
        UnsupportedError: There is no display, or Qt cannot use it.
    """
    # Loading leaves little garbage and looking for it costs time; the loop collects from then on.
    gc.disable()
    platform = choose_platform(os.environ)
    if platform:
        os.environ.setdefault("QT_QPA_PLATFORM", platform)
    engine = None if make_session is not None else _start_engine(loaded.settings)
    try:
        from captioner.gui.application import run_application  # noqa: PLC0415  # see the module
        from captioner.gui.bridge import make_caption_session  # noqa: PLC0415  # see the module
    except ImportError as error:
        raise UnsupportedError(f"Qt cannot be loaded here: {error}", hint=LIBRARIES_HINT) from error
    check_libraries(platform)
    return run_application(
        loaded,
        paths,
        save=partial(save_settings, paths),
        make_session=make_session or partial(make_caption_session, started=engine),
        run_checks=run_checks,
    )


def _start_engine(settings: Settings) -> EngineProcess | None:
    """Start the embedded engine where it will be needed: it loads while the window appears."""
    if settings.endpoint is not None:
        return None
    try:
        return EngineProcess(settings.engine)
    except EngineError as error:
        # The session will try once more, and tell the user.
        logger.warning("%s", error)
        return None
