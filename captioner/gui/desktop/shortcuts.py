"""The keys that work whatever window is in use: taken as the settings say."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import (
    QT_TRANSLATE_NOOP,
    QCoreApplication,
    QKeyCombination,
    QObject,
    Qt,
    Signal,
)
from PySide6.QtGui import QGuiApplication, QKeySequence

from captioner.gui.commands import Command
from captioner.gui.desktop.abilities import Abilities
from captioner.gui.desktop.taking import KeyTaker, Refusal
from captioner.gui.tasks import Tasks
from captioner.settings.desktop import ShortcutSettings
from captioner.settings.models import Settings

if TYPE_CHECKING:
    from captioner.gui.desktop.portal_keys import PortalKeys

COMMANDS: Final = {
    field: Command(field.replace("_", "-")) for field in ShortcutSettings.model_fields
}
"""What each field of the settings asks for."""

_NAMES: Final = {
    "toggle": QT_TRANSLATE_NOOP("Shortcuts", "&Start or stop captions:"),
    "pause": QT_TRANSLATE_NOOP("Shortcuts", "&Pause captions:"),
    "show": QT_TRANSLATE_NOOP("Shortcuts", "S&how or hide captions:"),
    "arrange": QT_TRANSLATE_NOOP("Shortcuts", "&Move captions by keyboard:"),
    "click_through": QT_TRANSLATE_NOOP("Shortcuts", "&Let the mouse through:"),
    "transcript": QT_TRANSLATE_NOOP("Shortcuts", "Open the &transcript:"),
}
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
        portal_found: The desktop hands out keys itself: there is a `portal`.
    """

    refused_changed = Signal()
    portal_found = Signal()

    def __init__(self, do: Callable[[Command], None], tasks: Tasks) -> None:
        """Take no key yet; ``do`` carries out, ``tasks`` owns what runs."""
        super().__init__()
        self._do = do
        self._tasks = tasks
        self._has_looked = False
        self._is_suspended = False
        self._combinations: dict[Command, QKeyCombination | None] = {}
        self.portal: PortalKeys | None = None
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
        combinations = self._combinations = {
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
        if not self._has_looked and os.environ.get("WAYLAND_DISPLAY"):
            self._has_looked = True
            asks = settings.desktop.desktop_keys
            self._tasks.start(self._look_for_portal(asks=asks), name="look-for-portal")

    def ask_portal(self) -> None:
        """Have the desktop give keys, where it keeps them itself."""
        if self.portal is not None:
            from captioner.gui.desktop.portal import Shortcut  # noqa: PLC0415  # loads D-Bus
            from captioner.gui.desktop.portal_keys import trigger_of  # noqa: PLC0415  # see above

            self.portal.ask(
                [
                    Shortcut(command.value, plain_name(field), trigger_of(combination))
                    for (field, command), combination in zip(
                        COMMANDS.items(), self._combinations.values(), strict=True
                    )
                ]
            )

    def suspend(self) -> None:
        """Leave the keys to whoever waits for one, such as a field to enter a new one."""
        self._is_suspended = True
        if self._taker is not None:
            self._taker.take({})

    def resume(self) -> None:
        """Take the keys again."""
        self._is_suspended = False
        if self._taker is not None:
            self._taker.take(self._wanted)
        self.refused_changed.emit()

    def close(self) -> None:
        """Give the keys back."""
        if self._taker is not None:
            self._taker.close()
            self._taker = None  # a field that still has the focus would take them again
        if self.portal is not None:
            self.portal.close()

    async def _look_for_portal(self, *, asks: bool) -> None:
        from captioner.gui.desktop.portal import has_portal  # noqa: PLC0415  # loads D-Bus
        from captioner.gui.desktop.portal_keys import PortalKeys  # noqa: PLC0415  # see above

        if await has_portal():
            self.portal = PortalKeys(self._tasks)
            self.portal.pressed.connect(self._do)
            self.portal_found.emit()
            if asks:
                self.ask_portal()

    def _on_refused(self, refusals: Mapping[Command, Refusal]) -> None:
        if self._is_suspended:
            return  # what was said of the keys stays to be read
        self._by_system = refusals
        self.refused_changed.emit()


def name_of(field: str) -> str:
    """Return what a key does, as the label of a row, in the language of the windows."""
    return QCoreApplication.translate("Shortcuts", str(_NAMES[field]))


def plain_name(field: str) -> str:
    """Return the same without marks."""
    return name_of(field).replace("&", "").rstrip(":")


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
    if sys.platform == "win32":
        from captioner.gui.desktop.windows_keys import WindowsKeys  # noqa: PLC0415  # only there

        return WindowsKeys()
    if QGuiApplication.platformName() == "xcb":
        from captioner.gui.desktop.x11_keys import X11Keys  # noqa: PLC0415  # only there

        return X11Keys()
    return None
