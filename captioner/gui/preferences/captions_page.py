"""The page on what becomes of recognised words before they are read."""

from __future__ import annotations

from typing import ClassVar

from captioner.core.stability import StabilityMode
from captioner.gui.desk import Desk
from captioner.gui.preferences.draft import Draft
from captioner.gui.preferences.page import Page


class CaptionsPage(Page):
    """How steady captions are, how they are written, and what happens in silence."""

    key: ClassVar[str] = "captions"

    def __init__(self, draft: Draft, desk: Desk) -> None:
        """Build the page."""
        super().__init__(draft, desk)
        self._add_reading()
        self._add_writing()
        self._add_silence()

    @property
    def title(self) -> str:
        """Its title."""
        return self.tr("Captions")

    def _add_reading(self) -> None:
        form = self.group(self.tr("While somebody speaks"))
        stability = self.choice(
            "captions.stability",
            [
                (self.tr("Responsive"), StabilityMode.RESPONSIVE),
                (self.tr("Balanced"), StabilityMode.BALANCED),
                (self.tr("Steady"), StabilityMode.STEADY),
            ],
        )
        self.row(
            form,
            self.tr("&Stability:"),
            stability,
            field="captions.stability",
            help_text=self.tr(
                "Responsive shows every word at once, and may change it again. Balanced holds the "
                "last word back until it is surer. Steady shows only words that have been heard "
                "the same twice: calmer to read, and a little later."
            ),
            words=self.tr("flicker speed delay"),
        )
        partials = self.choice(
            "overlay.partials",
            [
                (self.tr("Like all others"), "shown"),
                (self.tr("Dimmed"), "dimmed"),
                (self.tr("Not shown"), "hidden"),
            ],
        )
        self.row(
            form,
            self.tr("&Words that may still change:"),
            partials,
            field="overlay.partials",
            help_text=self.tr("Not shown is calmest, and a sentence appears only when it is over."),
            words=self.tr("partial interim"),
        )
        labels = self.check("overlay.speaker_labels", self.tr("&Name the speaker"))
        self.row(
            form,
            "",
            labels,
            field="overlay.speaker_labels",
            help_text=self.tr("Where there is more than one, such as you and the others."),
        )

    def _add_writing(self) -> None:
        form = self.group(self.tr("How it is written"))
        punctuation = self.check(
            "recognition.punctuation", self.tr("&Punctuation and capital letters")
        )
        self.row(form, "", punctuation, field="recognition.punctuation")
        numbers = self.check(
            "recognition.inverse_text_normalization", self.tr("Numbers as &digits")
        )
        self.row(
            form,
            "",
            numbers,
            field="recognition.inverse_text_normalization",
            help_text=self.tr(
                "“21” instead of “twenty one”. Servers do this; the embedded engine writes numbers "
                "as it hears them."
            ),
        )
        profanity = self.check("recognition.profanity_filter", self.tr("&Mask swear words"))
        self.row(
            form,
            "",
            profanity,
            field="recognition.profanity_filter",
            help_text=self.tr(
                "They are shown as “f***”. The embedded engine knows the common English ones."
            ),
            words=self.tr("profanity filter"),
        )
        diarization = self.check(
            "recognition.diarization", self.tr("&Tell several voices of one source apart")
        )
        self.row(
            form,
            "",
            diarization,
            field="recognition.diarization",
            help_text=self.tr("Some servers can do this; the embedded engine cannot."),
            words=self.tr("speaker diarization"),
        )
        voices = self.number("recognition.max_speakers", 0, 64)
        voices.setSpecialValueText(self.tr("the server decides"))
        self.row(
            form,
            self.tr("At m&ost so many voices:"),
            voices,
            field="recognition.max_speakers",
            words=self.tr("speaker diarization"),
        )
        self.only_if("recognition.diarization", (True,), voices)

    def _add_silence(self) -> None:
        form = self.group(self.tr("When nobody speaks"))
        gap = self.number("captions.quiet_gap_s", 1, 30, suffix=self.tr(" s"))
        self.row(
            form,
            self.tr("A sentence &ends after silence of:"),
            gap,
            field="captions.quiet_gap_s",
            help_text=self.tr("Its last words are then taken for final."),
            words=self.tr("pause quiet gap"),
        )
        silence = self.choice(
            "overlay.on_silence",
            [(self.tr("Stay"), "keep"), (self.tr("Fade"), "fade")],
        )
        self.row(
            form,
            self.tr("&Captions then:"),
            silence,
            field="overlay.on_silence",
            words=self.tr("keep disappear hide"),
        )
        fade_after = self.number("overlay.fade_after_s", 2, 120, suffix=self.tr(" s"))
        self.row(form, self.tr("They &fade after:"), fade_after, field="overlay.fade_after_s")
        self.only_if("overlay.on_silence", ("fade",), fade_after)
