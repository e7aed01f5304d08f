"""The submenu of what is heard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from captioner.gui.tray.choice_menu import as_title
from captioner.settings.models import AudioSettings

_KINDS: Final = (
    ("microphone", "mic", "mic_device"),
    ("system", "system", "system_device"),
)
_TITLES: Final = {
    "microphone": QT_TRANSLATE_NOOP("SourceMenu", "Microphone"),
    "system": QT_TRANSLATE_NOOP("SourceMenu", "System audio"),
}
_DEFAULTS: Final = {
    "microphone": QT_TRANSLATE_NOOP("SourceMenu", "&Microphone (default device)"),
    "system": QT_TRANSLATE_NOOP("SourceMenu", "&System audio (default device)"),
}


class Device(Protocol):
    """The part of `captioner.audio.devices.AudioDevice` that a menu shows.

    ``kind`` is "system" or "microphone", ``name`` what a person calls it.
    """

    @property
    def kind(self) -> str:
        """Kind of sound."""
        ...

    @property
    def name(self) -> str:
        """Name of the device."""
        ...


class SourceMenu(QMenu):
    """One device of one kind, or one of each kind at once; what is in use is ticked.

    Signals:
        wanted: The user chose something: changes of settings by dotted name.
    """

    wanted = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        """Offer the system's default devices until others are known."""
        super().__init__(QCoreApplication.translate("SourceMenu", "&Listen to"), parent)
        self._audio = AudioSettings()
        self._devices: tuple[tuple[str, str], ...] = ()
        self._group = QActionGroup(self)
        self._group.setExclusionPolicy(QActionGroup.ExclusionPolicy.None_)
        self.both = QMenu(self)
        self._build()

    def show_source(self, audio: AudioSettings) -> None:
        """Tick what is chosen now."""
        self._audio = audio
        self._tick()

    def show_devices(self, devices: Sequence[Device]) -> None:
        """Offer ``devices``, also while the menu is open."""
        found = tuple((device.kind, device.name) for device in devices)
        if found != self._devices:
            self._devices = found
            self._build()

    def _build(self) -> None:
        for action in self._group.actions():
            self._group.removeAction(action)
            action.deleteLater()
        self.clear()
        self.both.clear()
        self._add(self, self.tr("&Automatic"), {"audio.source": "auto", "audio.device": None})
        self.both.setTitle(self.tr("Microphone an&d system audio"))
        self.both.menuAction().setCheckable(True)
        self.addMenu(self.both)
        for kind, source, both_field in _KINDS:
            self._add_devices(self, kind, {"audio.source": source}, "audio.device")
            self._add_devices(self.both, kind, {"audio.source": "both"}, f"audio.{both_field}")
        self._tick()

    def _add_devices(
        self, menu: QMenu, kind: str, changes: dict[str, object], device_field: str
    ) -> None:
        menu.addSection(_translated(_TITLES[kind]))
        self._add(menu, _translated(_DEFAULTS[kind]), changes | {device_field: None})
        for found, name in self._devices:
            if found == kind:
                self._add(menu, as_title(name), changes | {device_field: name})

    def _add(self, menu: QMenu, title: str, changes: dict[str, object]) -> None:
        action = self._group.addAction(title)
        action.setCheckable(True)
        action.setData(changes)
        action.triggered.connect(lambda: self._choose(changes))
        menu.addAction(action)

    def _choose(self, changes: dict[str, object]) -> None:
        self._tick()  # a click on what holds takes its tick away
        self.wanted.emit(changes)

    def _tick(self) -> None:
        for action in self._group.actions():
            wanted = action.data().items()
            action.setChecked(
                all(getattr(self._audio, _leaf(field)) == value for field, value in wanted)
            )
        self.both.menuAction().setChecked(self._audio.source == "both")


def _leaf(field: str) -> str:
    return field.rpartition(".")[2]


def _translated(title: object) -> str:
    return QCoreApplication.translate("SourceMenu", str(title))
