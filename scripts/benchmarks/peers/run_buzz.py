"""Buzz as a user has it, captioning live at once: ``run_buzz MODEL``.

Its main window opens as its command opens it, then its window for live recording, with
faster-whisper and the model in the folder MODEL; its button for recording is pressed. A line is
printed for each thing that happens: ``visible``, ``recording``, and ``caption`` for each text.
"""

from __future__ import annotations

import sys

from buzz.cli import parse_command_line
from buzz.model_loader import ModelType, TranscriptionModel
from buzz.widgets.application import Application
from buzz.widgets.recording_transcriber_widget import RecordingTranscriberWidget
from PyQt6.QtCore import QTimer


class _Given(TranscriptionModel):
    """A model that lies in a folder."""

    def __init__(self, folder: str) -> None:
        super().__init__(ModelType.FASTER_WHISPER)
        self._folder = folder

    def get_local_model_path(self) -> str:
        return self._folder


def _say(word: str) -> None:
    print(word, flush=True)


def main(folder: str) -> None:
    """Run until it is ended from outside."""
    app = Application(sys.argv[:1])
    parse_command_line(app)
    app.show_main_window()

    def caption() -> None:
        recording = RecordingTranscriberWidget()
        app.captioning = recording  # kept as long as the application
        recording.transcription_options.model = _Given(folder)
        recording.transcription_options.language = "en"
        recording.show()
        recording.on_record_button_clicked()
        recording.transcriber.transcription.connect(
            lambda text: _say("caption") if text.strip() else None
        )
        _say("recording")

    def visible() -> None:
        _say("visible")
        QTimer.singleShot(0, caption)

    QTimer.singleShot(0, visible)
    sys.exit(app.exec())


if __name__ == "__main__":
    main(sys.argv[1])
