"""The settings in force: everyone who looks at them, and everyone who changes them, meets here."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from PySide6.QtCore import QObject, Signal

from captioner.gui.settings_writer import SettingsWriter
from captioner.settings.models import Settings
from captioner.settings.store import LoadedSettings


class LiveSettings(QObject):
    """One snapshot after the other. A change holds at once and is written in the background.

    Signals:
        changed: Other settings hold now: those before and those now, both `Settings`.
        shown: The look to be seen has changed: the settings in force, or those that a dialog
            previews. Whatever paints follows this one; nothing else does.
    """

    changed = Signal(object, object)
    shown = Signal(object)

    def __init__(self, loaded: LoadedSettings, writer: SettingsWriter) -> None:
        """Begin with ``loaded``; ``writer`` keeps what is changed."""
        super().__init__()
        self._loaded = loaded
        self._writer = writer
        self._preview: Settings | None = None

    @property
    def now(self) -> Settings:
        """The settings in force."""
        return self._loaded.settings

    @property
    def loaded(self) -> LoadedSettings:
        """The same, with where each value comes from, and with what the file alone says."""
        return self._loaded

    @property
    def seen(self) -> Settings:
        """The settings whose look is to be seen: a preview, or those in force."""
        return self._preview or self.now

    def change(self, changes: Mapping[str, object], *, reset: Collection[str] = ()) -> None:
        """Let ``changes`` hold from now on, and write them.

        Args:
            changes: New values by dotted field name, such as ``overlay.lines``.
            reset: Names of fields, sections or endpoints that go back to their defaults;
                ``changes`` count the endpoints without them.

        Raises:
            ConfigurationError: A value makes no sense; nothing has changed.
        """
        before, self._loaded = self.now, self._loaded.changed(changes, reset=reset)
        self._writer.change(changes, reset=reset)
        self._tell(before)

    def take_over(self, saved: Settings) -> None:
        """Let hold what another process has saved."""
        if saved != self._loaded.saved:
            before, self._loaded = self.now, self._loaded.with_saved(saved)
            self._tell(before)

    def _tell(self, before: Settings) -> None:
        if self.now != before:
            self.changed.emit(before, self.now)
            if self._preview is None:
                self.shown.emit(self.now)

    def preview(self, settings: Settings | None) -> None:
        """Let the look of ``settings`` be seen, or with None that of the settings in force."""
        before, self._preview = self.seen, settings
        if self.seen != before:
            self.shown.emit(self.seen)
