"""Keeps what was said from the start of the program on, whether its window is open or not."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from captioner.core.events import CaptionChanged, EngineChanged, GapMarked
from captioner.core.state import SessionState
from captioner.gui.bridge import SessionBridge
from captioner.transcript.record import Entry, Record


class Recorder(QObject):
    """The record, with signals for who shows it.

    Attributes:
        record: What was said.
        is_scripted: Whether a mock engine made up some of it.

    Signals:
        changed: An `Entry` is new or reads otherwise; a final without text is gone.
        scripted: A mock engine makes up the words from now on.
        dropped: Some of the oldest entries are kept no longer.
    """

    changed = Signal(object)
    scripted = Signal()
    dropped = Signal()

    def __init__(self, bridge: SessionBridge) -> None:
        """Record what ``bridge`` tells from now on."""
        super().__init__()
        self.record = Record()
        self.is_scripted = False
        bridge.caption_changed.connect(self._take)
        bridge.gap_marked.connect(self._take)
        bridge.engine_changed.connect(self._on_engine_changed)
        bridge.state_changed.connect(self._on_state_changed)

    def _take(self, event: CaptionChanged | GapMarked) -> None:
        entry = self.record.take(event)
        if entry is not None:
            self._tell(entry)

    def _on_engine_changed(self, event: EngineChanged) -> None:
        if event.is_mock and not self.is_scripted:
            self.is_scripted = True
            self.scripted.emit()

    def _on_state_changed(self, state: SessionState) -> None:
        if state is SessionState.STARTING:
            self._tell(self.record.begin_run())

    def _tell(self, entry: Entry) -> None:
        self.changed.emit(entry)
        if self.record.drop_oldest():
            self.dropped.emit()
