"""The levels of all that is heard now, one below the other."""

from __future__ import annotations

from PySide6.QtWidgets import QFormLayout, QWidget

from captioner.core.events import LevelChanged
from captioner.gui.bridge import SessionBridge
from captioner.gui.health.level_meter import LevelMeter
from captioner.gui.text.sentences import said


class LevelMeters(QWidget):
    """A meter for each channel, as the session tells of them."""

    def __init__(self, bridge: SessionBridge) -> None:
        """Follow the levels of ``bridge`` while this can be seen."""
        super().__init__()
        self._meters: dict[str, LevelMeter] = {}
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._add("")
        bridge.level_changed.connect(self._on_level)

    def texts(self) -> list[str]:
        """Return what stands beside the bars."""
        return [meter.text for meter in self._meters.values()]

    def _on_level(self, event: LevelChanged) -> None:
        if not self.isVisible():
            return
        if bool(event.channel) != any(self._meters):  # one source instead of two, or two of one
            while self._meters:
                self._form.removeRow(self._meters.popitem()[1])
        if event.channel not in self._meters:
            self._add(event.channel)
        self._meters[event.channel].show_level(event.level)

    def _add(self, channel: str) -> None:
        meter = self._meters[channel] = LevelMeter()
        name = said(channel) or self.tr("Level")
        meter.setAccessibleName(name)
        self._form.addRow(f"{name}:", meter)
