"""What can be listened to on this computer."""

from __future__ import annotations

import logging
import sys

from captioner.audio.catalog import AudioDevice
from captioner.audio.portaudio_host import MICROPHONE_HOST
from captioner.core.errors import CaptionerError, UnsupportedError

__all__ = ["AudioDevice", "list_devices"]

_log = logging.getLogger(__name__)


def list_devices() -> list[AudioDevice]:
    """Return outputs first, then microphones; empty when there are none.

    Blocks for up to a few seconds, so call it on a worker thread where a loop runs.

    Raises:
        UnsupportedError: A library that is needed to look for devices is not installed.
    """
    if sys.platform == "linux":
        found = _list_pulse()
        if found is not None:
            return _sorted(found)
    if sys.platform == "win32":
        return _sorted([*_list_loopbacks(), *MICROPHONE_HOST.list_inputs()])
    return _sorted(MICROPHONE_HOST.list_inputs())


def _sorted(devices: list[AudioDevice]) -> list[AudioDevice]:
    return sorted(devices, key=lambda d: (d.kind != "system", not d.is_default, d.name.casefold()))


def _list_pulse() -> list[AudioDevice] | None:
    try:
        from captioner.audio.pulse_devices import list_pulse_devices  # noqa: PLC0415  # see below
    except OSError as error:  # pulsectl loads libpulse as it is imported
        _log.info("libpulse is not installed: %s", error)
        return None
    try:
        return list_pulse_devices()
    except CaptionerError as error:
        _log.info("%s", error.message)
        return None


def _list_loopbacks() -> list[AudioDevice]:
    from captioner.audio.wasapi import list_loopbacks, load_library  # noqa: PLC0415  # Windows

    try:
        audio = load_library().PyAudio()
    except UnsupportedError as error:
        _log.warning("%s %s", error.message, error.hint)
        return []
    try:
        return list_loopbacks(audio)
    finally:
        audio.terminate()
