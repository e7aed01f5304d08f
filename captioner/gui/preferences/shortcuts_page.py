"""The page on the keys that work whatever window is in use, and on the start at login."""

from __future__ import annotations

import asyncio
import shlex
from functools import partial
from typing import ClassVar, Final

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication
from PySide6.QtWidgets import QCheckBox

from captioner.core.errors import ConfigurationError
from captioner.gui.commands import Command
from captioner.gui.desk import Desk
from captioner.gui.desktop.abilities import Abilities
from captioner.gui.desktop.autostart import autostart_of
from captioner.gui.desktop.command_line import own_command
from captioner.gui.desktop.shortcuts import (
    COMMANDS,
    combination_of,
    name_of,
    plain_name,
    refusals_of,
)
from captioner.gui.desktop.taking import Refusal
from captioner.gui.preferences.desktop_keys import DesktopKeys
from captioner.gui.preferences.draft import Draft
from captioner.gui.preferences.key_field import CommandField, KeyField
from captioner.gui.preferences.page import Page, Row, small_print
from captioner.settings.desktop import ShortcutSettings

_CONTEXT: Final = "Shortcuts"
_REFUSALS: Final = {
    Refusal.TAKEN: QT_TRANSLATE_NOOP(
        "Shortcuts", "Another program has this key. Choose another one, or change it there."
    ),
    Refusal.NOT_ON_KEYBOARD: QT_TRANSLATE_NOOP(
        "Shortcuts", "This key is not on your keyboard. Choose another one."
    ),
    Refusal.TWICE: QT_TRANSLATE_NOOP("Shortcuts", "This key does something else above already."),
    Refusal.TOO_PLAIN: QT_TRANSLATE_NOOP(
        "Shortcuts",
        "No other program would get this key any more. Hold Ctrl, Alt or the Windows key with it.",
    ),
    Refusal.IMPOSSIBLE: QT_TRANSLATE_NOOP(
        "Shortcuts", "The display does not hand out keys. The log has the details."
    ),
}


class ShortcutsPage(Page):
    """A key for each command; where the desktop has all keys, the way to it, or the command."""

    key: ClassVar[str] = "shortcuts"

    def __init__(self, draft: Draft, desk: Desk) -> None:
        """Build the page."""
        super().__init__(draft, desk)
        self.fields: dict[str, KeyField] = {}
        abilities = Abilities.here()
        if abilities.global_shortcuts:
            self._add_keys()
        else:
            self._add_commands(abilities.missing("global_shortcuts"))
            desk.shortcuts.portal_found.connect(self._add_desktop_keys)
            if desk.shortcuts.portal is not None:
                self._add_desktop_keys()
        self._autostart = autostart_of(desk.paths)
        self._is_started: bool | None = None
        self._add_start()

    @property
    def title(self) -> str:
        """Its title."""
        return self.tr("Keys and start")

    @property
    def is_changed(self) -> bool:
        """Whether the start at login waits to be applied."""
        return self._is_started is not None and self.start.isChecked() != self._is_started

    def opened(self) -> None:
        """Ask the system whether it starts the program."""
        self.desk.tasks.start(self._ask_start(), name="ask-autostart")

    def forget(self) -> None:
        """Show again what the system does."""
        self._show_start()

    async def commit(self) -> None:
        """Refuse keys that cannot do what they are meant for, and set the start at login.

        Raises:
            ConfigurationError: There are such keys, or the system does not let itself be set.
        """
        refusals = self._senseless()
        for field in self.fields:
            command = COMMANDS[field]
            if command in refusals:
                reason = _translated(_REFUSALS[refusals[command]])
                raise ConfigurationError(f"{plain_name(field)}: {reason}")

        if self.is_changed:
            await self._set_start(self.start.isChecked())

    def _add_start(self) -> None:
        form = self.group(self.tr("Start"))
        self.start = QCheckBox(self.tr("Start Captioner when I log &in"))
        self.start.setEnabled(False)  # until the system has said how it is
        self.start.toggled.connect(self.touched)
        self.row(form, "", self.start, words=self.tr("autostart login boot begin"))

    async def _ask_start(self) -> None:
        is_started = await asyncio.to_thread(self._autostart.is_on)
        if not self.is_changed:  # else the dialog was only hidden for a while
            self._is_started = is_started
            self._show_start()

    def _show_start(self) -> None:
        if self._is_started is not None:
            self.start.setEnabled(True)
            self.start.setChecked(self._is_started)

    async def _set_start(self, wanted: bool) -> None:  # noqa: FBT001  # a switch
        try:
            await asyncio.to_thread(self._autostart.set, wanted)
        except OSError as error:
            raise ConfigurationError(
                self.tr("The start at login cannot be changed: {reason}.").format(
                    reason=error.strerror
                )
            ) from error
        self._is_started = wanted

    def _add_keys(self) -> None:
        form = self.group(self.tr("Keys that work in every window"))
        for field in COMMANDS:
            name = f"shortcuts.{field}"
            entry = KeyField(getattr(ShortcutSettings(), field))
            entry.entered.connect(lambda key, name=name: self.draft.set(name, key))
            entry.listening.connect(self._on_listening)
            entry.name_parts(plain_name(field))
            self.fields[field] = entry
            self.follow(entry, partial(self._show_key, entry, name))
            self.row(
                form,
                name_of(field),
                entry,
                field=name,
                words=self.tr("shortcut key hotkey global"),
            )
        form.addRow(
            small_print(self.tr("Go to a field and press the keys. Backspace takes a key away."))
        )
        self.draft.changed.connect(self._show_refusals)
        self.draft.reloaded.connect(self._show_refusals)
        self.desk.shortcuts.refused_changed.connect(self._show_refusals)
        self._show_refusals()

    def _add_desktop_keys(self) -> None:
        portal = self.desk.shortcuts.portal
        if portal is None:
            return
        form = self.group(self.tr("Keys that work in every window"))
        view = DesktopKeys(portal)
        view.wanted.connect(self._ask_desktop)
        form.addRow(view)
        words = self.tr("shortcut key hotkey global")
        self.rows.append(Row(self.tr("Keys of the desktop"), words, view.button, cell=view))
        self._no_keys.hide()
        if (box := form.parentWidget()) is not None:
            self._column.insertWidget(0, box)  # before the commands, which are more work

    def _ask_desktop(self) -> None:
        self.desk.live.change({"desktop.desktop_keys": True})  # and again at each start
        self.desk.shortcuts.ask_portal()

    def _add_commands(self, reason: str) -> None:
        form = self.group(self.tr("Commands for keys of the desktop"))
        self._no_keys = small_print(reason)
        form.addRow(self._no_keys)
        form.addRow(
            small_print(
                self.tr(
                    "The desktop can run a command at a key: enter one of these in its own "
                    "settings, under Keyboard, Shortcuts."
                )
            )
        )
        for field, command in COMMANDS.items():
            line = shlex.join(own_command(self.desk.paths, command.value))
            entry = CommandField(line, lambda: self.desk.tell(self.tr("Copied")))
            entry.name_parts(plain_name(field))
            self.row(
                form,
                name_of(field),
                entry,
                words=self.tr("shortcut key hotkey global"),
            )

    def _show_key(self, entry: KeyField, name: str) -> None:
        entry.show_key(str(self.draft.value(name)))

    def _on_listening(self, is_listening: bool) -> None:  # noqa: FBT001  # a slot
        if is_listening:
            self.desk.shortcuts.suspend()
        else:
            self.desk.shortcuts.resume()

    def _senseless(self) -> dict[Command, Refusal]:
        return refusals_of(
            {
                command: combination_of(str(self.draft.value(f"shortcuts.{field}")))
                for field, command in COMMANDS.items()
            }
        )

    def _show_refusals(self) -> None:
        refusals = self._senseless()
        for field, command in COMMANDS.items():
            in_force = getattr(self.desk.live.now.shortcuts, field)
            refusal = refusals.get(command)
            if refusal is None and self.draft.value(f"shortcuts.{field}") == in_force:
                refusal = self.desk.shortcuts.refusals.get(command)
            sentence = "" if refusal is None else _translated(_REFUSALS[refusal])
            self.fields[field].show_problem(sentence)


def _translated(text: object) -> str:
    return QCoreApplication.translate(_CONTEXT, str(text))
