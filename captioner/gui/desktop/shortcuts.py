"""The keys that work whatever window is in use: taken as the settings say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from PySide6.QtCore import QKeyCombination, QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence

from captioner.gui.commands import Command
from captioner.gui.desktop.abilities import Abilities
from captioner.gui.desktop.taking import KeyTaker, Refusal
from captioner.settings.desktop import ShortcutSettings
from captioner.settings.models import Settings

COMMANDS: Final = {
    field: Command(field.replace("_", "-")) for field in ShortcutSettings.model_fields
}
"""What each field of the settings asks for."""

_STRONG: Final = (
    Qt.KeyboardModifier.ControlModifier
    | Qt.KeyboardModifier.AltModifier
    | Qt.KeyboardModifier.MetaModifier
)
_FREE: Final = (Qt.Key.Key_Pause, Qt.Key.Key_Print, Qt.Key.Key_ScrollLock, Qt.Key.Key_Menu)


class GlobalShortcuts(QObject):
    """Carries out a command when its key is pressed anywhere.

    Signals:
        refused_changed: `refusals` are others.
    """

    refused_changed = Signal()

    def __init__(self, do: Callable[[Command], None]) -> None:
        """Take no key yet; ``do`` carries out."""
        super().__init__()
        self._do = do
        self._taker: KeyTaker | None = None
        self._wanted: dict[Command, QKeyCombination] = {}
        self._own: dict[Command, Refusal] = {}
        self._by_system: Mapping[Command, Refusal] = {}

    @property
    def refusals(self) -> dict[Command, Refusal]:
        """The keys that do not work, and why."""
        return {**self._by_system, **self._own}

    def follow(self, settings: Settings) -> None:
        """Take the keys of ``settings``, where the desktop hands any out."""
        combinations = {
            command: combination_of(getattr(settings.shortcuts, field))
            for field, command in COMMANDS.items()
        }
        self._own = refusals_of(combinations)
        self._wanted = {
            command: combination
            for command, combination in combinations.items()
            if combination is not None and command not in self._own
        }
        if self._taker is None and (taker := _make_taker()) is not None:
            self._taker = taker
            taker.pressed.connect(self._do)
            taker.refused.connect(self._on_refused)
        self.resume()

    def suspend(self) -> None:
        """Leave the keys to whoever waits for one, such as a field to enter a new one."""
        if self._taker is not None:
            self._taker.take({})

    def resume(self) -> None:
        """Take the keys again."""
        if self._taker is not None:
            self._taker.take(self._wanted)
        self.refused_changed.emit()

    def close(self) -> None:
        """Give the keys back."""
        if self._taker is not None:
            self._taker.close()

    def _on_refused(self, refusals: Mapping[Command, Refusal]) -> None:
        self._by_system = refusals
        self.refused_changed.emit()


def combination_of(text: str) -> QKeyCombination | None:
    """Return the first combination of ``text``, as Qt writes keys; None where there is none."""
    sequence = QKeySequence(text, QKeySequence.SequenceFormat.PortableText)
    if sequence.isEmpty():
        return None
    first: QKeyCombination = sequence[0]  # type: ignore[index]  # PySide's stubs lack it
    return None if first.key() == Qt.Key.Key_unknown else first


def refusals_of(
    combinations: Mapping[Command, QKeyCombination | None],
) -> dict[Command, Refusal]:
    """Return which of ``combinations`` make no sense; of two that are the same, the later one."""
    refusals: dict[Command, Refusal] = {}
    seen: set[int] = set()
    for command, combination in combinations.items():
        if combination is None:
            continue
        if combination.toCombined() in seen:
            refusals[command] = Refusal.TWICE
        elif _is_too_plain(combination):
            refusals[command] = Refusal.TOO_PLAIN
        seen.add(combination.toCombined())
    return refusals


def _is_too_plain(combination: QKeyCombination) -> bool:
    key = combination.key()
    is_free = (
        key in _FREE
        or Qt.Key.Key_F1 <= key <= Qt.Key.Key_F35
        or Qt.Key.Key_Back <= key <= Qt.Key.Key_Calculator  # keys for media and programs
    )
    return not is_free and not combination.keyboardModifiers() & _STRONG


def _make_taker() -> KeyTaker | None:
    if not Abilities.here().global_shortcuts:
        return None
    if QGuiApplication.platformName() == "xcb":
        from captioner.gui.desktop.x11_keys import X11Keys  # noqa: PLC0415  # only there

        return X11Keys()
    return None
