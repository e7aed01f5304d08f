"""The first step: what is heard, and whether any sound of it arrives."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QButtonGroup, QFormLayout, QLabel, QRadioButton, QWidget

from captioner.core.errors import CaptionerError
from captioner.core.health import Health
from captioner.gui.desk import Desk
from captioner.gui.health.level_meters import LevelMeters
from captioner.gui.preferences.device_choice import DeviceChoice
from captioner.gui.text.sentences import health_said, said
from captioner.gui.welcome.step import Step

_KINDS = {"system": "system", "mic": "microphone"}


class HearStep(Step):
    """Chooses the source, which is heard at once."""

    fields: ClassVar[tuple[str, ...]] = ("audio.source", "audio.device")

    def __init__(self, desk: Desk) -> None:
        """Build the step."""
        super().__init__(desk)
        self.sources: dict[str, QRadioButton] = {}
        self._names: dict[str, list[str]] = {kind: [] for kind in _KINDS.values()}
        group = QButtonGroup(self)
        for source, title in (
            ("system", self.tr("What the &computer plays: calls, videos, music")),
            ("mic", self.tr("The &microphone: people in this room")),
            ("both", self.tr("B&oth, told apart as You and Others")),
            ("auto", self.tr("&Automatic: what the computer plays, else the microphone")),
        ):
            button = self.sources[source] = QRadioButton(title)
            button.setAccessibleName(title.replace("&", ""))
            button.clicked.connect(lambda _=False, source=source: self._choose(source))
            group.addButton(button)
            self.column.addWidget(button)
        self.device = DeviceChoice()
        self.device.chosen.connect(lambda name: desk.live.change({"audio.device": name}))
        label = QLabel(self.tr("&Device:"))
        label.setBuddy(self.device)
        self.device.setAccessibleName(self.tr("Device"))
        form = QFormLayout()
        form.addRow(label, self.device)
        self.column.addLayout(form)
        self.column.addSpacing(self.fontMetrics().height() // 2)
        self.paragraph(self.tr("Let something be heard: the bar moves when sound arrives."))
        self.meters = LevelMeters(desk.bridge)
        self.column.addWidget(self.meters)
        self.health = self.paragraph("", role="help")
        desk.bridge.health_changed.connect(self._show_health)
        desk.live.changed.connect(self._show)

    @property
    def title(self) -> str:
        """The question."""
        return self.tr("What do you want to read?")

    @property
    def first(self) -> QWidget:
        """The choice that holds."""
        return self.sources.get(self.desk.live.now.audio.source, self.sources["auto"])

    def begin(self) -> None:
        """Listen, and look for devices."""
        super().begin()
        if not self.desk.runner.is_running:
            self.desk.runner.start()
        if (session := self.desk.runner.session) is not None:
            self._show_health(health_said(session.health))
        self._show()
        self.desk.tasks.start(self._find_devices(), name="list-devices-for-welcome")

    def _choose(self, source: str) -> None:
        self.desk.live.change({"audio.source": source, "audio.device": None})

    def _show(self) -> None:
        audio = self.desk.live.now.audio
        for source, button in self.sources.items():
            with QSignalBlocker(button):
                button.setChecked(source == audio.source)
        kind = _KINDS.get(audio.source)
        self.device.setEnabled(kind is not None)
        self.device.show_devices(self._names[kind] if kind else [])
        self.device.show_device(audio.device if kind else None)

    def _show_health(self, health: Health) -> None:
        self.health.setText(f"{health.sentence} {health.hint}".strip())

    async def _find_devices(self) -> None:
        try:
            devices = await asyncio.to_thread(self.desk.list_devices)
        except CaptionerError as error:
            self.health.setText(
                " ".join(said(text) for text in (error.message, error.hint) if text)
            )
            return
        for kind, names in self._names.items():
            names[:] = [device.name for device in devices if device.kind == kind]
        self._show()
