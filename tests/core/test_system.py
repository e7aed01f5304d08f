"""The system has a name for people."""

from __future__ import annotations

import platform

from captioner.core.system import system_name


def test_system_and_processor_are_named() -> None:
    name, _, machine = system_name().rpartition(", ")
    assert machine == platform.machine()
    if platform.system() == "Linux":
        assert name == platform.freedesktop_os_release()["PRETTY_NAME"]
    else:
        assert name.startswith(platform.system())
