"""Devices as a person chooses them: by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from captioner.core.errors import AudioDeviceError

DeviceKind: TypeAlias = Literal["system", "microphone"]

_NOUN: Final[dict[DeviceKind, str]] = {"system": "output", "microphone": "microphone"}


@dataclass(frozen=True, slots=True)
class AudioDevice:
    """Something that can be captured.

    Attributes:
        kind: "system" for what an output plays, "microphone" for any input.
        name: As a person knows it; unique among the devices of its kind. Pass it to ``--device``.
        is_default: Whether the system would choose it.
        backend: "pulse", "portaudio" or "wasapi".
        id: The back end's own name or number of what is to be captured.
        rate: Native sample rate in hertz; 0 where it is only known once the device is open.
        channels: Native number of channels; 0 likewise.
        echo_cancels: For a microphone whose echo the sound server removes: the id of the one behind
            it, empty where that is not known. None for all others.
        silenced_by: "mute" or "volume" where it is known to be muted or turned down to nothing.
        is_playing: Whether a program is known to play something on it, if it is an output.
    """

    kind: DeviceKind
    name: str
    is_default: bool
    backend: str
    id: str
    rate: int = 0
    channels: int = 0
    echo_cancels: str | None = None
    silenced_by: str = ""
    is_playing: bool = False


def with_unique_names(devices: Iterable[AudioDevice]) -> list[AudioDevice]:
    """Return ``devices`` with the id appended to names that two of a kind share."""
    found = list(devices)
    uses = Counter((device.kind, device.name) for device in found)
    return [
        device
        if uses[device.kind, device.name] == 1
        else replace(device, name=f"{device.name} ({device.id})")
        for device in found
    ]


def choose_device(
    devices: Sequence[AudioDevice], kind: DeviceKind, name: str | None
) -> AudioDevice:
    """Return the device that ``name`` means, or the default one of ``kind`` for None.

    A name means the device that has it (or has it as id), else the only one whose name or id
    contains it, whatever the case.

    Raises:
        AudioDeviceError: There is none, or several fit; the hint lists what there is.
    """
    offered = [device for device in devices if device.kind == kind]
    noun = _NOUN[kind]
    if name is None:
        for device in offered:
            if device.is_default:
                return device
        raise AudioDeviceError(f"There is no {noun} to listen to.", hint=_none_hint(kind, offered))
    for device in offered:
        if name in (device.name, device.id):
            return device
    wanted = name.casefold()
    fitting = [d for d in offered if wanted in d.name.casefold() or wanted in d.id.casefold()]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise AudioDeviceError(
            f'More than one {noun} is called something like "{name}".',
            hint=f"Say which one: {_listed(fitting)}.",
        )
    raise AudioDeviceError(f'There is no {noun} called "{name}".', hint=_none_hint(kind, offered))


def _none_hint(kind: DeviceKind, offered: Sequence[AudioDevice]) -> str:
    if offered:
        return f"There is: {_listed(offered)}. Choose one of them with --device."
    if kind == "microphone":
        return "Plug one in, or let Captioner hear the system audio or a file instead."
    return "Switch an output on, or let Captioner hear a microphone or a file instead."


def _listed(devices: Sequence[AudioDevice]) -> str:
    return ", ".join(f'"{device.name}"' for device in devices)
