"""Garbage is collected, and in the thread of the windows alone."""

from __future__ import annotations

import gc
import threading

from pytestqt.qtbot import QtBot

from captioner.gui.garbage import garbage_collected_here


class Leftover:
    """Dies in a cycle, and tells where."""

    def __init__(self, died_in: list[str]) -> None:
        self.itself = self
        self.died_in = died_in

    def __del__(self) -> None:
        self.died_in.append(threading.current_thread().name)


def test_a_worker_that_allocates_collects_nothing(qtbot: QtBot) -> None:
    died_in: list[str] = []

    def work() -> None:
        kept = [[number] for number in range(20_000)]
        assert kept

    with garbage_collected_here():
        Leftover(died_in)
        worker = threading.Thread(target=work, name="worker")
        worker.start()
        worker.join()
        assert died_in == []
        kept = [[number] for number in range(20_000)]
        qtbot.waitUntil(lambda: bool(died_in), timeout=10_000)
        assert kept
    assert died_in == [threading.main_thread().name]
    assert gc.isenabled()
