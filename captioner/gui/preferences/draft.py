"""What is entered in the settings dialog and not applied yet."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from captioner.core.errors import ConfigurationError
from captioner.gui.live_settings import LiveSettings
from captioner.settings.fields import all_values
from captioner.settings.models import Settings


class Draft(QObject):
    """Changes on top of the settings in force, each checked as it is entered.

    A field is named as in the settings file, such as ``overlay.lines``. Lists such as
    ``endpoints``, ``vocabularies`` and ``captions.replacements`` are one field here, whose value is
    what the settings file says of them, without what the command line or the environment add.

    Attributes:
        names: What people call a field, such as "Look: Size"; each page adds its own.

    Signals:
        changed: The field of this name has another value.
        checked: Problems came or went.
        reloaded: All values may be others: show them anew.
    """

    changed = Signal(str)
    checked = Signal()
    reloaded = Signal()

    def __init__(self, live: LiveSettings) -> None:
        """Begin without changes."""
        super().__init__()
        self.names: dict[str, str] = {}
        self._live = live
        self._changes: dict[str, object] = {}
        self._problems: dict[str, ConfigurationError] = {}
        live.changed.connect(self._on_changed_elsewhere)

    @property
    def settings(self) -> Settings:
        """What would hold if all valid changes were applied now."""
        valid = {name: value for name, value in self._changes.items() if name not in self._problems}
        return self._live.loaded.changed(valid).settings

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to apply."""
        return bool(self._changes)

    @property
    def problems(self) -> dict[str, ConfigurationError]:
        """What makes no sense, by field; while there is any, nothing can be applied."""
        return dict(self._problems)

    def locked_by(self, field: str) -> str | None:
        """Return what sets ``field`` above the settings file, or None where it can be changed."""
        return self._live.loaded.locked_by(field)

    def value(self, field: str) -> object:
        """Return what is entered for ``field``, sensible or not, else what holds."""
        if field in self._changes:
            return self._changes[field]
        section, _, name = field.partition(".")
        if not name:
            return getattr(self._live.loaded.saved, section)
        return all_values(self._live.now)[field]

    def set(self, field: str, value: object) -> None:
        """Enter ``value`` for ``field``; one that makes no sense becomes its problem."""
        if value == self.value(field):
            return
        before = dict(self._problems)
        self._changes[field] = value
        self._problems.pop(field, None)
        try:
            self._live.loaded.changed({field: value})
        except ConfigurationError as error:
            self._problems[field] = error
        self._drop_if_unchanged(field, value)
        self.changed.emit(field)
        if before != self._problems:
            self.checked.emit()

    def apply(self) -> None:
        """Let the changes hold; they are none any more.

        Raises:
            ConfigurationError: Something makes no sense; nothing was applied.
        """
        if self._problems:
            raise next(iter(self._problems.values()))
        if self._changes:
            self._live.change(dict(self._changes))  # what holds now is no change any more
            self.discard()

    def discard(self) -> None:
        """Forget the changes."""
        self._changes, self._problems = {}, {}
        self.reloaded.emit()
        self.checked.emit()

    def _drop_if_unchanged(self, field: str, value: object) -> None:
        entered = self._changes.pop(field)
        if value != self.value(field):
            self._changes[field] = entered

    def _on_changed_elsewhere(self) -> None:
        # The tray and the overlay change settings too. What is entered here stays.
        for field, value in list(self._changes.items()):
            if field not in self._problems:
                self._drop_if_unchanged(field, value)
        self.reloaded.emit()
