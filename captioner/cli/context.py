"""What the global options of the command line mean, handed to the chosen command."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from captioner.settings.paths import ProfilePaths
from captioner.telemetry.log_lines import with_fields
from captioner.telemetry.logs import register_secret

if TYPE_CHECKING:
    from captioner.settings.store import LoadedSettings

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AppContext:
    """The global options.

    Attributes:
        paths: Where the profile keeps its files.
        env_file: A ``.env`` named on the command line; None reads the profile's, if there is one.
        verbose: Whether the console shows more than warnings.
    """

    paths: ProfilePaths
    env_file: Path | None = None
    verbose: bool = False

    def load(self, overrides: Mapping[str, object] | None = None) -> LoadedSettings:
        """Return the settings of the profile, with the options of a command on top.

        Notices go to the log and the console; secrets are kept out of the log from here on.

        Args:
            overrides: Values by dotted name, such as ``{"audio.source": source}``; None as a
                value means that the option was not given.

        Raises:
            ConfigurationError: A value makes no sense.
        """
        # Validation is loaded only by commands that read settings: it takes a tenth of a second.
        from captioner.settings.harmless import unusual  # noqa: PLC0415
        from captioner.settings.store import load_settings  # noqa: PLC0415

        loaded = load_settings(self.paths, overrides=overrides, env_file=self.env_file)
        for endpoint in loaded.settings.endpoints:
            for secret in endpoint.secrets:
                register_secret(secret)
        _log.info(
            "Settings that differ from the default are in this line",
            extra=with_fields(settings=unusual(loaded.settings)),
        )
        for notice in loaded.notices:
            _log.warning("%s", notice)
        return loaded


def app_context(ctx: typer.Context) -> AppContext:
    """Return the global options that came before the command."""
    found = ctx.find_object(AppContext)
    if found is None:
        raise LookupError("a command was run outside the captioner command line")
    return found
