"""Captures one source of PulseAudio or PipeWire: a microphone, or the monitor of an output.

Why libpulse and not PortAudio's ALSA device ``pulse``: that one is told its source by the
environment variable ``PULSE_SOURCE``, which the whole process shares; it lets the server move the
stream to another source when the chosen one disappears (the microphone would be captioned in place
of the film); it does not say when a source is suspended, moved or gone; and finding new devices
needs PortAudio to be started anew, which stops every other stream of the process. Here each
capture has a connection of its own, is never moved (``DONT_MOVE``), is told at once when its source
vanishes, knows how old its samples are, and cannot disturb another.

Each capture runs libpulse's main loop in one thread of its own, which ends with it. All calls into
libpulse happen there; there are no callbacks into Python, the thread looks at the states after each
turn of the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import threading
import time
from typing import Any, Final

from captioner.audio.catalog import AudioDevice, DeviceKind
from captioner.audio.handover import Handover
from captioner.audio.pulse_library import (
    CONTEXT_NOAUTOSPAWN,
    CONTEXT_READY,
    SAMPLE_FLOAT32LE,
    SERVER_DECIDES,
    STREAM_ADJUST_LATENCY,
    STREAM_AUTO_TIMING_UPDATE,
    STREAM_DONT_MOVE,
    STREAM_FIX_RATE,
    STREAM_INTERPOLATE_TIMING,
    STREAM_READY,
    BufferAttributes,
    SampleSpec,
    load_pulse_library,
)
from captioner.core.errors import AudioDeviceError

_log = logging.getLogger(__name__)

_BYTES_PER_SAMPLE: Final = 4
_CHANNELS: Final = 2
"""Surround is mixed down by the server, which knows which channel carries the speech."""

_FRAME_BYTES: Final = _BYTES_PER_SAMPLE * _CHANNELS
_LIKELY_RATE: Final = 48_000
"""What is asked for; the server answers with the rate that the source really has."""

_MOST_AGE_S: Final = 0.25
_AGE_SETTLED_S: Final = 1.0
"""libpulse extrapolates the age of samples, and is off until it has seen some sound arrive."""

_FIRST_SOUND_LIMIT_S: Final = 5.0
"""An idle null sink has worked up to 2 s ahead; headsets take their time to wake up."""

_TURN_US: Final = 250_000
"""A turn of the main loop ends after so long even when a wake-up was missed."""


class PulseCapture:
    """One recording stream; see `captioner.audio.capture.Capture`."""

    def __init__(
        self, device: AudioDevice, handover: Handover, *, fragment_s: float, open_limit_s: float
    ) -> None:
        """Prepare, on the loop; `open` starts the thread."""
        self._device = device
        self._handover = handover
        self._rate = _LIKELY_RATE
        self._fragment_s = fragment_s
        self._open_limit_s = open_limit_s
        self._pulse = load_pulse_library()
        self._loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._ended = asyncio.Event()
        self._stopping = False
        self._suspended = False
        self._ready_at: float | None = None
        self._first_sound_at: float | None = None
        self._lost_frames = 0
        self._mainloop: int = 0
        # Held around the main loop's birth and death, so that it is never woken up when dead.
        self._mainloop_lock = threading.Lock()
        self._thread = threading.Thread(
            target=self._run, name=f"captioner-capture-{device.kind}", daemon=True
        )

    @property
    def kind(self) -> DeviceKind:
        """What it captures."""
        return self._device.kind

    @property
    def name(self) -> str:
        """The device's name for people."""
        return self._device.name

    @property
    def id(self) -> str:
        """The server's name of the source."""
        return self._device.id

    @property
    def rate(self) -> int:
        """Frames per second: the source's own, once it is open."""
        return self._rate

    @property
    def channels(self) -> int:
        """Samples per frame."""
        return _CHANNELS

    @property
    def idle(self) -> bool:
        """True while the server has suspended the source, or has only just opened it.

        A source that is merely unused is neither: listening to it wakes it up, and it then
        delivers silence like any other sound.
        """
        if self._first_sound_at is None and self._ready_at is not None:
            return time.monotonic() - self._ready_at < _FIRST_SOUND_LIMIT_S
        return self._suspended

    async def open(self) -> None:
        """Return when the stream runs.

        Raises:
            AudioDeviceError: The server refuses, or does not answer in time.
        """
        self._thread.start()
        try:
            await self._opened
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """End the thread, and with it the connection."""
        self._stopping = True
        with self._mainloop_lock:
            if self._mainloop:
                self._pulse.mainloop_wakeup(self._mainloop)
        if self._thread.ident is not None:
            await self._ended.wait()
            self._thread.join()

    def _run(self) -> None:
        try:
            self._capture()
        except AudioDeviceError as error:
            self._tell_failed(error)
        except Exception as error:  # noqa: BLE001  # told to the listener, not lost with the thread
            _log.exception("the capture of %r failed", self._device.id)
            self._tell_failed(AudioDeviceError(f'"{self.name}" cannot be captured: {error}.'))
        finally:
            self._on_loop(self._ended.set)

    def _capture(self) -> None:
        pulse = self._pulse
        with contextlib.ExitStack() as cleanup:
            mainloop = pulse.mainloop_new()
            cleanup.callback(self._free_mainloop)
            self._mainloop = mainloop
            context = pulse.context_new(pulse.mainloop_get_api(mainloop), b"Captioner")
            cleanup.callback(pulse.context_unref, context)
            cleanup.callback(pulse.context_disconnect, context)
            limit = time.monotonic() + self._open_limit_s
            if pulse.context_connect(context, None, CONTEXT_NOAUTOSPAWN, None) < 0:
                raise self._error(context)
            if not self._reach(CONTEXT_READY, pulse.context_get_state, context, context, limit):
                return
            stream = self._new_stream(context)
            cleanup.callback(pulse.stream_unref, stream)
            cleanup.callback(pulse.stream_disconnect, stream)
            if not self._reach(STREAM_READY, pulse.stream_get_state, stream, context, limit):
                return
            self._adopt_rate(stream)
            self._ready_at = time.monotonic()
            self._on_loop(self._tell_opened)
            while not self._stopping:
                if pulse.stream_get_state(stream) != STREAM_READY:
                    raise self._error(context)
                self._suspended = pulse.stream_is_suspended(stream) == 1
                self._read(stream)
                self._turn()

    def _new_stream(self, context: int) -> int:
        pulse = self._pulse
        spec = SampleSpec(SAMPLE_FLOAT32LE, _LIKELY_RATE, _CHANNELS)
        stream: int | None = pulse.stream_new(context, b"Live captions", ctypes.byref(spec), None)
        if not stream:
            raise self._error(context)
        wanted = self._buffer_for(_LIKELY_RATE)
        flags = (
            STREAM_DONT_MOVE
            | STREAM_FIX_RATE
            | STREAM_ADJUST_LATENCY
            | STREAM_AUTO_TIMING_UPDATE
            | STREAM_INTERPOLATE_TIMING
        )
        source = self._device.id.encode()
        if pulse.stream_connect_record(stream, source, ctypes.byref(wanted), flags) < 0:
            pulse.stream_unref(stream)
            raise self._error(context)
        return stream

    def _adopt_rate(self, stream: int) -> None:
        pulse = self._pulse
        self._rate = int(pulse.stream_get_sample_spec(stream).contents.rate)
        self._handover.set_rate(self._rate)
        if self._rate != _LIKELY_RATE:
            wanted = self._buffer_for(self._rate)
            change = pulse.stream_set_buffer_attr(stream, ctypes.byref(wanted), None, None)
            if change:
                pulse.operation_unref(change)

    def _buffer_for(self, rate: int) -> BufferAttributes:
        fragment = round(rate * self._fragment_s) * _FRAME_BYTES
        return BufferAttributes(*(SERVER_DECIDES,) * 4, fragsize=fragment)

    def _reach(self, wanted: int, state_of: Any, what: int, context: int, limit: float) -> bool:  # noqa: ANN401  # a C function
        """Turn the loop until ``what`` has the state; False when told to stop meanwhile."""
        while (state := state_of(what)) != wanted:
            if self._stopping:
                return False
            if state > wanted:  # both enumerations end with FAILED and TERMINATED
                raise self._error(context)
            if time.monotonic() > limit:
                raise AudioDeviceError(
                    f'The sound server does not answer, so "{self.name}" cannot be heard.',
                    hint="Restart it: systemctl --user restart pipewire-pulse (or pulseaudio).",
                )
            self._turn()
        return True

    def _turn(self) -> None:
        pulse, mainloop = self._pulse, self._mainloop
        if pulse.mainloop_prepare(mainloop, _TURN_US) < 0 or pulse.mainloop_poll(mainloop) < 0:
            raise AudioDeviceError("The connection to the sound server broke.")
        pulse.mainloop_dispatch(mainloop)

    def _read(self, stream: int) -> None:
        pulse = self._pulse
        data, size = ctypes.c_void_p(), ctypes.c_size_t()
        pieces: list[bytes] = []
        while pulse.stream_peek(stream, ctypes.byref(data), ctypes.byref(size)) >= 0 and size.value:
            if data.value:
                pieces.append(ctypes.string_at(data.value, size.value))
            else:  # a hole: the server had to drop this much
                self._hand_over(stream, pieces)
                pieces = []
                # Told with the sound after it, which may come in another turn.
                self._lost_frames += size.value // _FRAME_BYTES
            pulse.stream_drop(stream)
        self._hand_over(stream, pieces)

    def _hand_over(self, stream: int, pieces: list[bytes]) -> None:
        if pieces:
            block = b"".join(pieces)
            frames = len(block) // _FRAME_BYTES
            now = time.monotonic()
            if self._first_sound_at is None:
                self._first_sound_at = now
            settled = now - self._first_sound_at > _AGE_SETTLED_S
            heard_until = now - self._age_s(stream) if settled else now
            self._handover.put(block, frames, heard_until, lost_before=self._lost_frames)
            self._lost_frames = 0

    def _age_s(self, stream: int) -> float:
        """Return how long ago the sound was heard that is read now; 0 when it is not known."""
        age, is_ahead = ctypes.c_uint64(), ctypes.c_int()
        if self._pulse.stream_get_latency(stream, ctypes.byref(age), ctypes.byref(is_ahead)) < 0:
            return 0.0
        # A monitor can run ahead of its output: what it gives will be heard in a moment.
        return 0.0 if is_ahead.value else min(age.value / 1e6, _MOST_AGE_S)

    def _error(self, context: int) -> AudioDeviceError:
        reason = self._pulse.strerror(self._pulse.context_errno(context)).decode(errors="replace")
        return AudioDeviceError(
            f'The sound server does not let "{self.name}" be heard: {reason}.',
            hint="See with `captioner devices` whether it is still there.",
            code=reason,
        )

    def _free_mainloop(self) -> None:
        with self._mainloop_lock:
            self._pulse.mainloop_free(self._mainloop)
            self._mainloop = 0

    def _tell_opened(self) -> None:
        if not self._opened.done():
            self._opened.set_result(None)

    def _tell_failed(self, error: AudioDeviceError) -> None:
        def tell() -> None:
            if not self._opened.done():
                self._opened.set_exception(error)

        self._handover.fail(error)
        self._on_loop(tell)

    def _on_loop(self, call: Any) -> None:  # noqa: ANN401  # any function without arguments
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(call)
