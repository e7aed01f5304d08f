"""What the sound server had to drop is counted, whenever the sound after it comes."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import pytest

from captioner.audio import pulse_capture
from captioner.audio.catalog import AudioDevice
from captioner.audio.handover import Handover

FRAME = bytes(range(8))
"""Two channels of float32."""


class Server:
    """The three functions of the library that reading needs; a number is a hole of so many frames.

    A real server makes holes only when it is short of memory.
    """

    def __init__(self) -> None:
        self.waiting: list[bytes | int] = []
        self._held: list[Any] = []

    def stream_peek(self, _stream: int, data: Any, size: Any) -> int:  # noqa: ANN401  # pointers
        item = self.waiting[0] if self.waiting else b""
        if isinstance(item, int):
            data._obj.value, size._obj.value = None, item * len(FRAME)
        else:
            buffer = ctypes.create_string_buffer(item, len(item))
            self._held.append(buffer)
            data._obj.value, size._obj.value = ctypes.addressof(buffer), len(item)
        return 0

    def stream_drop(self, _stream: int) -> int:
        del self.waiting[0]
        return 0

    def stream_get_latency(self, _stream: int, _age: Any, _is_ahead: Any) -> int:  # noqa: ANN401
        return -1


@pytest.mark.parametrize(
    ("turns", "handed_over"),
    [
        ([[FRAME, 5, FRAME * 2]], [(1, 0), (2, 5)]),
        ([[FRAME, 5], [FRAME]], [(1, 0), (1, 5)]),
        ([[5, 7, FRAME]], [(1, 12)]),
        ([[5], [7], [], [FRAME], [FRAME]], [(1, 12), (1, 0)]),
    ],
    ids=["before sound", "sound in the next turn", "two in a row", "over several turns"],
)
async def test_holes_are_counted(
    monkeypatch: pytest.MonkeyPatch,
    turns: Sequence[Sequence[bytes | int]],
    handed_over: list[tuple[int, int]],
) -> None:
    server = Server()
    monkeypatch.setattr(pulse_capture, "load_pulse_library", lambda: server)
    handover = Handover(limit_s=1.0)
    handover.set_rate(48_000)
    device = AudioDevice("system", "Speakers", True, "pulse", "speakers.monitor")  # noqa: FBT003
    capture = pulse_capture.PulseCapture(device, handover, fragment_s=0.02, open_limit_s=1.0)
    for turn in turns:
        server.waiting = [*turn]
        capture._read(0)
    blocks = [await handover.get(0.1) for _ in handed_over]
    assert [(block.frames, block.lost_before) for block in blocks if block] == handed_over
