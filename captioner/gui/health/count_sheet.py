"""What was counted of all runs since the program was started, as a form to be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from captioner.core.audio import SAMPLE_RATE
from captioner.core.counts import AudioCounts, EngineCounts, ErasureCounts, SessionCounts
from captioner.core.errors import ErrorCategory
from captioner.gui.health.labels import heading
from captioner.gui.health.sheet import Sheet

_CAUSES: Final[Mapping[str, object]] = {
    ErrorCategory.UNAVAILABLE: QT_TRANSLATE_NOOP("Causes", "broken connection"),
    ErrorCategory.OVERLOADED: QT_TRANSLATE_NOOP("Causes", "no room at the server"),
    ErrorCategory.ENGINE: QT_TRANSLATE_NOOP("Causes", "end of the embedded engine"),
    ErrorCategory.CREDENTIALS: QT_TRANSLATE_NOOP("Causes", "refused key"),
    ErrorCategory.REQUEST: QT_TRANSLATE_NOOP("Causes", "refused request"),
    ErrorCategory.TLS: QT_TRANSLATE_NOOP("Causes", "encryption"),
    ErrorCategory.PROTOCOL: QT_TRANSLATE_NOOP("Causes", "unknown protocol"),
}
"""What breaks a stream, by the category of the error."""


class CountSheet(Sheet):
    """What became of audio and words, and what went wrong."""

    def __init__(self) -> None:
        """Begin with nothing counted."""
        super().__init__()
        self._title = heading(self.tr("Since the start of Captioner"))
        self._form.addRow(self._title)
        self.captured = self._row(self.tr("Audio captured:"))
        self.sent = self._row(self.tr("Audio sent:"))
        self.processed = self._row(self.tr("Audio processed:"))
        self.waiting = self._row(self.tr("Waiting to be sent:"))
        self.revisions = self._row(self.tr("Revisions:"))
        self.erased = self._row(self.tr("Words taken back:"))
        self.causes = self._row(self.tr("Interruptions:"))
        self.failovers = self._row(self.tr("Another stood in:"))
        self.engine = self._row(self.tr("Embedded engine:"))
        self.outputs = self._row(self.tr("Failed outputs:"))
        self.show_counts(SessionCounts())
        self.show_engine(None)
        self.show_failures(history=0, feed=0)

    def lines(self) -> list[str]:
        """Return what is shown, a line a row."""
        return [self._title.text(), *super().lines()]

    def show_counts(self, counts: SessionCounts) -> None:
        """Show what the session has counted."""
        self._show_audio(counts.audio)
        self._show_erasure(counts.erasure)
        causes = {_cause(each): times for each, times in counts.reconnects.items()}
        self._say(self.causes, self._list(causes))
        self._say(self.failovers, self._times(counts.failovers))

    def show_engine(self, counts: EngineCounts | None) -> None:
        """Show how much the embedded engine has to do; None where there is none."""
        text = self.tr("Not in use")
        if counts is not None:
            work = self._number(counts.real_time_factor, 2)
            text = self.tr("{work} s of work for each second of audio; {streams}")
            text = text.format(work=work, streams=self._streams(counts.streams))
        self._say(self.engine, text)

    def show_failures(self, *, history: int, feed: int) -> None:
        """Show how often the outputs of the window have failed."""
        failures = {self.tr("history"): history, self.tr("live feed"): feed}
        self._say(self.outputs, self._list(failures))

    def _show_audio(self, audio: AudioCounts) -> None:
        for value, samples in (
            (self.captured, audio.captured),
            (self.sent, audio.sent),
            (self.processed, audio.processed),
            (self.waiting, audio.waiting),
        ):
            self._say(value, self._duration(samples / SAMPLE_RATE))

    def _show_erasure(self, erasure: ErasureCounts) -> None:
        self._say(self.revisions, self.locale().toString(erasure.revisions))
        words = self.locale().toString(erasure.erased_words)
        if erasure.final_words:
            share = self._number(erasure.normalized, 2)
            text = self.tr("{words}; {share} for each final word")
            words = text.format(words=words, share=share)
        self._say(self.erased, words)

    def _list(self, counted: Mapping[str, int]) -> str:
        found = [f"{what} ({times})" for what, times in counted.items() if times]
        return ", ".join(found) or self.tr("None")

    def _streams(self, count: int) -> str:
        if count == 1:
            return self.tr("one stream")
        return self.tr("{count} streams").format(count=count)

    def _times(self, count: int) -> str:
        if not count:
            return self.tr("Never")
        return self.tr("Once") if count == 1 else self.tr("{count} times").format(count=count)


def _cause(category: str) -> str:
    known = _CAUSES.get(category)
    return category if known is None else QCoreApplication.translate("Causes", str(known))
