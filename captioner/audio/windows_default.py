"""Asks Windows which output is the default: one call of Core Audio through COM.

Interfaces as documented by Microsoft (mmdeviceapi.h): ``IMMDeviceEnumerator`` has
``GetDefaultAudioEndpoint`` as its fifth method, ``IMMDevice`` has ``GetId`` as its sixth, and both
begin with the three of ``IUnknown``.
"""

from __future__ import annotations

import ctypes
import sys
import uuid
from typing import Final

_CLASS_ENUMERATOR: Final = uuid.UUID("BCDE0395-E52F-467C-8E3D-C4579291692E")
_INTERFACE_ENUMERATOR: Final = uuid.UUID("A95664D2-9614-4F35-A746-DE8DB63617E6")
_CLSCTX_ALL: Final = 23
_RENDER: Final = 0
_CONSOLE: Final = 0
_RELEASE: Final = 2
_GET_DEFAULT_ENDPOINT: Final = 4
_GET_ID: Final = 5


def default_output_id() -> str | None:
    """Return Windows' name for the default output; None when there is none, or elsewhere."""
    if sys.platform != "win32":
        return None
    ole = ctypes.OleDLL("ole32")
    ole.CoInitialize(None)
    try:
        return _ask(ole)
    except OSError:  # no output at all is told as an error
        return None
    finally:
        ole.CoUninitialize()


def _ask(ole: ctypes.CDLL) -> str | None:
    enumerator, device, name = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
    class_id, interface_id = (
        ctypes.create_string_buffer(which.bytes_le, 16)
        for which in (_CLASS_ENUMERATOR, _INTERFACE_ENUMERATOR)
    )
    ole.CoCreateInstance(class_id, None, _CLSCTX_ALL, interface_id, ctypes.byref(enumerator))
    try:
        _call(enumerator, _GET_DEFAULT_ENDPOINT, _RENDER, _CONSOLE, ctypes.byref(device))
        try:
            _call(device, _GET_ID, ctypes.byref(name))
            found = ctypes.wstring_at(name.value) if name.value else None
            ole.CoTaskMemFree(name)
            return found
        finally:
            _call(device, _RELEASE)
    finally:
        _call(enumerator, _RELEASE)


def _call(interface: ctypes.c_void_p, method: int, *arguments: object) -> None:
    table = ctypes.cast(interface, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p))).contents
    kinds = [ctypes.c_int if isinstance(value, int) else ctypes.c_void_p for value in arguments]
    # Release returns a count, not a status; as a status it is always a success.
    prototype = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_void_p, *kinds)
    status = prototype(table[method])(interface, *arguments)
    if status < 0:
        raise OSError(status, "Core Audio refused")
