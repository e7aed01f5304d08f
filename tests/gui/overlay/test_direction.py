"""Text that is written from right to left: at the right, in its order and its colours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage, QPainter

from captioner.gui.overlay.line_painter import LinePainter
from captioner.gui.overlay.look import Look
from captioner.settings.overlay import OverlaySettings
from captioner.transcript.shown_lines import Run, RunKind, ShownLine

_WIDTH = 600
_SOLID = 150


@pytest.fixture
def look(qapp: object) -> Look:
    """One in which each kind of run has a colour of its own."""
    return replace(
        Look.from_settings(OverlaySettings()),
        text=QColor("#ff0000"),
        partial=QColor("#0000ff"),
        label=QColor("#00ff00"),
    )


def painted(look: Look, *runs: Run) -> dict[str, float]:
    """Return the middle of the letters in each colour, from 0 at the left to 1 at the right."""
    picture = QImage(_WIDTH, look.line_height, QImage.Format.Format_RGB32)
    picture.fill(QColor("black"))
    painter = QPainter(picture)
    LinePainter(look, _WIDTH).paint(painter, ShownLine(0, runs), 0)
    painter.end()
    pixels = np.frombuffer(picture.constBits(), np.uint8)
    pixels = pixels.reshape(look.line_height, picture.bytesPerLine() // 4, 4)
    places = {}
    for name, plane in (("final", 2), ("partial", 0), ("label", 1)):
        columns = np.nonzero((pixels[:, :, plane] > _SOLID).any(axis=0))[0]
        if len(columns):
            places[name] = float(columns.mean()) / _WIDTH
    return places


def test_words_from_right_to_left_begin_at_the_right(look: Look) -> None:
    places = painted(look, Run("שלום עולם", RunKind.FINAL), Run(" מה שלומך", RunKind.PARTIAL))

    assert places["partial"] < places["final"]
    assert places["final"] > 0.8


def test_the_name_of_the_speaker_does_not_turn_his_words_around(look: Look) -> None:
    places = painted(
        look,
        Run("Ben:", RunKind.LABEL),
        Run(" مرحبا", RunKind.FINAL),
        Run(" بالعالم", RunKind.PARTIAL),
    )

    assert places["partial"] < places["final"] < places["label"]
    assert places["label"] > 0.9


def test_words_from_left_to_right_begin_at_the_left(look: Look) -> None:
    places = painted(look, Run("hello", RunKind.FINAL), Run(" שלום", RunKind.PARTIAL))

    assert places["final"] < places["partial"] < 0.4
