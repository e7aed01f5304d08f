"""Windows: what an output plays, through WASAPI loopback (PyAudioWPatch).

Loopback delivers nothing while nothing plays; `idle` says so and the listener fills in silence.
PyAudioWPatch carries a PortAudio of its own, whose list of devices is frozen like every PortAudio's
and which does not report changes: Windows itself is asked now and then which output is the default,
and the library is started anew when that has changed.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from captioner.audio.capture import Capture, CaptureBackend
from captioner.audio.catalog import AudioDevice, DeviceKind, choose_device, with_unique_names
from captioner.audio.handover import Handover
from captioner.audio.portaudio import PortAudioBackend
from captioner.audio.windows_default import default_output_id
from captioner.audio.wish import WantedKind
from captioner.core.audio import SourceCondition
from captioner.core.errors import AudioDeviceError, UnsupportedError

_log = logging.getLogger(__name__)
_Result = TypeVar("_Result")

_BLOCKS_PER_S: Final = 20
_SUFFIX: Final = " [Loopback]"


def load_library() -> Any:  # noqa: ANN401  # it ships no types
    """Return PyAudioWPatch.

    Raises:
        UnsupportedError: It is not installed, or this is not Windows.
    """
    try:
        return importlib.import_module("pyaudiowpatch")
    except ImportError as error:
        raise UnsupportedError(
            "System audio on Windows needs the package PyAudioWPatch, which is not installed.",
            hint="Install it with: pip install PyAudioWPatch",
        ) from error


def list_loopbacks(audio: Any) -> list[AudioDevice]:  # noqa: ANN401  # a PyAudio object
    """Return the outputs that can be heard. Blocks."""
    try:
        default = audio.get_default_wasapi_loopback()["index"]
    except (OSError, LookupError):
        default = None
    return with_unique_names(
        AudioDevice(
            kind="system",
            name=info["name"].removesuffix(_SUFFIX),
            is_default=info["index"] == default,
            backend="wasapi",
            id=str(info["index"]),
            rate=round(info["defaultSampleRate"]),
            channels=info["maxInputChannels"],
        )
        for info in audio.get_loopback_device_info_generator()
    )


class LoopbackCapture:
    """One output that is listened to; see `captioner.audio.capture.Capture`."""

    def __init__(
        self,
        device: AudioDevice,
        handover: Handover,
        run: Callable[[Callable[[], None]], Awaitable[None]],
    ) -> None:
        """Prepare; ``run`` runs a call on the one thread that talks to the library."""
        self._device = device
        self._handover = handover
        self._run = run
        self._stream: Any = None

    @property
    def kind(self) -> DeviceKind:
        """What it captures."""
        return "system"

    @property
    def name(self) -> str:
        """The output's name for people."""
        return self._device.name

    @property
    def rate(self) -> int:
        """Frames per second."""
        return self._device.rate

    @property
    def channels(self) -> int:
        """Samples per frame; loopback has all of the output's."""
        return self._device.channels

    @property
    def idle(self) -> bool:
        """True while the stream runs: it may say nothing for as long as nothing plays."""
        return self._stream is not None

    def open(self, library: Any, audio: Any) -> None:  # noqa: ANN401  # untyped library
        """Start the stream, on the worker.

        Raises:
            AudioDeviceError: It cannot be opened.
        """
        self._handover.set_rate(self.rate)

        def take(
            data: bytes, frames: int, times: dict[str, float], _status: int
        ) -> tuple[None, int]:
            now = time.monotonic()
            age = times["current_time"] - times["input_buffer_adc_time"] - frames / self.rate
            heard_until = now - age if 0.0 < age < 1.0 else now
            self._handover.put(bytes(data), frames, heard_until)
            return None, library.paContinue

        try:
            self._stream = audio.open(
                format=library.paFloat32,
                channels=self.channels,
                rate=self.rate,
                input=True,
                input_device_index=int(self._device.id),
                frames_per_buffer=self.rate // _BLOCKS_PER_S,
                stream_callback=take,
            )
        except OSError as error:
            raise AudioDeviceError(
                f'"{self.name}" cannot be listened to: {error}.',
                hint="Another program may have taken it for itself (exclusive mode): close that.",
            ) from error

    async def close(self) -> None:
        """Stop listening."""
        stream, self._stream = self._stream, None
        if stream is not None:
            await self._run(stream.close)


class LoopbackBackend:
    """Opens outputs by name or by default; see `captioner.audio.capture.CaptureBackend`."""

    def __init__(self, name: str | None, *, look_again_s: float = 1.0) -> None:
        """Prepare; ``name`` None follows the default output, looked up every ``look_again_s``."""
        self._name = name
        self._look_again_s = look_again_s
        self._worker: ThreadPoolExecutor | None = None
        self._library: Any = None
        self._audio: Any = None
        self._default_id: str | None = None
        self._moved = False
        self._looker: asyncio.Task[None] | None = None

    async def start(self, on_change: Callable[[], None]) -> None:
        """Load the library, and begin to look after the default output.

        Raises:
            UnsupportedError: It is not installed.
        """
        self._library = load_library()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="captioner-loopback")
        if self._name is None:
            look = self._look_after_default(on_change)
            self._looker = asyncio.create_task(look, name="captioner-default-output")

    async def open(self, handover: Handover) -> Capture:
        """Open the wanted output.

        Raises:
            AudioDeviceError: It is not there, or cannot be opened.
        """
        if self._worker is None:
            raise RuntimeError("the back end was not started")
        self._moved = False
        return await self._run(lambda: self._open(handover))

    async def is_outdated(self, capture: Capture) -> bool:
        """Tell whether the default output has changed since it was opened."""
        del capture
        return self._moved

    def condition(self, capture: Capture) -> SourceCondition:
        """Return nothing: the library does not tell."""
        del capture
        return SourceCondition()

    async def close(self) -> None:
        """Let go of the library."""
        looker, self._looker = self._looker, None
        if looker is not None:
            looker.cancel()
            await asyncio.gather(looker, return_exceptions=True)
        if self._worker is not None:
            await self._run(self._stop)
            self._worker.shutdown(wait=False)
            self._worker = None

    async def _run(self, call: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._worker, call)

    def _open(self, handover: Handover) -> LoopbackCapture:
        self._stop()
        self._audio = self._library.PyAudio()
        self._default_id = default_output_id()
        device = choose_device(list_loopbacks(self._audio), "system", self._name)
        capture = LoopbackCapture(device, handover, self._run_soon)
        capture.open(self._library, self._audio)
        return capture

    async def _run_soon(self, call: Callable[[], None]) -> None:
        if self._worker is not None:
            await self._run(call)

    def _stop(self) -> None:
        audio, self._audio = self._audio, None
        if audio is not None:
            audio.terminate()

    async def _look_after_default(self, on_change: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(self._look_again_s)
            self._moved = await self._run(default_output_id) != self._default_id
            if self._moved:
                on_change()


class WindowsBackend:
    """System audio from WASAPI, microphones from PortAudio: two libraries that share nothing."""

    def __init__(self, kind: WantedKind, name: str | None) -> None:
        """Prepare; "auto" takes the microphone where no output can be listened to."""
        self._backends: list[CaptureBackend] = []
        if kind != "microphone":
            self._backends.append(LoopbackBackend(name))
        if kind != "system":
            self._backends.append(PortAudioBackend("microphone", name))
        self._current = self._backends[0]

    async def start(self, on_change: Callable[[], None]) -> None:
        """Start all that may be needed."""
        for backend in self._backends:
            await backend.start(on_change)

    async def open(self, handover: Handover) -> Capture:
        """Open the first that can be opened.

        Raises:
            AudioDeviceError: None can; this is the reason of the last one.
        """
        *others, last = self._backends
        for backend in others:
            try:
                capture = await backend.open(handover)
            except AudioDeviceError as error:
                _log.info("no system audio: %s", error.message)
            else:
                self._current = backend
                return capture
        self._current = last
        return await last.open(handover)

    async def is_outdated(self, capture: Capture) -> bool:
        """Ask the back end that opened it."""
        return await self._current.is_outdated(capture)

    def condition(self, capture: Capture) -> SourceCondition:
        """Ask the back end that opened it."""
        return self._current.condition(capture)

    async def close(self) -> None:
        """Let go of all."""
        for backend in self._backends:
            await backend.close()
