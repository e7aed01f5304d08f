from __future__ import annotations

from dataclasses import replace

import pytest

from captioner.audio.catalog import AudioDevice, DeviceKind, choose_device, with_unique_names
from captioner.audio.wish import choose_wanted, condition_of
from captioner.core.audio import SourceCondition
from captioner.core.errors import AudioDeviceError


def device(kind: DeviceKind, name: str, ident: str = "", *, default: bool = False) -> AudioDevice:
    return AudioDevice(kind, name, default, "pulse", ident or name.lower(), 48_000, 2)


DEVICES = [
    device("system", "Speakers", "alsa_output.pci.monitor", default=True),
    device("system", "USB Headset", "alsa_output.usb.monitor"),
    device("microphone", "USB Headset", "alsa_input.usb"),
    device("microphone", "Webcam", "alsa_input.cam", default=True),
]


@pytest.mark.parametrize(
    ("kind", "name", "ident"),
    [
        ("system", None, "alsa_output.pci.monitor"),
        ("microphone", None, "alsa_input.cam"),
        ("microphone", "USB Headset", "alsa_input.usb"),
        ("system", "headset", "alsa_output.usb.monitor"),
        ("system", "alsa_output.pci.monitor", "alsa_output.pci.monitor"),
        ("microphone", "WEB", "alsa_input.cam"),
    ],
)
def test_a_name_finds_its_device(kind: DeviceKind, name: str | None, ident: str) -> None:
    assert choose_device(DEVICES, kind, name).id == ident


def test_an_exact_name_wins_over_longer_ones() -> None:
    devices = [device("system", "HDMI 2"), device("system", "HDMI"), device("system", "HDMI 3")]
    assert choose_device(devices, "system", "HDMI").name == "HDMI"


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(AudioDeviceError, match='no output called "Radio"') as caught:
        choose_device(DEVICES, "system", "Radio")
    assert '"Speakers", "USB Headset"' in caught.value.hint


def test_a_name_that_fits_several_asks_back() -> None:
    with pytest.raises(AudioDeviceError, match="More than one output") as caught:
        choose_device(DEVICES, "system", "s")
    assert '"Speakers", "USB Headset"' in caught.value.hint


def test_no_device_at_all_says_what_to_do() -> None:
    with pytest.raises(AudioDeviceError, match="no microphone to listen to") as caught:
        choose_device(DEVICES[:2], "microphone", None)
    assert "Plug one in" in caught.value.hint


def test_auto_prefers_system_audio() -> None:
    assert choose_wanted(DEVICES, "auto", None).name == "Speakers"
    assert choose_wanted(DEVICES[2:], "auto", None).name == "Webcam"
    assert choose_wanted(DEVICES, "auto", "webcam").kind == "microphone"
    with pytest.raises(AudioDeviceError, match="neither an output nor a microphone"):
        choose_wanted([], "auto", None)
    with pytest.raises(AudioDeviceError, match='called "Radio"'):
        choose_wanted(DEVICES, "auto", "Radio")


def test_twins_get_names_of_their_own() -> None:
    twins = [
        device("microphone", "Mic", "a"),
        device("microphone", "Mic", "b"),
        device("system", "Mic"),
    ]
    names = [found.name for found in with_unique_names(twins)]
    assert names == ["Mic (a)", "Mic (b)", "Mic"]


def test_an_echo_canceller_is_muted_with_the_microphone_behind_it() -> None:
    muted = replace(DEVICES[3], silenced_by="mute")
    canceller = replace(device("microphone", "Cancelled", "ec"), echo_cancels="")
    of_headset = replace(canceller, echo_cancels="alsa_input.usb")
    assert condition_of([*DEVICES[:3], muted, canceller], "ec") == SourceCondition("mute")
    assert condition_of([*DEVICES[:3], muted, of_headset], "ec") == SourceCondition()


def test_another_output_counts_only_while_nothing_plays_on_this_one() -> None:
    speakers, headset = DEVICES[0], replace(DEVICES[1], is_playing=True)
    elsewhere = SourceCondition(plays_elsewhere="USB Headset")
    assert condition_of([speakers, headset], speakers.id) == elsewhere
    assert condition_of([replace(speakers, is_playing=True), headset], speakers.id) == (
        SourceCondition()
    )
    assert condition_of([speakers], "gone") == SourceCondition()


def test_a_muted_output_is_the_reason_for_silence_only_while_something_plays_on_it() -> None:
    muted = replace(DEVICES[0], silenced_by="mute")
    assert condition_of([muted], muted.id) == SourceCondition()
    assert condition_of([replace(muted, is_playing=True)], muted.id) == SourceCondition("mute")
