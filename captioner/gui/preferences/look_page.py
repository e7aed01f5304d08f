"""The page on how captions look; every change is seen on the overlay at once."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel

from captioner.gui.desk import Desk
from captioner.gui.overlay.look import Look
from captioner.gui.overlay.presets import PRESETS, preset_of
from captioner.gui.overlay.system_contrast import SystemContrast
from captioner.gui.preferences.colour_choice import ColourChoice
from captioner.gui.preferences.draft import Draft
from captioner.gui.preferences.page import Page
from captioner.gui.preferences.percent_slider import PercentSlider


class LookPage(Page):
    """Preset, letters, colours, and lines."""

    key: ClassVar[str] = "look"

    def __init__(self, draft: Draft, desk: Desk) -> None:
        """Build the page."""
        super().__init__(draft, desk)
        self._contrast = SystemContrast(self)
        self._colours: list[ColourChoice] = []
        self._add_preset()
        self._add_letters()
        self._add_colours()
        self._add_lines()
        self._contrast.changed.connect(self._advise)
        draft.changed.connect(self._on_changed)

    @property
    def title(self) -> str:
        """Its title."""
        return self.tr("Look")

    def forget(self) -> None:
        """Close what is open beside the dialog."""
        for colour in self._colours:
            colour.close_dialog()

    def _add_preset(self) -> None:
        form = self.group(self.tr("To start from"))
        self.preset = QComboBox()
        for preset in PRESETS:
            self.preset.addItem(preset.translated_title, preset)
        self.preset.addItem(self.tr("A look of your own"))
        self.preset.activated.connect(self._on_preset)
        self.follow(self.preset, self._show_preset)
        self.row(
            form,
            self.tr("&Preset:"),
            self.preset,
            help_text=self.tr("Whatever you choose on this page is seen on the captions at once."),
            words=self.tr("theme style scheme high contrast large"),
        )
        self.advice = QLabel()
        self.advice.setWordWrap(True)
        self.advice.setAccessibleName(self.tr("Advice on contrast"))
        form.addRow(self.advice)
        self.follow(self.advice, self._advise)

    def _add_letters(self) -> None:
        form = self.group(self.tr("Letters"))
        self.row(
            form,
            self.tr("&Font:"),
            self._font(),
            field="overlay.font_family",
            words=self.tr("family typeface"),
        )
        self._percent(form, self.tr("&Size:"), "overlay.size_percent", (50, 200), is_share=False)
        weight = self.choice(
            "overlay.weight",
            [
                (self.tr("Normal"), "normal"),
                (self.tr("Medium"), "medium"),
                (self.tr("Bold"), "bold"),
            ],
        )
        self.row(form, self.tr("&Weight:"), weight, field="overlay.weight")
        edge = self.choice(
            "overlay.edge",
            [
                (self.tr("None"), "none"),
                (self.tr("Raised"), "raised"),
                (self.tr("Depressed"), "depressed"),
                (self.tr("Outline"), "outline"),
                (self.tr("Drop shadow"), "shadow"),
            ],
        )
        self.row(
            form,
            self.tr("&Edges:"),
            edge,
            field="overlay.edge",
            help_text=self.tr("They keep letters apart from whatever is behind them."),
        )

    def _add_colours(self) -> None:
        form = self.group(self.tr("Colours"))
        for colour, opacity, what, how_solid, help_text in (
            (
                "overlay.text_colour",
                "overlay.text_opacity",
                self.tr("&Text:"),
                self.tr("Opacity of the te&xt:"),
                "",
            ),
            (
                "overlay.background_colour",
                "overlay.background_opacity",
                self.tr("&Box behind each line:"),
                self.tr("Opacity of the b&ox:"),
                "",
            ),
            (
                "overlay.window_colour",
                "overlay.window_opacity",
                self.tr("Whole w&indow:"),
                self.tr("Opacity of the wi&ndow:"),
                self.tr("At 0 % only the letters and their box are seen."),
            ),
        ):
            self.row(form, what, self._colour(colour, what), field=colour, words=self.tr("color"))
            self._percent(form, how_solid, opacity, (0, 100), help_text=help_text)
        follow = self.check(
            "overlay.follow_contrast", self.tr("Follow the system's wish for &high contrast")
        )
        self.row(
            form,
            "",
            follow,
            field="overlay.follow_contrast",
            help_text=self.tr("While the system wants it, captions are white on solid black."),
        )

    def _add_lines(self) -> None:
        form = self.group(self.tr("Lines"))
        lines = self.number("overlay.lines", 1, 8)
        self.row(form, self.tr("&Lines of captions:"), lines, field="overlay.lines")
        glide = self.check("overlay.smooth_scroll", self.tr("New lines &glide in"))
        self.row(
            form,
            "",
            glide,
            field="overlay.smooth_scroll",
            help_text=self.tr("Otherwise they are there at once, without any motion."),
            words=self.tr("smooth scroll animation reduced motion"),
        )

    def _font(self) -> QComboBox:
        families: list[tuple[str, object]] = [
            (family, family)
            for family in QFontDatabase.families()
            if not QFontDatabase.isPrivateFamily(family)
        ]
        saved = str(self.draft.value("overlay.font_family"))
        if saved and not QFontDatabase.hasFamily(saved):
            families.insert(0, (self.tr("{font} (not installed)").format(font=saved), saved))
        box = self.choice("overlay.font_family", [(self.tr("The system's own"), ""), *families])
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(24)
        return box

    def _colour(self, field: str, label: str) -> ColourChoice:
        choice = ColourChoice(label.replace("&", "").rstrip(":"))
        choice.chosen.connect(lambda value: self.draft.set(field, value))
        self.follow(choice, lambda: choice.show_colour(str(self.draft.value(field))))
        self._colours.append(choice)
        return choice

    def _percent(
        self,
        form: QFormLayout,
        label: str,
        field: str,
        limits: tuple[int, int],
        *,
        is_share: bool = True,
        help_text: str = "",
    ) -> None:
        """Add a row with a slider for a share (1.0 is all) or for whole percents."""
        scale = 100 if is_share else 1
        slider = PercentSlider(*limits)
        slider.moved.connect(
            lambda percent: self.draft.set(field, percent / 100 if is_share else percent)
        )
        self.follow(
            slider, lambda: slider.show_value(round(float(str(self.draft.value(field))) * scale))
        )
        self.row(form, label, slider, field=field, help_text=help_text)

    def _on_preset(self, index: int) -> None:
        preset = self.preset.itemData(index)
        if preset is not None:
            for field, value in preset.changes.items():
                self.draft.set(field, value)
            self.show_values()

    def _on_changed(self) -> None:
        with QSignalBlocker(self.preset):
            self._show_preset()
        self._advise()

    def _show_preset(self) -> None:
        preset = preset_of(self.draft.settings.overlay)
        own = self.preset.count() - 1
        self.preset.setCurrentIndex(own if preset is None else PRESETS.index(preset))

    def _advise(self) -> None:
        """Say what is painted otherwise than it is asked for, so that it can be read."""
        overlay = self.draft.settings.overlay
        if self._contrast.is_high and overlay.follow_contrast:
            text = self.tr(
                "The system wants high contrast, so colours, opacities and edges are not those "
                "chosen here."
            )
        else:
            text = Look.from_settings(overlay).advice
        self.advice.setText(text and f"\u26a0 {text}")
        self.advice.setVisible(bool(text))
