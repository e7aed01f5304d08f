"""Which losses of audio are told, and as how many gaps."""

from __future__ import annotations

from captioner.asr.replay import LostAudio
from captioner.session.gaps import LossGatherer
from tests.support.clock import ManualClock

PIECE = 1600


def test_one_dropped_piece_is_marked_however_short() -> None:
    clock = ManualClock()
    losses = LossGatherer(clock)
    assert losses.add(LostAudio(0, PIECE), dropped=True) is None
    assert losses.due() is None
    clock.jump(1.0)

    assert losses.due() == LostAudio(0, PIECE)
    assert losses.due() is None


def test_pieces_that_are_dropped_one_after_the_other_are_one_gap() -> None:
    clock = ManualClock()
    losses = LossGatherer(clock)
    for number in range(100):
        losses.add(LostAudio(number * 4 * PIECE, (number + 1) * 4 * PIECE), dropped=True)
        clock.jump(0.4)

    assert losses.due(at_end=True) == LostAudio(0, 400 * PIECE)
    assert losses.lost_samples == 400 * PIECE


def test_what_a_device_loses_is_marked_at_once_where_it_can_hold_a_word() -> None:
    clock = ManualClock()
    losses = LossGatherer(clock)
    assert losses.add(LostAudio(0, PIECE)) is None
    assert losses.add(LostAudio(9 * PIECE, 12 * PIECE)) == LostAudio(9 * PIECE, 12 * PIECE)
    clock.jump(1.0)

    assert losses.due() is None, "a tenth of a second is counted and not marked"
    assert losses.lost_samples == 4 * PIECE
