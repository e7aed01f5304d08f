"""The owner of a PortAudio: every call into it happens on one thread of its own.

What PortAudio (through sounddevice) makes necessary, and is kept in this one place:

* Its list of devices is frozen when it is initialised. To see a device that was plugged in it has
  to be terminated and initialised again, which **stops every stream of the library**. So that is
  done only when a wanted device is missing or dead, with other streams open not more often than
  `_REFRESH_PAUSE_S`, and their owners are told to open them again at once.
* It does not say that a device is gone or that the default has changed: the listener's watchdog
  notices that nothing comes any more.
* Its calls block, some for a second, and are not safe from several threads.

Microphones and loopback devices have a host, and so a library, each: restarting one for a
microphone that was unplugged costs the system audio nothing.

Where PulseAudio or PipeWire serves, none of this is used (`captioner.audio.pulse_capture`). The
Windows loopback has a PortAudio of its own inside PyAudioWPatch, so it is not concerned either.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, TypeVar

from captioner.audio.catalog import AudioDevice, DeviceKind, with_unique_names
from captioner.audio.handover import Handover
from captioner.audio.portaudio_library import load_private, load_shared
from captioner.core.errors import AudioDeviceError

_log = logging.getLogger(__name__)
_Result = TypeVar("_Result")

_REFRESH_PAUSE_S: Final = 30.0
_BLOCKS_PER_S: Final = 20
_MOST_CHANNELS: Final = 2
_MOST_AGE_S: Final = 1.0

_HOST_API: Final = {"win32": "Windows WASAPI", "darwin": "Core Audio", "linux": "ALSA"}
"""On Windows the same microphone appears once for each of four interfaces; the others cut names."""

_LOOPBACK_DRIVER: Final = "blackhole"


class PortAudioStream:
    """One open input. Made and closed on the host's thread."""

    def __init__(self, device: AudioDevice, handover: Handover) -> None:
        """Prepare."""
        self.device = device
        self.channels = min(device.channels, _MOST_CHANNELS)
        self._handover = handover
        self._stream: Any = None
        self._heard_until: float | None = None
        self._closing = False

    def open(self, sounddevice: Any) -> None:  # noqa: ANN401  # it ships no types
        """Start the stream.

        Raises:
            AudioDeviceError: It cannot be opened.
        """
        self._handover.set_rate(self.device.rate)
        try:
            self._stream = sounddevice.RawInputStream(
                device=int(self.device.id),
                samplerate=self.device.rate,
                channels=self.channels,
                dtype="float32",
                blocksize=self.device.rate // _BLOCKS_PER_S,
                callback=self._take,
                finished_callback=self._finished,
            )
            self._stream.start()
        except sounddevice.PortAudioError as error:
            self.close()
            raise AudioDeviceError(
                f'"{self.device.name}" cannot be opened: {_reason(error)}.',
                hint="Another program may be using it: close that, or choose another device.",
                code=str(error.args[-1]) if len(error.args) > 1 else "",
            ) from error

    def close(self) -> None:
        """Stop the stream. May be repeated."""
        self._closing = True
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close(ignore_errors=True)

    def interrupt(self, error: AudioDeviceError) -> None:
        """Stop the stream and tell its listener why."""
        self.close()
        self._handover.fail(error)

    def _take(self, data: Any, frames: int, times: Any, status: Any) -> None:  # noqa: ANN401  # cffi
        """Run on PortAudio's own thread: copy and hand over, nothing else."""
        now = time.monotonic()
        duration = frames / self.device.rate
        heard_until = now
        if times.inputBufferAdcTime > 0:
            age = times.currentTime - times.inputBufferAdcTime - duration
            heard_until -= min(max(age, 0.0), _MOST_AGE_S)
        lost = 0
        if status.input_overflow and self._heard_until is not None:
            # PortAudio does not say how much was lost; the clock does.
            missed_s = heard_until - duration - self._heard_until
            lost = max(0, round(missed_s * self.device.rate))
        self._heard_until = heard_until
        self._handover.put(bytes(data), frames, heard_until, lost_before=lost)

    def _finished(self) -> None:
        if not self._closing:
            self._handover.fail(
                AudioDeviceError(
                    f'"{self.device.name}" stopped by itself.', hint="It may be unplugged."
                )
            )


class PortAudioHost:
    """See the module. Its methods may be called from any thread and any event loop."""

    def __init__(self, load: Callable[[], Any] = load_shared) -> None:
        """Take the function that returns sounddevice; it is not called before the first `enter`."""
        self._load = load
        self._lock = threading.Lock()
        self._users = 0
        self._worker: ThreadPoolExecutor | None = None
        # The next worker must not begin before the last one has ended.
        self._turn = threading.Lock()
        self._sounddevice: Any = None
        self._streams: set[PortAudioStream] = set()
        self._refreshed_at = 0.0

    async def enter(self) -> None:
        """Load and initialise PortAudio, for the first user.

        Raises:
            UnsupportedError: PortAudio is not installed.
        """
        self._add_user()
        try:
            await asyncio.wrap_future(self._submit(self._initialise))
        except BaseException:
            await self.leave()
            raise

    async def leave(self) -> None:
        """Terminate PortAudio and end its thread, after the last user."""
        ended = self._remove_user()
        if ended is not None:
            await asyncio.wrap_future(ended)

    def list_inputs(self) -> list[AudioDevice]:
        """Return the inputs, as they were when PortAudio was initialised last. Blocks.

        Raises:
            UnsupportedError: PortAudio is not installed.
        """
        self._add_user()
        try:
            self._submit(self._initialise).result()
            return self._submit(self._list).result()
        finally:
            ended = self._remove_user()
            if ended is not None:
                ended.result()

    async def open(
        self, choose: Callable[[list[AudioDevice]], AudioDevice], handover: Handover, *, anew: bool
    ) -> PortAudioStream:
        """Open the device that ``choose`` picks from the list.

        Args:
            choose: Raises AudioDeviceError when there is none.
            handover: Gets the blocks.
            anew: Whether the list is to be renewed first, because a device died.

        Raises:
            AudioDeviceError: There is no such device, or it cannot be opened.
        """
        opening = self._submit(lambda: self._open(choose, handover, anew=anew))
        return await asyncio.wrap_future(opening)

    async def close(self, stream: PortAudioStream) -> None:
        """Close one stream. May be repeated."""
        if stream in self._streams:
            self._streams.discard(stream)
            await asyncio.wrap_future(self._submit(stream.close))

    def _add_user(self) -> None:
        with self._lock:
            self._users += 1
            if self._worker is None:
                self._worker = ThreadPoolExecutor(1, thread_name_prefix="captioner-portaudio")

    def _remove_user(self) -> Future[None] | None:
        with self._lock:
            self._users -= 1
            if self._users or self._worker is None:
                return None
            worker, self._worker = self._worker, None
        ended = worker.submit(self._terminate)
        worker.shutdown(wait=False)
        return ended

    def _submit(self, call: Callable[[], _Result]) -> Future[_Result]:
        with self._lock:
            if self._worker is None:
                raise RuntimeError("PortAudio was not entered")
            return self._worker.submit(call)

    def _initialise(self) -> None:
        with self._turn:
            if self._sounddevice is None:
                self._sounddevice = self._load()
            if not self._sounddevice._initialized:  # noqa: SLF001  # it has no public counterpart
                self._sounddevice._initialize()  # noqa: SLF001  # see above

    def _terminate(self) -> None:
        with self._turn:
            for stream in list(self._streams):
                stream.close()
            self._streams.clear()
            sounddevice = self._sounddevice
            while sounddevice is not None and sounddevice._initialized:  # noqa: SLF001  # see above
                sounddevice._terminate()  # noqa: SLF001  # see above

    def _list(self) -> list[AudioDevice]:
        sounddevice = self._sounddevice
        apis = sounddevice.query_hostapis()
        wanted = _HOST_API.get(sys.platform, "")
        chosen = next((n for n, api in enumerate(apis) if api["name"] == wanted), 0)
        if not apis:
            return []
        default = apis[chosen]["default_input_device"]
        found = []
        for info in sounddevice.query_devices():
            if info["hostapi"] != chosen or not info["max_input_channels"]:
                continue
            is_loopback = sys.platform == "darwin" and _LOOPBACK_DRIVER in info["name"].lower()
            kind: DeviceKind = "system" if is_loopback else "microphone"
            found.append(
                AudioDevice(
                    kind=kind,
                    name=info["name"],
                    is_default=is_loopback or info["index"] == default,
                    backend="portaudio",
                    id=str(info["index"]),
                    rate=round(info["default_samplerate"]),
                    channels=info["max_input_channels"],
                )
            )
        return with_unique_names(found)

    def _open(
        self, choose: Callable[[list[AudioDevice]], AudioDevice], handover: Handover, *, anew: bool
    ) -> PortAudioStream:
        if anew:
            self._refresh()
        try:
            return self._open_chosen(choose, handover)
        except AudioDeviceError:
            if anew or not self._refresh():
                raise
        return self._open_chosen(choose, handover)

    def _open_chosen(
        self, choose: Callable[[list[AudioDevice]], AudioDevice], handover: Handover
    ) -> PortAudioStream:
        stream = PortAudioStream(choose(self._list()), handover)
        stream.open(self._sounddevice)
        self._streams.add(stream)
        return stream

    def _refresh(self) -> bool:
        """Renew the list of devices, if that costs nobody too much; tell whether it was done."""
        now = time.monotonic()
        if self._streams and now - self._refreshed_at < _REFRESH_PAUSE_S:
            return False
        self._refreshed_at = now
        for stream in list(self._streams):
            stream.interrupt(AudioDeviceError("PortAudio was restarted to look for devices."))
        self._terminate()
        self._initialise()
        return True


def _reason(error: Exception) -> str:
    text = str(error.args[0]) if error.args else "unknown"
    return text.rsplit(": ", 1)[-1].split(" [PaErrorCode", 1)[0].rstrip(".")


MICROPHONE_HOST: Final = PortAudioHost()
"""PortAudio's state belongs to the process, and so does its owner."""

LOOPBACK_HOST: Final = PortAudioHost(load_private)
"""For the system audio, where that comes from PortAudio."""
