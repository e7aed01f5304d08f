"""The page on the window of the captions: where it is, and what reaches it."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox

from captioner.gui.desk import Desk
from captioner.gui.desktop.abilities import Abilities
from captioner.gui.preferences.draft import Draft
from captioner.gui.preferences.page import Page, small_print
from captioner.gui.text.language import LANGUAGES


class WindowPage(Page):
    """Place, mouse, screen captures, and the language of all windows."""

    key: ClassVar[str] = "window"

    def __init__(self, draft: Draft, desk: Desk) -> None:
        """Build the page with what this desktop makes possible."""
        super().__init__(draft, desk)
        self._abilities = Abilities.here()
        self._add_place()
        self._add_others()
        self._add_language()

    @property
    def title(self) -> str:
        """Its title."""
        return self.tr("Window")

    def opened(self) -> None:
        """Look for screens once more."""
        if self._abilities.places_itself:
            self._list_screens()

    def _add_place(self) -> None:
        form = self.group(self.tr("Place of the captions"))
        for name in ("keeps_above", "places_itself"):
            if missing := self._abilities.missing(name):
                form.addRow(small_print(missing))
        if not self._abilities.places_itself:
            return
        dock = self.choice(
            "overlay.dock",
            [
                (self.tr("Where you move it"), "floating"),
                (self.tr("Top of the screen"), "top"),
                (self.tr("Bottom of the screen"), "bottom"),
                (self.tr("Whole screen"), "full"),
            ],
        )
        self.row(
            form,
            self.tr("&Place:"),
            dock,
            field="overlay.dock",
            help_text=self.tr(
                "Move it with the mouse, or choose “Arrange captions” in the menu and use the "
                "arrow keys."
            ),
            words=self.tr("dock position fullscreen edge"),
        )
        self.screens = QComboBox()
        self.screens.currentIndexChanged.connect(
            lambda index: self.draft.set("overlay.screen", self.screens.itemData(index))
        )
        self.follow(self.screens, self._list_screens)
        self.row(
            form,
            self.tr("&Screen:"),
            self.screens,
            field="overlay.screen",
            words=self.tr("monitor display"),
        )
        self.only_if("overlay.dock", ("top", "bottom", "full"), self.screens)

    def _add_others(self) -> None:
        form = self.group(self.tr("Other programs"))
        if missing := self._abilities.missing("click_through"):
            form.addRow(small_print(missing))
        else:
            through = self.check(
                "overlay.click_through", self.tr("The &mouse reaches what is behind the captions")
            )
            self.row(
                form,
                "",
                through,
                field="overlay.click_through",
                help_text=self.tr(
                    "Captions then take no click. The menu of the tray icon and these settings "
                    "switch it off again."
                ),
                words=self.tr("click-through transparent"),
            )
        if missing := self._abilities.missing("capture_exclusion"):
            form.addRow(small_print(missing))
        else:
            hidden = self.check(
                "overlay.hide_from_capture", self.tr("Leave captions out of screen &captures")
            )
            self.row(
                form,
                "",
                hidden,
                field="overlay.hide_from_capture",
                words=self.tr("screenshot sharing recording"),
            )

    def _add_language(self) -> None:
        form = self.group(self.tr("All windows of Captioner"))
        names: list[tuple[str, object]] = [(name, key) for key, name in LANGUAGES.items()]
        language = self.choice(
            "desktop.language", [(self.tr("Language of the system"), ""), *names]
        )
        self.row(
            form,
            self.tr("&Language:"),
            language,
            field="desktop.language",
            help_text=self.tr(
                "Of menus and settings, from the next start on. What is spoken has a setting of "
                "its own on the page Server."
            ),
        )

    def _list_screens(self) -> None:
        """Offer the screens that are there, and the chosen one if it is gone."""
        chosen = str(self.draft.value("overlay.screen"))
        names = [screen.name() for screen in QGuiApplication.screens() if screen.name()]
        offered = [(self.tr("Where the captions are"), ""), *((name, name) for name in names)]
        if chosen and chosen not in names:
            offered.append((self.tr("{screen} (not connected)").format(screen=chosen), chosen))
        with QSignalBlocker(self.screens):
            self.screens.clear()
            for title, name in offered:
                self.screens.addItem(title, name)
            self.screens.setCurrentIndex(self.screens.findData(chosen))
