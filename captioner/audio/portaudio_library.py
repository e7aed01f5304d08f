"""PortAudio through sounddevice: the one that the process shares, and copies of it.

PortAudio keeps its state in the library. To see a new device all of it has to be started anew,
which stops every stream of that library. Two channels therefore have a library each where both come
from PortAudio: the second one is a copy of the file, which the system loads as another library.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

from captioner.core.errors import UnsupportedError

_MAPS: Final = Path("/proc/self/maps")


def load_shared() -> Any:  # noqa: ANN401  # it ships no types
    """Return sounddevice.

    Raises:
        UnsupportedError: PortAudio is not installed.
    """
    try:
        return importlib.import_module("sounddevice")
    except OSError as error:
        raise UnsupportedError(
            "The library PortAudio is not installed, so no microphone can be opened.",
            hint="Install it, on Debian and Ubuntu with: "
            "sudo apt-get install libportaudio2 libasound2-plugins",
        ) from error


def load_private() -> Any:  # noqa: ANN401  # it ships no types
    """Return another sounddevice, whose PortAudio shares nothing with the first; initialised.

    Raises:
        UnsupportedError: PortAudio is not installed.
    """
    load_shared()
    spec = importlib.util.find_spec("sounddevice")
    if spec is None or spec.loader is None:
        raise RuntimeError("sounddevice has vanished")
    private: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(private)
    private._terminate()  # noqa: SLF001  # the import has initialised the shared library once more
    with tempfile.TemporaryDirectory(prefix="captioner-portaudio-") as folder:
        # Once it is loaded the file is not needed any more.
        copy = shutil.copy(_file_of(private._libname), folder)  # noqa: SLF001  # not public
        private._lib = private._ffi.dlopen(str(copy))  # noqa: SLF001  # not public
    private._initialize()  # noqa: SLF001  # it has no public counterpart
    return private


def portaudio_in_use() -> str:
    """Return the version of PortAudio.

    Raises:
        UnsupportedError: PortAudio is not installed.
    """
    said: str = load_shared().get_portaudio_version()[1]
    return said.partition(",")[0]


def _file_of(name: str) -> Path:
    """Return the file of a library that is loaded, by its path or, on Linux, its bare name."""
    if not _MAPS.exists() or Path(name).is_absolute():
        return Path(name)
    found = re.search(rf"(/\S*{re.escape(name)}\S*)$", _MAPS.read_text(), re.MULTILINE)
    if found is None:
        raise RuntimeError(f"the library {name} is not loaded")
    return Path(found.group(1))
