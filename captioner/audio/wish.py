"""What a user can ask for: a kind of device, or whichever there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

from captioner.audio.catalog import AudioDevice, choose_device
from captioner.core.audio import SourceCondition
from captioner.core.errors import AudioDeviceError

WantedKind: TypeAlias = Literal["auto", "system", "microphone"]


def without_echo(devices: Sequence[AudioDevice], chosen: AudioDevice) -> AudioDevice:
    """Return the echo-cancelled microphone that stands before ``chosen``, if there is one."""
    if chosen.kind != "microphone" or chosen.echo_cancels is not None:
        return chosen
    for device in devices:
        # One that names no microphone takes the default one.
        if device.echo_cancels == chosen.id or (device.echo_cancels == "" and chosen.is_default):
            return replace(device, name=f"{chosen.name}, echo cancelled")
    return chosen


def choose_wanted(
    devices: Sequence[AudioDevice], kind: WantedKind, name: str | None
) -> AudioDevice:
    """Return the device for a wish; "auto" prefers the system audio to a microphone.

    Raises:
        AudioDeviceError: There is none, or several fit.
    """
    if kind != "auto":
        return choose_device(devices, kind, name)
    try:
        return choose_device(devices, "system", name)
    except AudioDeviceError as no_output:
        try:
            return choose_device(devices, "microphone", name)
        except AudioDeviceError:
            if name is not None:
                raise no_output from None
            raise AudioDeviceError(
                "There is neither an output nor a microphone to listen to.",
                hint="Plug one in or switch it on, or let Captioner hear a file.",
            ) from None


def condition_of(devices: Sequence[AudioDevice], heard: str) -> SourceCondition:
    """Return the condition of the device with the id ``heard``."""
    device = next((each for each in devices if each.id == heard), None)
    if device is None:
        return SourceCondition()
    if device.kind == "microphone":
        parts = [device, *(each for each in devices if _is_behind(each, device))]
        return SourceCondition(next((each.silenced_by for each in parts if each.silenced_by), ""))
    if device.is_playing:
        return SourceCondition(device.silenced_by)
    # Many a card is muted behind the point where it is heard: without sound there is no telling.
    others = [each.name for each in devices if each.kind == "system" and each.is_playing]
    return SourceCondition(plays_elsewhere=next(iter(others), ""))


def _is_behind(microphone: AudioDevice, canceller: AudioDevice) -> bool:
    """Tell whether ``canceller`` removes the echo of ``microphone``."""
    if microphone.kind != "microphone" or canceller.echo_cancels is None:
        return False
    return canceller.echo_cancels == microphone.id or (
        not canceller.echo_cancels and microphone.is_default
    )
