"""A list of the eight base colours by name, and a way to any other."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QColorDialog, QComboBox, QHBoxLayout, QPushButton, QWidget

BASE_COLOURS: Final = (
    ("#ffffff", QT_TRANSLATE_NOOP("Colours", "White")),
    ("#000000", QT_TRANSLATE_NOOP("Colours", "Black")),
    ("#ff0000", QT_TRANSLATE_NOOP("Colours", "Red")),
    ("#00ff00", QT_TRANSLATE_NOOP("Colours", "Green")),
    ("#0000ff", QT_TRANSLATE_NOOP("Colours", "Blue")),
    ("#ffff00", QT_TRANSLATE_NOOP("Colours", "Yellow")),
    ("#ff00ff", QT_TRANSLATE_NOOP("Colours", "Magenta")),
    ("#00ffff", QT_TRANSLATE_NOOP("Colours", "Cyan")),
)
"""Those of the FCC's rules for captions."""

_SWATCH_PX: Final = 32


class ColourChoice(QWidget):
    """Chooses a colour as ``#rrggbb``.

    Signals:
        chosen: Another colour was chosen, also while the user still tries some.
    """

    chosen = Signal(str)

    def __init__(self, name: str) -> None:
        """Show the first colour until told otherwise.

        Args:
            name: What the colour is of.
        """
        super().__init__()
        self._name = name
        self._colour = BASE_COLOURS[0][0]
        self._dialog: QColorDialog | None = None
        self.box = QComboBox()
        for value, title in BASE_COLOURS:
            text = QCoreApplication.translate("Colours", str(title))
            self.box.addItem(_swatch(QColor(value)), text, value)
        self.box.currentIndexChanged.connect(lambda index: self._take(self.box.itemData(index)))
        self.other = QPushButton(self.tr("Another…"))
        self.other.setAccessibleName(self.tr("{name}: another colour").format(name=name))
        self.other.clicked.connect(self._open_dialog)
        self.setFocusProxy(self.box)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.box)
        row.addWidget(self.other)
        row.addStretch(1)

    @property
    def dialog(self) -> QColorDialog | None:
        """The dialog with all colours, while it is open."""
        return self._dialog

    def show_colour(self, value: str) -> None:
        """Show the colour ``value``; one without a name by its number."""
        self._colour = value
        with QSignalBlocker(self.box):
            while self.box.count() > len(BASE_COLOURS):
                self.box.removeItem(len(BASE_COLOURS))
            if self.box.findData(value) < 0:
                self.box.addItem(_swatch(QColor(value)), value, value)
            self.box.setCurrentIndex(self.box.findData(value))

    def close_dialog(self) -> None:
        """Close the dialog with all colours, if it is open, and leave things as they are."""
        if self._dialog is not None:
            self._dialog.blockSignals(True)  # noqa: FBT003  # Qt's own
            self._dialog.close()
            self._forget_dialog()

    def _open_dialog(self) -> None:
        if self._dialog is None:
            before = self._colour
            self._dialog = QColorDialog(QColor(before), self)
            # Qt's own looks and reads the same everywhere, and the captions go on behind it.
            self._dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
            self._dialog.setWindowModality(Qt.WindowModality.NonModal)
            self._dialog.setWindowTitle(self._name)
            self._dialog.currentColorChanged.connect(lambda colour: self._take(colour.name()))
            self._dialog.rejected.connect(lambda: self._take(before))
            self._dialog.finished.connect(self._forget_dialog)
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()

    def _forget_dialog(self) -> None:
        if self._dialog is not None:
            self._dialog.deleteLater()
            self._dialog = None

    def _take(self, value: str) -> None:
        if value != self._colour:
            self.show_colour(value)
            self.chosen.emit(value)


def _swatch(colour: QColor) -> QIcon:
    pixmap = QPixmap(_SWATCH_PX, _SWATCH_PX)
    pixmap.fill(colour)
    painter = QPainter(pixmap)
    # A rim in the middle between light and dark keeps every colour apart from every ground.
    painter.setPen(QColor("#808080"))
    painter.drawRect(0, 0, _SWATCH_PX - 1, _SWATCH_PX - 1)
    painter.end()
    return QIcon(pixmap)
