"""A list of microphones or outputs, in which a device that is not there now stays chosen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox


class DeviceChoice(QComboBox):
    """Chooses a device by name; None follows the system's default.

    Signals:
        chosen: Another device was chosen: its name, or None.
    """

    chosen = Signal(object)

    def __init__(self) -> None:
        """Know of no device yet."""
        super().__init__()
        self._names: tuple[str, ...] = ()
        self._device: str | None = None
        self._is_known = False
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(34)
        self.currentIndexChanged.connect(self._on_index)
        self._build()

    def show_devices(self, names: Sequence[str]) -> None:
        """Offer the devices of these names: they are all there are."""
        self._names, self._is_known = tuple(names), True
        self._build()

    def show_device(self, name: str | None) -> None:
        """Show the choice ``name``."""
        self._device = name
        self._build()

    def _build(self) -> None:
        offered: list[tuple[str, str | None]] = [(self.tr("The system's default"), None)]
        offered += [(name, name) for name in self._names]
        if self._device is not None and self._device not in self._names:
            text = self.tr("{device} (not connected)") if self._is_known else "{device}"
            offered.append((text.format(device=self._device), self._device))
        with QSignalBlocker(self):
            if offered != [(self.itemText(i), self.itemData(i)) for i in range(self.count())]:
                self.clear()
                for title, name in offered:
                    self.addItem(title, name)
            self.setCurrentIndex([name for _, name in offered].index(self._device))

    def _on_index(self, index: int) -> None:
        self._device = self.itemData(index)
        self.chosen.emit(self._device)
