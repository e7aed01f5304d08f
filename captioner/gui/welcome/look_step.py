"""The third step: how captions look, tried on the overlay itself."""

from __future__ import annotations

from typing import ClassVar, Final

from PySide6.QtCore import QPointF, QRectF, QSignalBlocker, QSize, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import QFormLayout, QLabel, QListWidget, QListWidgetItem, QWidget

from captioner.gui.desk import Desk
from captioner.gui.overlay.presets import PRESETS, Preset, preset_of
from captioner.gui.preferences.percent_slider import PercentSlider
from captioner.gui.welcome.step import Step
from captioner.settings.overlay import OverlaySettings

_SAMPLE: Final = QSize(72, 36)
_SIZES: Final = (50, 200)


class LookStep(Step):
    """Chooses a preset and a size; both are seen at once."""

    fields: ClassVar[tuple[str, ...]] = tuple(PRESETS[0].changes)
    fills_window: ClassVar[bool] = True

    def __init__(self, desk: Desk) -> None:
        """Build the step."""
        super().__init__(desk)
        self.paragraph(self.tr("Look at the captions while you choose: they show it at once."))
        self.presets = QListWidget()
        self.presets.setIconSize(_SAMPLE)
        self.presets.setAccessibleName(self.tr("Look"))
        for preset in PRESETS:
            self.presets.addItem(QListWidgetItem(_sample(preset), preset.translated_title))
        self.presets.currentRowChanged.connect(self._on_preset)
        self.size_slider = PercentSlider(*_SIZES)
        self.size_slider.slider.setAccessibleName(self.tr("Size of the text"))
        self.size_slider.moved.connect(
            lambda percent: desk.live.change({"overlay.size_percent": percent})
        )
        label = QLabel(self.tr("&Size:"))
        label.setBuddy(self.size_slider.slider)
        form = QFormLayout()
        form.addRow(label, self.size_slider)
        self.column.addWidget(self.presets, 1)
        self.column.addLayout(form)
        desk.live.changed.connect(self._show)

    @property
    def title(self) -> str:
        """The question."""
        return self.tr("How shall captions look?")

    @property
    def first(self) -> QWidget:
        """The list of looks."""
        return self.presets

    def begin(self) -> None:
        """Show what holds."""
        super().begin()
        self._show()

    def _on_preset(self, row: int) -> None:
        if row >= 0:
            self.desk.live.change(PRESETS[row].changes)

    def _show(self) -> None:
        overlay = self.desk.live.now.overlay
        preset = preset_of(overlay)
        if preset is None:  # perhaps one whose size was changed
            preset = next((each for each in PRESETS if _is_but_for_size(each, overlay)), None)
        with QSignalBlocker(self.presets):
            self.presets.setCurrentRow(-1 if preset is None else PRESETS.index(preset))
        self.size_slider.show_value(overlay.size_percent)


def _is_but_for_size(preset: Preset, overlay: OverlaySettings) -> bool:
    return (
        preset.applied_to(overlay).model_copy(update={"size_percent": overlay.size_percent})
        == overlay
    )


def _sample(preset: Preset) -> QIcon:
    """Return a small picture of the look."""
    look = preset.applied_to(OverlaySettings())
    picture = QPixmap(_SAMPLE * 2)
    picture.setDevicePixelRatio(2)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    area = QRectF(QPointF(0, 0), QPointF(_SAMPLE.width(), _SAMPLE.height())).adjusted(1, 1, -1, -1)
    painter.setPen(QPen(QColor("#808080"), 1))
    painter.setBrush(QColor("#7a8ca0"))  # something to be behind what is translucent
    painter.drawRoundedRect(area, 4, 4)
    ground = QColor(look.window_colour)
    ground.setAlphaF(look.window_opacity)
    painter.setBrush(ground)
    painter.drawRoundedRect(area, 4, 4)
    font = QFont()
    font.setPixelSize(12 * look.size_percent // 100)
    font.setBold(look.weight == "bold")
    path = QPainterPath()
    path.addText(0, 0, font, "Aa")
    box = path.boundingRect()
    path.translate(area.center() - box.center())
    if look.edge == "outline":
        painter.strokePath(path, QPen(Qt.GlobalColor.black, 3))
    painter.fillPath(path, QColor(look.text_colour))
    painter.end()
    icon = QIcon(picture)
    icon.addPixmap(picture, QIcon.Mode.Selected)  # the chosen one shows its colours as well
    return icon
