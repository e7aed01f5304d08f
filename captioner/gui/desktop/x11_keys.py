"""Keys that reach the program whatever window is in use: on X11."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from PySide6.QtCore import QKeyCombination, QObject, QSocketNotifier, Signal

from captioner.gui.commands import Command
from captioner.gui.desktop.keysyms import keysym_of, modifiers_of
from captioner.gui.desktop.taking import Refusal
from captioner.gui.desktop.xcb import Keyboard, Stroke, XcbError

logger = logging.getLogger(__name__)


class X11Keys(QObject):
    """Takes keys from the display, and again when the user changes the keyboard's layout.

    Signals:
        pressed: The key of this `Command` was pressed.
        refused: What could not be taken has changed: `Refusal` by `Command`.
    """

    pressed = Signal(object)
    refused = Signal(object)

    def __init__(self) -> None:
        """Take nothing yet."""
        super().__init__()
        self._wanted: Mapping[Command, QKeyCombination] = {}
        self._taken: dict[Stroke, Command] = {}
        self._refusals: dict[Command, Refusal] | None = None
        self._keyboard: Keyboard | None = None
        self._notifier: QSocketNotifier | None = None

    def take(self, wanted: Mapping[Command, QKeyCombination]) -> None:
        """Take these keys and no others."""
        self._wanted = dict(wanted)
        if self._keyboard is None and wanted:
            try:
                self._keyboard = Keyboard()
            except XcbError as error:
                logger.warning("no global keys: %s", error)
                self._tell(dict.fromkeys(wanted, Refusal.IMPOSSIBLE))
                return
            self._notifier = QSocketNotifier(
                self._keyboard.descriptor, QSocketNotifier.Type.Read, self
            )
            self._notifier.activated.connect(self._on_event)
        self._take_again()

    def close(self) -> None:
        """Give all of them back."""
        if self._keyboard is not None and self._notifier is not None:
            self._notifier.setEnabled(False)
            self._notifier.deleteLater()
            self._keyboard.close()
        self._keyboard, self._notifier, self._taken = None, None, {}

    def _take_again(self) -> None:
        keyboard = self._keyboard
        if keyboard is None:
            return
        strokes = {
            command: _stroke_of(keyboard, combination)
            for command, combination in self._wanted.items()
        }
        # What stays is not given back in between: it may be pressed just now.
        for stroke in set(self._taken).difference(strokes.values()):
            keyboard.give_back(stroke)
            del self._taken[stroke]
        refusals: dict[Command, Refusal] = {}
        for command, wanted in strokes.items():
            if wanted is None:
                refusals[command] = Refusal.NOT_ON_KEYBOARD
            elif wanted in self._taken or keyboard.take(wanted):
                self._taken[wanted] = command
            else:
                refusals[command] = Refusal.TAKEN
        self._on_event()  # the answers to our requests may have brought events along
        self._tell(refusals)

    def _tell(self, refusals: dict[Command, Refusal]) -> None:
        if refusals != self._refusals:
            self._refusals = refusals
            self.refused.emit(refusals)

    def _on_event(self) -> None:
        if self._keyboard is None:
            return
        try:
            strokes = list(self._keyboard.pressed())
        except XcbError as error:
            logger.warning("no global keys any more: %s", error)
            self.close()
            return
        for stroke in strokes:
            if stroke is not None and stroke in self._taken:
                self.pressed.emit(self._taken[stroke])
        if None in strokes:
            self._take_again()


def _stroke_of(keyboard: Keyboard, combination: QKeyCombination) -> Stroke | None:
    keysym, modifiers = keysym_of(combination.key()), modifiers_of(combination)
    if keysym is None or modifiers is None:
        return None
    return keyboard.stroke(keysym, modifiers)
