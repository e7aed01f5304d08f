"""The few functions of libpulse that capturing needs, by their C names without ``pa_``.

pulsectl covers devices and their changes, but has no public way to read audio. The ABI of
``libpulse.so.0`` has been stable since 2008; PipeWire serves the same library. Documentation:
https://freedesktop.org/software/pulseaudio/doxygen/ (mainloop.h, context.h, stream.h).
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_char_p, c_int, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p
from functools import cache
from typing import Any, Final

from captioner.core.errors import UnsupportedError

CONTEXT_NOAUTOSPAWN: Final = 0x0001
CONTEXT_READY: Final = 4
STREAM_READY: Final = 2

SAMPLE_FLOAT32LE: Final = 5

STREAM_INTERPOLATE_TIMING: Final = 0x0002
STREAM_AUTO_TIMING_UPDATE: Final = 0x0008
STREAM_FIX_RATE: Final = 0x0080
STREAM_DONT_MOVE: Final = 0x0200
STREAM_ADJUST_LATENCY: Final = 0x2000

SERVER_DECIDES: Final = 0xFFFF_FFFF
"""For a field of `BufferAttributes`."""


class SampleSpec(ctypes.Structure):
    """``pa_sample_spec``."""

    _fields_ = (("format", c_int), ("rate", c_uint32), ("channels", c_uint8))


class BufferAttributes(ctypes.Structure):
    """``pa_buffer_attr``; ``fragsize`` is what a recording stream gets at once, in bytes."""

    _fields_ = (
        ("maxlength", c_uint32),
        ("tlength", c_uint32),
        ("prebuf", c_uint32),
        ("minreq", c_uint32),
        ("fragsize", c_uint32),
    )


_SIGNATURES: Final[dict[str, tuple[Any, ...]]] = {  # the result comes first
    "mainloop_new": (c_void_p,),
    "mainloop_get_api": (c_void_p, c_void_p),
    "mainloop_prepare": (c_int, c_void_p, c_int),
    "mainloop_poll": (c_int, c_void_p),
    "mainloop_dispatch": (c_int, c_void_p),
    "mainloop_wakeup": (None, c_void_p),
    "mainloop_free": (None, c_void_p),
    "context_new": (c_void_p, c_void_p, c_char_p),
    "context_connect": (c_int, c_void_p, c_char_p, c_int, c_void_p),
    "context_get_state": (c_int, c_void_p),
    "context_errno": (c_int, c_void_p),
    "context_disconnect": (None, c_void_p),
    "context_unref": (None, c_void_p),
    "stream_new": (c_void_p, c_void_p, c_char_p, POINTER(SampleSpec), c_void_p),
    "stream_connect_record": (c_int, c_void_p, c_char_p, POINTER(BufferAttributes), c_int),
    "stream_get_sample_spec": (POINTER(SampleSpec), c_void_p),
    "stream_set_buffer_attr": (
        c_void_p,
        c_void_p,
        POINTER(BufferAttributes),
        c_void_p,
        c_void_p,
    ),
    "operation_unref": (None, c_void_p),
    "stream_get_state": (c_int, c_void_p),
    "stream_is_suspended": (c_int, c_void_p),
    "stream_peek": (c_int, c_void_p, POINTER(c_void_p), POINTER(c_size_t)),
    "stream_drop": (c_int, c_void_p),
    "stream_get_latency": (c_int, c_void_p, POINTER(c_uint64), POINTER(c_int)),
    "stream_disconnect": (c_int, c_void_p),
    "stream_unref": (None, c_void_p),
    "strerror": (c_char_p, c_int),
}


class PulseLibrary:
    """libpulse with typed functions; each attribute is one of them."""

    def __init__(self, library: ctypes.CDLL) -> None:
        """Declare the signatures."""
        for name, (result, *arguments) in _SIGNATURES.items():
            function = getattr(library, f"pa_{name}")
            function.restype = result
            function.argtypes = arguments
            setattr(self, name, function)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # C functions have no Python types
        """Only reached for a name that was not declared."""
        raise AttributeError(f"libpulse function {name} is not declared")


@cache
def load_pulse_library() -> PulseLibrary:
    """Return libpulse, loaded once.

    Raises:
        UnsupportedError: It is not installed.
    """
    try:
        return PulseLibrary(ctypes.CDLL("libpulse.so.0"))
    except OSError as error:
        raise UnsupportedError(
            "The library libpulse is not installed, so PulseAudio and PipeWire cannot be heard.",
            hint="Install it, on Debian and Ubuntu with: sudo apt-get install libpulse0",
        ) from error
