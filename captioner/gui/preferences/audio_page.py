"""The page on what is heard, with how loud it is right now."""

from __future__ import annotations

import asyncio
import sys
from typing import ClassVar, Final

from PySide6.QtWidgets import QComboBox, QFormLayout, QPushButton

from captioner.core.errors import CaptionerError
from captioner.gui.commands import Command
from captioner.gui.desk import Desk
from captioner.gui.health.level_meters import LevelMeters
from captioner.gui.preferences.device_choice import DeviceChoice
from captioner.gui.preferences.draft import Draft
from captioner.gui.preferences.page import Page, small_print
from captioner.gui.text.sentences import said

_DEVICE_FIELD: Final = {
    ("microphone", "mic"): "audio.device",
    ("microphone", "both"): "audio.mic_device",
    ("system", "system"): "audio.device",
    ("system", "both"): "audio.system_device",
}
"""The setting of a kind of device, by the source that is chosen; without one there is no choice."""


class AudioPage(Page):
    """Source, devices, echo, and the level of what is heard now."""

    key: ClassVar[str] = "audio"

    def __init__(self, draft: Draft, desk: Desk) -> None:
        """Build the page."""
        super().__init__(draft, desk)
        self._add_source()
        self._add_level()
        self._add_echo()
        draft.changed.connect(self._on_draft)
        desk.bridge.state_changed.connect(self._show_running)
        self._show_running()

    @property
    def title(self) -> str:
        """Its title."""
        return self.tr("Audio")

    def opened(self) -> None:
        """Look for devices once more."""
        self.desk.tasks.start(self._find_devices(), name="list-devices-for-settings")
        self._show_running()

    def _add_source(self) -> None:
        form = self.group(self.tr("What is heard"))
        options: list[tuple[str, object]] = [
            (self.tr("Automatic"), "auto"),
            (self.tr("What the computer plays"), "system"),
            (self.tr("Microphone"), "mic"),
            (self.tr("Both, told apart"), "both"),
        ]
        source = str(self.draft.value("audio.source"))
        if source not in [value for _, value in options]:
            options.append((source.removeprefix("file:"), source))
        self.source = self.choice("audio.source", options)
        self.source.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.source.setMinimumContentsLength(34)  # as the devices; a file's name may be long
        self.source.currentIndexChanged.connect(self._forget_device)
        self.row(
            form,
            self.tr("&Source:"),
            self.source,
            field="audio.source",
            help_text=self.tr(
                "Automatic takes what the computer plays, or the microphone where nothing else "
                "can be heard."
            ),
            words=self.tr("loopback system audio input speaker"),
        )
        self.outputs = self._device(
            form, "system", self.tr("&Output:"), self.tr("What this output plays is heard.")
        )
        self.microphones = self._device(form, "microphone", self.tr("&Microphone:"), "")
        self._trouble = small_print("")
        self._trouble.setProperty("role", "problem")
        self._trouble.hide()
        form.addRow(self._trouble)

    def _add_level(self) -> None:
        form = self.group(self.tr("How loud it is now"))
        self._levels = form
        self._stopped = small_print(
            self.tr("Captions are stopped. The level is seen while they run.")
        )
        form.addRow(self._stopped)
        self.start = QPushButton(self.tr("S&tart captions"))
        self.start.clicked.connect(lambda: self.desk.do(Command.TOGGLE))
        form.addRow(self.start)
        self.meters = LevelMeters(self.desk.bridge)
        form.addRow(self.meters)
        form.addRow(
            small_print(
                self.tr("This is the source in use. Another one is heard once you apply it.")
            )
        )

    def _add_echo(self) -> None:
        form = self.group(self.tr("Echo"))
        if sys.platform.startswith("linux"):
            cancelled = self.check(
                "audio.echo_cancelled", self.tr("Use the sound server's &echo canceller")
            )
            self.row(
                form,
                "",
                cancelled,
                field="audio.echo_cancelled",
                help_text=self.tr(
                    "For the microphone, where the sound server has one loaded. With both sources "
                    "it is always used."
                ),
                words=self.tr("loudspeaker feedback"),
            )
        suppressed = self.check(
            "captions.suppress_echo", self.tr("&Leave out what the microphone only repeats")
        )
        self.row(
            form,
            "",
            suppressed,
            field="captions.suppress_echo",
            help_text=self.tr(
                "With both sources: words that the loudspeaker said just before are not captioned "
                "once more."
            ),
            words=self.tr("echo loudspeaker twice"),
        )
        self.only_if("audio.source", ("both",), suppressed)

    def _device(self, form: QFormLayout, kind: str, label: str, help_text: str) -> DeviceChoice:
        choice = DeviceChoice()

        def field() -> str | None:
            return _DEVICE_FIELD.get((kind, str(self.draft.value("audio.source"))))

        def enter(name: object) -> None:
            if (target := field()) is not None:
                self.draft.set(target, name)

        def show() -> None:
            target = field()
            value = None if target is None else self.draft.value(target)
            choice.show_device(None if value is None else str(value))
            choice.setEnabled(target is not None and self.draft.locked_by(target) is None)

        choice.chosen.connect(enter)
        self.follow(choice, show)
        self.row(form, label, choice, help_text=help_text, words=self.tr("device"))
        return choice

    def _forget_device(self) -> None:
        # A device belongs to the kind of source for which it was chosen.
        now = self.desk.live.now.audio
        is_as_now = self.draft.value("audio.source") == now.source
        self.draft.set("audio.device", now.device if is_as_now else None)

    def _on_draft(self, field: str) -> None:
        if field.startswith("audio."):
            self.show_values()

    async def _find_devices(self) -> None:
        trouble = ""
        try:
            devices = await asyncio.to_thread(self.desk.list_devices)
        except CaptionerError as error:
            trouble, devices = said(error.message), ()
        self._trouble.setText(f"\u26a0 {trouble}")
        self._trouble.setVisible(bool(trouble))
        for choice, kind in ((self.outputs, "system"), (self.microphones, "microphone")):
            choice.show_devices([device.name for device in devices if device.kind == kind])

    def _show_running(self) -> None:
        is_running = self.desk.runner.is_running
        self._levels.setRowVisible(self._stopped, not is_running)
        self._levels.setRowVisible(self.start, not is_running)
        self._levels.setRowVisible(self.meters, is_running)
