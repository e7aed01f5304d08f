"""The window of the transcript."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from PySide6.QtCore import QEvent, QRect, QSignalBlocker, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QGuiApplication,
    QHideEvent,
    QKeySequence,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from captioner.gui.clearance import step_aside
from captioner.gui.desk import Desk
from captioner.gui.preferences.message_bar import announce
from captioner.gui.text.sentences import said
from captioner.gui.transcript.recorder import Recorder
from captioner.gui.transcript.saving import RecordContent, SaveButton
from captioner.gui.transcript.search_bar import SearchBar
from captioner.gui.transcript.view import TranscriptView
from captioner.settings.models import Settings
from captioner.settings.overlay import WindowGeometry
from captioner.transcript.record import Entry

_LETTERS_WIDE: Final = 90
_LINES_HIGH: Final = 28


class TranscriptWindow(QWidget):
    """Shows the record while it is open, and costs nothing while it is not."""

    def __init__(self, desk: Desk, recorder: Recorder) -> None:
        """Build it; `open` shows it."""
        super().__init__()
        self.setWindowTitle(self.tr("Captioner transcript"))
        self._desk = desk
        self._recorder = recorder
        self.view = TranscriptView()
        self.search = SearchBar()
        self.speakers = QComboBox()
        self.speakers.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.times = QCheckBox(self.tr("Show &times"))
        self.announces = QCheckBox(self.tr("&Read new captions aloud"))
        self.announces.setToolTip(
            self.tr("A screen reader says each caption that will not change any more")
        )
        self.outcome = QLabel()
        self.outcome.setWordWrap(True)
        self.outcome.setTextFormat(Qt.TextFormat.PlainText)
        self.scripted = QLabel(self.tr("MOCK ENGINE: words of this transcript are scripted"))
        self.scripted.setVisible(recorder.is_scripted)
        self.newest = QPushButton(self.tr("Go to the ne&west"))
        self.copy_button = QPushButton(self.tr("&Copy all"))
        self.save_button = SaveButton(desk.tasks, self._content)
        self.close_button = QPushButton(self.tr("C&lose"))
        self._is_placed = False
        self._lay_out()
        self._connect()

    def open(self, *, clear_of: QRect | None = None) -> None:
        """Show it in front, not where ``clear_of`` would cover it."""
        if not self._is_placed:
            self._place()
        if clear_of is not None and not self.isVisible():
            step_aside(self, clear_of)
        self.show()
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.raise_()
        self.activateWindow()
        self.view.setFocus(Qt.FocusReason.ActiveWindowFocusReason)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        """Show what was said until now."""
        super().showEvent(event)
        if not event.spontaneous():
            self._show_settings(self._desk.live.now)
            self._fill()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  # Qt's name
        """Let go of the text, and remember the place."""
        super().hideEvent(event)
        if not event.spontaneous():
            self.save_button.files.close()
            self._say("")
            self._keep_place()
            self.view.fill([], has_times=self.times.isChecked())

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  # Qt's name
        """Hide; the next time it is there at once."""
        event.ignore()
        self.hide()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  # Qt's name
        """Take over the colours of another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.isVisible():
            QTimer.singleShot(0, self, self._fill)

    def _lay_out(self) -> None:
        label = QLabel(self.tr("Sp&eaker:"))
        label.setBuddy(self.speakers)
        self._speaker_row = QWidget()
        speaker = QHBoxLayout(self._speaker_row)
        speaker.setContentsMargins(0, 0, 0, 0)
        speaker.addWidget(label)
        speaker.addWidget(self.speakers)
        options = QHBoxLayout()
        for widget in (self._speaker_row, self.times, self.announces):
            options.addWidget(widget)
        options.addStretch(1)
        buttons = QHBoxLayout()
        for button in (self.copy_button, self.save_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        for button in (self.newest, self.close_button):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.addWidget(self.scripted)
        column.addWidget(self.search)
        column.addLayout(options)
        column.addWidget(self.view, 1)
        column.addWidget(self.outcome)
        column.addLayout(buttons)
        self.outcome.hide()
        self.newest.hide()
        letter = self.fontMetrics()
        self.resize(_LETTERS_WIDE * letter.averageCharWidth(), _LINES_HIGH * letter.height())

    def _connect(self) -> None:
        self._recorder.changed.connect(self._on_entry)
        self._recorder.scripted.connect(self.scripted.show)
        self._recorder.dropped.connect(self._on_dropped)
        self._desk.live.changed.connect(self._on_settings_changed)
        self.search.words_changed.connect(self.view.search)
        self.search.next_wanted.connect(self.view.go_to_match)
        self.search.previous_wanted.connect(lambda: self.view.go_to_match(backwards=True))
        self.search.left.connect(self.view.setFocus)
        self.view.found_changed.connect(
            lambda: self.search.show_found(self.view.current_number, len(self.view.finder.matches))
        )
        self.view.following_changed.connect(lambda follows: self.newest.setVisible(not follows))
        self.times.toggled.connect(lambda on: self._change("desktop.transcript_times", on))
        self.announces.toggled.connect(lambda on: self._change("desktop.announce_finals", on))
        self.speakers.currentIndexChanged.connect(self._fill)
        self.newest.clicked.connect(self._go_to_newest)
        self.copy_button.clicked.connect(self._copy_all)
        self.save_button.said.connect(self._say)
        self.close_button.clicked.connect(self.hide)
        for key, slot in (
            (QKeySequence.StandardKey.Find, self.search.begin),
            (QKeySequence.StandardKey.FindNext, self.view.go_to_match),
            (QKeySequence.StandardKey.FindPrevious, self.search.previous_wanted.emit),
            (QKeySequence.StandardKey.ZoomIn, self.view.zoomIn),
            (QKeySequence.StandardKey.ZoomOut, self.view.zoomOut),
            (QKeySequence.StandardKey.Save, self.save_button.showMenu),
            (QKeySequence.StandardKey.Close, self.hide),
        ):
            QShortcut(key, self).activated.connect(slot)

    def _fill(self) -> None:
        if self.isVisible():
            self._show_speakers()
            entries = [each for each in self._recorder.record if self._is_wanted(each)]
            self.view.fill(entries, has_times=self._desk.live.now.desktop.transcript_times)

    def _is_wanted(self, entry: Entry) -> bool:
        wanted = self.speakers.currentData() or ""
        return not wanted or entry.channel in ("", wanted)

    def _show_speakers(self) -> None:
        speakers = self._recorder.record.speakers
        self._speaker_row.setVisible(len(speakers) > 1)
        if self.speakers.count() == len(speakers) + 1:
            return
        blocker = QSignalBlocker(self.speakers)
        chosen = self.speakers.currentData()
        self.speakers.clear()
        self.speakers.addItem(self.tr("Everybody"), "")
        for channel in speakers:
            self.speakers.addItem(said(channel), channel)
        self.speakers.setCurrentIndex(max(0, self.speakers.findData(chosen)))
        blocker.unblock()

    def _on_entry(self, entry: Entry) -> None:
        if not self.isVisible():
            return
        if entry.channel and self.speakers.findData(entry.channel) < 0:
            self._show_speakers()
        if not self._is_wanted(entry):
            return
        self.view.show_entry(entry)
        if entry.is_final and entry.text and self.announces.isChecked():
            speaker = f"{said(entry.channel)}: " if entry.channel else ""
            announce(self.view, f"{speaker}{entry.text}")

    def _on_dropped(self) -> None:
        oldest = next(iter(self._recorder.record), None)
        if self.isVisible() and oldest is not None:
            self.view.drop(oldest.serial)

    def _show_settings(self, settings: Settings) -> None:
        for box, is_on in (
            (self.times, settings.desktop.transcript_times),
            (self.announces, settings.desktop.announce_finals),
        ):
            blocker = QSignalBlocker(box)
            box.setChecked(is_on)
            blocker.unblock()

    def _on_settings_changed(self, before: Settings, now: Settings) -> None:
        if self.isVisible():
            self._show_settings(now)
            if now.desktop.transcript_times != before.desktop.transcript_times:
                self._fill()

    def _change(self, field: str, value: object) -> None:
        self._desk.live.change({field: value})

    def _go_to_newest(self) -> None:
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.view.follow()

    def _copy_all(self) -> None:
        if text := self.view.text():
            QGuiApplication.clipboard().setText(text)
            self._say(self.tr("Copied"))
        else:
            self._say(self.tr("There are no captions to copy yet"))

    def _content(self) -> RecordContent:
        """Return what is kept of whom is shown."""
        begun = self._recorder.record.begun_at
        return RecordContent(
            entries=[each for each in self._recorder.record if self._is_wanted(each)],
            begun=None if begun is None else datetime.fromtimestamp(begun).astimezone(),
            times=self.times.isChecked(),
        )

    def _say(self, text: str) -> None:
        self.outcome.setText(text)
        self.outcome.setVisible(bool(text))
        if text:
            announce(self.outcome, text)

    def _place(self) -> None:
        """Stand where it was left, as far as that is on a screen."""
        self._is_placed = True
        left = self._desk.live.now.desktop.transcript_geometry
        if left is None:
            return
        wanted = QRect(left.x, left.y, left.width, left.height)
        screen = QGuiApplication.screenAt(wanted.center())
        if screen is not None:
            self.setGeometry(wanted & screen.availableGeometry())

    def _keep_place(self) -> None:
        place = self.geometry()
        left = WindowGeometry(
            x=place.x(), y=place.y(), width=max(160, place.width()), height=place.height()
        )
        if left != self._desk.live.now.desktop.transcript_geometry:
            self._change("desktop.transcript_geometry", left)
