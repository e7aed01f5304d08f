"""The menu that the tray icon and the overlay share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from captioner.core.health import Health
from captioner.core.state import SessionState
from captioner.gui.commands import Command
from captioner.gui.desktop.abilities import Abilities

_RUNNING: Final = frozenset(
    {SessionState.STARTING, SessionState.STREAMING, SessionState.RECONNECTING}
)
_LONGEST_SENTENCE: Final = 70


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


class AppMenu(QObject):
    """Everything that can be asked of the program, in one menu.

    Signals:
        start_wanted, stop_wanted, arrange_wanted, quit_wanted: An action was chosen.
        source_wanted: A source was chosen: as in `AudioSettings.source`, and a device or None.
        overlay_wanted: The overlay is to be shown (True) or hidden.
        command_wanted: Something else is to be done, a `Command`.
        devices_wanted: The menu of sources opens; fresh devices should be given to
            `show_devices`.
    """

    start_wanted = Signal()
    stop_wanted = Signal()
    source_wanted = Signal(str, object)
    overlay_wanted = Signal(bool)
    arrange_wanted = Signal()
    command_wanted = Signal(object)
    devices_wanted = Signal()
    quit_wanted = Signal()

    def __init__(self) -> None:
        """Build the menu; captions are taken to be stopped until told otherwise."""
        super().__init__()
        self._is_running = False
        self._is_overlay_visible = True
        self._chosen: tuple[str, str | None] = ("auto", None)
        self._devices: tuple[tuple[str, str], ...] = ()
        self.menu = QMenu()
        self.menu.setToolTipsVisible(True)
        self._sentence = self.menu.addAction("", self._on_sentence)
        self.menu.addSeparator()
        self._toggle = self.menu.addAction("", self._on_toggle)
        self.sources = self.menu.addMenu("&Listen to")
        self.sources.aboutToShow.connect(self.devices_wanted)
        self._group = QActionGroup(self)
        self.menu.addSeparator()
        self._overlay = self.menu.addAction("", self._on_overlay)
        self._arrange = self.menu.addAction("&Arrange captions", self.arrange_wanted.emit)
        self._arrange.setToolTip("Move and resize the captions with the keyboard")
        self._through = self._add_command(self.tr("Clicks go &through"), Command.CLICK_THROUGH)
        self._through.setToolTip(self.tr("The mouse reaches what is behind the captions"))
        self._through.setCheckable(True)
        self._through.setVisible(Abilities.here().click_through)
        self.menu.addSeparator()
        self._add_command(self.tr("S&ettings…"), Command.SETTINGS)
        self._add_command(self.tr("&First steps…"), Command.WELCOME)
        self.menu.addSeparator()
        self._quit = self.menu.addAction("&Quit", self.quit_wanted.emit)
        self.show_state(SessionState.IDLE)
        self.show_overlay_visible(visible=True)
        self._build_sources()

    def show_state(self, state: SessionState) -> None:
        """Offer start or stop, whichever makes sense."""
        self._is_running = state in _RUNNING
        self._toggle.setText("&Stop captions" if self._is_running else "&Start captions")
        self._toggle.setEnabled(state is not SessionState.STOPPING)

    def show_health(self, health: Health) -> None:
        """Begin with the sentence that says how things are."""
        text = health.sentence
        if len(text) > _LONGEST_SENTENCE:
            text = text[: _LONGEST_SENTENCE - 1].rstrip() + "…"
        self._sentence.setText(text.replace("&", "&&"))
        self._sentence.setToolTip(health.hint)

    def show_overlay_visible(self, *, visible: bool) -> None:
        """Offer to hide what is visible, and to show what is not."""
        self._is_overlay_visible = visible
        self._overlay.setText("&Hide captions" if visible else "&Show captions")
        self._arrange.setEnabled(visible)

    def show_click_through(self, *, is_on: bool) -> None:
        """Tick it as long as the mouse reaches what is behind the overlay."""
        self._through.setChecked(is_on)

    def allow_hiding(self, *, allowed: bool) -> None:
        """Without a tray icon nothing could bring hidden captions back."""
        self._overlay.setEnabled(allowed)
        self._overlay.setToolTip("" if allowed else "Needs a system tray to come back from")

    def show_source(self, source: str, device: str | None) -> None:
        """Tick what is chosen now."""
        self._chosen = (source, device)
        self._build_sources()

    def show_devices(self, devices: Sequence[Device]) -> None:
        """Offer ``devices``, also while the menu is open."""
        found = tuple((device.kind, device.name) for device in devices)
        if found != self._devices:
            self._devices = found
            self._build_sources()

    def _build_sources(self) -> None:
        self.sources.clear()
        self._add_source("&Automatic", "auto", None)
        self._add_source("Microphone &and system audio", "both", None)
        for kind, source, title in (
            ("system", "system", "&System audio"),
            ("microphone", "mic", "&Microphone"),
        ):
            self.sources.addSection(title.replace("&", ""))
            self._add_source(f"{title} (default device)", source, None)
            for name in [name for found, name in self._devices if found == kind]:
                self._add_source(name.replace("&", "&&"), source, name)

    def _add_command(self, title: str, command: Command) -> QAction:
        return self.menu.addAction(title, lambda: self.command_wanted.emit(command))

    def _add_source(self, title: str, source: str, device: str | None) -> None:
        action = QAction(title, self.sources)
        action.setCheckable(True)
        action.setChecked(self._chosen == (source, device))
        action.triggered.connect(lambda: self.source_wanted.emit(source, device))
        self._group.addAction(action)
        self.sources.addAction(action)

    def _on_sentence(self) -> None:
        # Not merely a label: greyed out it would be hard to read, and the overlay says more.
        self.overlay_wanted.emit(True)  # noqa: FBT003  # a signal's argument

    def _on_toggle(self) -> None:
        (self.stop_wanted if self._is_running else self.start_wanted).emit()

    def _on_overlay(self) -> None:
        self.overlay_wanted.emit(not self._is_overlay_visible)
