"""From settings to a source."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from captioner.audio.capture import CaptureBackend
from captioner.audio.live import LiveSource
from captioner.audio.portaudio import PortAudioBackend
from captioner.audio.source import AudioSource
from captioner.audio.stdin import PcmPipeSource
from captioner.audio.wish import WantedKind
from captioner.settings.models import AudioSettings

_log = logging.getLogger(__name__)

_FILE_PREFIX = "file:"


def open_source(
    settings: AudioSettings, *, realtime: bool = True, wait_for_device: bool = False
) -> AudioSource:
    """Return the source that ``settings`` ask for; it opens when it is iterated.

    Call it on the running loop that will iterate it.

    Args:
        settings: Which source, which device, and how long the chunks are.
        realtime: Whether a file is played at its own speed, or as fast as it is taken.
        wait_for_device: Whether a device that cannot be opened the first time is waited for
            (a ``SourceLost`` is yielded), or an error.
    """
    if settings.source.startswith(_FILE_PREFIX):
        from captioner.audio.file import FileSource  # noqa: PLC0415  # loads libsndfile

        path = Path(settings.source.removeprefix(_FILE_PREFIX)).expanduser()
        return FileSource(path, chunk_ms=settings.chunk_ms, realtime=realtime)
    if settings.source == "-":
        return PcmPipeSource(chunk_ms=settings.chunk_ms, realtime=realtime)
    return LiveSource(
        _capture_backend(settings),
        chunk_ms=settings.chunk_ms,
        wait_for_device=wait_for_device,
    )


def _capture_backend(settings: AudioSettings) -> CaptureBackend:
    kinds: dict[str, WantedKind] = {"auto": "auto", "system": "system", "mic": "microphone"}
    kind = kinds[settings.source]
    if sys.platform == "win32":
        from captioner.audio.wasapi import WindowsBackend  # noqa: PLC0415  # only there

        return WindowsBackend(kind, settings.device)
    if sys.platform == "linux":
        try:
            from captioner.audio.linux import LinuxBackend  # noqa: PLC0415  # loads libpulse
        except OSError as error:
            _log.info("libpulse is not installed, so only ALSA is used: %s", error)
        else:
            return LinuxBackend(kind, settings.device, echo_cancelled=settings.echo_cancelled)
    return PortAudioBackend(kind, settings.device)
