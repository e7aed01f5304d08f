"""What the window may ask of the checks of `captioner doctor`, which lie above it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias

from captioner.settings.store import LoadedSettings

CheckRunner: TypeAlias = Callable[[LoadedSettings], Awaitable[Sequence[Mapping[str, object]]]]
"""Checks all parts with these settings; returns what was found as plain data."""


async def no_checks(_loaded: LoadedSettings) -> Sequence[Mapping[str, object]]:
    """Find nothing: for windows that were not opened by the command line."""
    return ()
