"""What the program is made of, with the licence of each part."""

from __future__ import annotations

import asyncio

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHeaderView,
    QPlainTextEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from captioner.core.packages import Package, installed_packages

_ROWS_SEEN = 6


class LicenceList(QWidget):
    """A list of packages, and the licence of the current one below it."""

    def __init__(self) -> None:
        """Begin empty; `fill` reads the packages."""
        super().__init__()
        self._packages: list[Package] = []
        self.list = QTreeWidget()
        self.list.setAccessibleName(self.tr("Packages"))
        self.list.setHeaderLabels([self.tr("Package"), self.tr("Version"), self.tr("Licence")])
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.list.currentItemChanged.connect(self._on_current)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.text.setAccessibleName(self.tr("Text of the licence"))
        self.setFocusProxy(self.list)
        row = self.fontMetrics().height() + 4
        self.list.setMinimumHeight(row * _ROWS_SEEN)
        self.text.setMinimumHeight(row * _ROWS_SEEN)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.list)
        column.addWidget(self.text)

    async def fill(self) -> None:
        """Read the packages, once."""
        if self._packages:
            return
        self._packages = await asyncio.to_thread(installed_packages)
        items = [
            QTreeWidgetItem([each.name, each.version, each.licence]) for each in self._packages
        ]
        self.list.addTopLevelItems(items)
        self.list.setCurrentItem(items[0])

    def _on_current(self, item: QTreeWidgetItem) -> None:
        package = self._packages[self.list.indexOfTopLevelItem(item)]
        self.text.setPlainText(
            package.text or self.tr("This package is installed without the text of its licence.")
        )
