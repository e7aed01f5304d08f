"""What it means to take a key from all other programs, on whatever system."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Protocol

from PySide6.QtCore import QKeyCombination, SignalInstance

from captioner.gui.commands import Command


class Refusal(Enum):
    """Why a key does not work."""

    TAKEN = auto()
    """Another program has it."""

    NOT_ON_KEYBOARD = auto()
    """This keyboard has no such key."""

    TWICE = auto()
    """It is set for something else, too."""

    TOO_PLAIN = auto()
    """Without Ctrl, Alt or Meta it would be missing wherever one writes."""

    IMPOSSIBLE = auto()
    """The system does not hand out keys."""


class KeyTaker(Protocol):
    """Takes keys from one kind of system.

    ``pressed`` tells a `Command`, ``refused`` a dict of `Refusal` by `Command`.
    """

    pressed: SignalInstance
    refused: SignalInstance

    def take(self, wanted: Mapping[Command, QKeyCombination]) -> None:
        """Take these keys and no others."""
        ...

    def close(self) -> None:
        """Give all of them back."""
        ...
