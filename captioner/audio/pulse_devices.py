"""What PulseAudio or PipeWire has to offer, and word of its changes.

pulsectl does the talking; its blocking calls get a time limit here through its poll function, so a
frozen sound server cannot freeze anything of ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import select
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final

import pulsectl

from captioner.audio.catalog import AudioDevice, with_unique_names
from captioner.core.errors import AudioDeviceError

_log = logging.getLogger(__name__)

_NO_SINK: Final = 0xFFFF_FFFF
_DUMMY_OUTPUT: Final = "auto_null"
"""What the servers show while there is no real output. Nothing can be heard from it."""

_ECHO_CANCELLER: Final = "module-echo-cancel"
_PASSES_ON: Final = (_ECHO_CANCELLER, "module-loopback", "module-combine-sink")
"""Modules that play all the time, whether there is sound or not."""

_ANSWER_LIMIT_S: Final = 3.0
_RECONNECT_S: Final = 0.5


@cache
def _note_server(name: str, version: str) -> None:
    """Write once which sound server it is."""
    _log.info("the sound server is %s, %s", name, version)


class _Connection:
    """A pulsectl connection whose calls end in time, and can be interrupted.

    Belongs to the thread that made it, but for `interrupt`.
    """

    def __init__(self, name: str) -> None:
        self._deadline: float | None = None
        self._stopping = False
        self._changed = False
        self._pulse = pulsectl.Pulse(name, connect=False)
        self._pulse.set_poll_func(self._poll, self._poll_failed)

    def connect(self) -> None:
        with self._limited():
            self._pulse.connect()

    def devices(self) -> list[AudioDevice]:
        self._changed = False
        with self._limited():
            server = self._pulse.server_info()
            _note_server(server.server_name, server.server_version)
            sources = self._pulse.source_list()
            sinks = self._pulse.sink_list()
            modules = self._pulse.module_list()
            streams = self._pulse.sink_input_list()
        outputs = {sink.index: sink for sink in sinks if sink.name != _DUMMY_OUTPUT}
        cancellers = {m.index: m.argument or "" for m in modules if m.name == _ECHO_CANCELLER}
        passing_on = {module.index for module in modules if module.name in _PASSES_ON}
        players = {
            stream.sink
            for stream in streams
            if not stream.corked and stream.owner_module not in passing_on
        }
        found = []
        # pulsectl's sample_spec points to memory that libpulse has freed by now: not to be read.
        for source in sources:
            if source.monitor_of_sink == _NO_SINK:
                is_default = source.name == server.default_source_name
                name = source.description or source.name
                microphone = AudioDevice(
                    *("microphone", name, is_default, "pulse", source.name),
                    silenced_by=_silenced_by(source),
                )
                echo_cancels = _echo_cancels(source, cancellers)
                found.append(replace(microphone, echo_cancels=echo_cancels))
            elif (output := outputs.get(source.monitor_of_sink)) is not None:
                is_default = output.name == server.default_sink_name
                name = output.description or output.name
                found.append(
                    AudioDevice(
                        *("system", name, is_default, "pulse", source.name),
                        silenced_by=_silenced_by(output) or _silenced_by(source),
                        is_playing=output.index in players,
                    )
                )
        return with_unique_names(found)

    def subscribe(self) -> None:
        with self._limited():
            self._pulse.event_mask_set("sink", "source", "server", "sink_input")
        self._pulse.event_callback_set(self._note_change)

    def wait_for_change(self) -> None:
        """Return when something has changed since the last call of `devices` began."""
        while not self._changed and not self._stopping:
            self._pulse.event_listen()

    def _note_change(self, _event: object) -> None:
        # Changes are also reported while `devices` asks, when nothing listens to be stopped.
        self._changed = True
        raise pulsectl.PulseLoopStop

    def interrupt(self) -> None:
        """End `wait_for_change` in the owning thread. May be called from any thread."""
        self._stopping = True
        self._pulse.event_listen_stop()

    def close(self) -> None:
        self._deadline = time.monotonic() + _ANSWER_LIMIT_S
        with contextlib.suppress(pulsectl.PulseError):
            self._pulse.close()

    @contextlib.contextmanager
    def _limited(self) -> Iterator[None]:
        self._deadline = time.monotonic() + _ANSWER_LIMIT_S
        try:
            yield
        finally:
            self._deadline = None

    def _poll(self, descriptors: Sequence[Any], timeout_s: float) -> int:
        poller = select.poll()
        for descriptor in descriptors:
            descriptor.revents = 0
            poller.register(descriptor.fd, descriptor.events)
        limit_s = timeout_s if timeout_s >= 0 else None
        if self._deadline is not None:
            left_s = self._deadline - time.monotonic()
            if left_s <= 0:
                raise TimeoutError("the sound server does not answer")
            limit_s = left_s if limit_s is None else min(limit_s, left_s)
        elif self._stopping:
            # Stopped between the owner's look at its flag and this wait, so the call went unheard.
            self._pulse.event_listen_stop()
            return 0
        ready = dict(poller.poll(None if limit_s is None else limit_s * 1000))
        for descriptor in descriptors:
            descriptor.revents = ready.get(descriptor.fd, 0)
        return len(ready)

    def _poll_failed(self, *exc_info: object) -> None:
        # libpulse only learns that its poll failed, and fails the call; that is enough.
        _log.debug("poll on the sound server's socket ended: %r", exc_info[1])


def _silenced_by(device: Any) -> str:  # noqa: ANN401  # untyped
    if device.mute:
        return "mute"
    return "" if any(device.volume.values) else "volume"


def _echo_cancels(source: Any, cancellers: Mapping[int, str]) -> str | None:  # noqa: ANN401  # untyped
    """Return the id of the microphone whose echo ``source`` removes; None where it removes none.

    Args:
        source: As the server lists it.
        cancellers: The arguments of each echo canceller that is loaded, by module number.
    """
    if source.owner_module in cancellers:  # PulseAudio
        return str(source.proplist.get("device.master_device", ""))
    if not source.proplist.get("node.link-group", "").startswith("echo-cancel"):
        return None
    # PipeWire does not say which module a source belongs to; its own configuration has no module.
    if len(cancellers) == 1:
        for argument in next(iter(cancellers.values())).split():
            name, _, value = argument.partition("=")
            if name == "source_master":
                return value
    return ""


class PulseUnavailableError(AudioDeviceError):
    """No PulseAudio or PipeWire server can be reached."""


def list_pulse_devices() -> list[AudioDevice]:
    """Return all outputs and microphones. Blocks, at most for a few seconds.

    Raises:
        PulseUnavailableError: There is no server, or it does not answer.
    """
    connection = _Connection("Captioner devices")
    try:
        connection.connect()
        return connection.devices()
    except Exception as error:
        raise _unavailable(error) from error
    finally:
        connection.close()


class PulseWatch:
    """Knows the devices at any time; a thread of its own keeps the knowledge fresh.

    The loop's side is `start`, `devices` and `close`.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        """Prepare, on the loop; ``on_change`` will be called on it."""
        self._loop = asyncio.get_running_loop()
        self._on_change = on_change
        self._known: list[AudioDevice] | None = None
        self._first = asyncio.Event()
        self._ended = asyncio.Event()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._connection: _Connection | None = None
        self._thread = threading.Thread(target=self._run, name="captioner-devices", daemon=True)

    async def start(self) -> None:
        """Return when the devices are known, or known to be unreachable."""
        self._thread.start()
        await self._first.wait()

    def devices(self) -> list[AudioDevice]:
        """Return what there is now.

        Raises:
            PulseUnavailableError: The server is away.
        """
        if self._known is None:
            raise PulseUnavailableError(
                "There is no sound server (PulseAudio or PipeWire) to listen to.",
                hint="Start it: systemctl --user start pipewire-pulse (or pulseaudio --start).",
            )
        return self._known

    async def close(self) -> None:
        """End the thread."""
        self._stop.set()
        with self._lock:
            if self._connection is not None:
                self._connection.interrupt()
        if self._thread.ident is not None:
            await self._ended.wait()
            self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                try:
                    self._follow()
                except Exception as error:  # noqa: BLE001  # pulsectl's errors have no common base
                    if not self._stop.is_set():
                        _log.info("the sound server cannot be followed: %r", error)
                self._publish(None)
                self._stop.wait(_RECONNECT_S)
        finally:
            self._post(self._ended.set)

    def _follow(self) -> None:
        connection = _Connection("Captioner devices")
        with self._lock:
            self._connection = connection
        try:
            connection.connect()
            connection.subscribe()
            while not self._stop.is_set():
                self._publish(connection.devices())
                connection.wait_for_change()
        finally:
            with self._lock:
                self._connection = None
            connection.close()

    def _publish(self, devices: list[AudioDevice] | None) -> None:
        def take_over() -> None:
            changed = devices != self._known
            self._known = devices
            self._first.set()
            if changed:
                self._on_change()

        self._post(take_over)

    def _post(self, call: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(call)


def _unavailable(error: Exception) -> PulseUnavailableError:
    _log.debug("no sound server: %r", error)
    return PulseUnavailableError(
        "There is no sound server (PulseAudio or PipeWire) to listen to.",
        hint="Start it: systemctl --user start pipewire-pulse (or pulseaudio --start).",
    )
