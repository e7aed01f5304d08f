from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from captioner.audio.devices import list_devices
from captioner.audio.wasapi import LoopbackBackend
from captioner.audio.windows_default import default_output_id
from captioner.core.errors import UnsupportedError
from tests.support.pulse import SoundServer


def captioner_devices(*options: str) -> str:
    run = subprocess.run(
        [sys.executable, "-m", "captioner", "devices", *options],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    return run.stdout


@pytest.mark.sound
def test_outputs_and_microphones_are_listed(sound_server: SoundServer) -> None:
    sound_server.add_sink("tv", description="television")
    found = list_devices()
    assert [(d.kind, d.name, d.is_default) for d in found] == [
        ("system", "speakers", True),
        ("system", "headphones", False),
        ("system", "mic_sink", False),
        ("system", "television", False),
        ("microphone", "virtual_mic", True),
    ]
    assert {d.backend for d in found} == {"pulse"}


@pytest.mark.sound
def test_the_command_prints_a_table_and_json(sound_server: SoundServer) -> None:
    table = captioner_devices()
    (default,) = [line for line in table.splitlines() if "speakers" in line]
    assert "system" in default
    assert "yes" in default
    records = json.loads(captioner_devices("--json"))
    assert [record["name"] for record in records if record["is_default"]] == [
        "speakers",
        "virtual_mic",
    ]
    assert {record["source"] for record in records} == {"system", "mic"}


@pytest.mark.skipif(Path("/dev/snd").exists(), reason="this machine has sound hardware")
def test_without_any_device_the_command_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/nonexistent/socket")
    assert "no output and no microphone" in " ".join(captioner_devices().split())
    assert json.loads(captioner_devices("--json")) == []


def test_importing_sources_loads_no_library_of_another_system() -> None:
    code = (
        "import sys, captioner.audio.factory, captioner.audio.wasapi;"
        "print({'pyaudiowpatch', 'av', 'sounddevice'} & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    assert run.stdout.strip() == "set()"


@pytest.mark.skipif(sys.platform == "win32", reason="there it is installed")
async def test_windows_loopback_elsewhere_says_what_is_missing() -> None:
    with pytest.raises(UnsupportedError, match="PyAudioWPatch") as caught:
        await LoopbackBackend(None).start(lambda: None)
    assert caught.value.hint
    assert default_output_id() is None
