"""Keys of an X display taken from all windows, through libxcb, which Qt needs there as well."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

SHIFT: Final = 1
CONTROL: Final = 4
ALT: Final = 8
SUPER: Final = 64
_CAPS_LOCK: Final = 2
_NUM_LOCK: Final = 16
_LOCKS: Final = (0, _CAPS_LOCK, _NUM_LOCK, _CAPS_LOCK | _NUM_LOCK)
"""A grab is for one exact set of modifiers, but these two have no say."""

_KEY_PRESS: Final = 2
_KEY_RELEASE: Final = 3
_MAPPING_NOTIFY: Final = 34
_SENT: Final = 0x80
_ASYNC: Final = 1
_COLUMNS: Final = 2
_FIRST_KEYCODE: Final = 8


class XcbError(Exception):
    """The display cannot be reached."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A key with modifiers, as the keyboard has it."""

    keycode: int
    modifiers: int


class _Cookie(ctypes.Structure):
    _fields_ = (("sequence", ctypes.c_uint),)


class _ScreenIterator(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.POINTER(ctypes.c_uint32)),
        ("rem", ctypes.c_int),
        ("index", ctypes.c_int),
    )


class _KeyEvent(ctypes.Structure):
    _fields_ = (
        ("response_type", ctypes.c_uint8),
        ("detail", ctypes.c_uint8),
        ("sequence", ctypes.c_uint16),
        ("time", ctypes.c_uint32),
        ("windows", ctypes.c_uint32 * 3),
        ("places", ctypes.c_int16 * 4),
        ("state", ctypes.c_uint16),
    )


class Keyboard:
    """A connection of its own to the display; what it has taken is given back when it closes."""

    def __init__(self) -> None:
        """Connect to the display that ``DISPLAY`` names.

        Raises:
            XcbError: It does not answer, or a library is missing.
        """
        try:
            self._xcb, self._keysyms = _libraries()
        except OSError as error:
            raise XcbError(str(error)) from error
        self._released = (0, 0)
        self._connection = self._xcb.xcb_connect(None, None)
        if self._xcb.xcb_connection_has_error(self._connection):
            self._xcb.xcb_disconnect(self._connection)
            raise XcbError("the display does not answer")
        setup = self._xcb.xcb_get_setup(self._connection)
        self._root = self._xcb.xcb_setup_roots_iterator(setup).data[0]
        self._symbols = self._keysyms.xcb_key_symbols_alloc(self._connection)

    @property
    def descriptor(self) -> int:
        """Becomes readable when `pressed` has something to tell."""
        return int(self._xcb.xcb_get_file_descriptor(self._connection))

    def close(self) -> None:
        """Give everything back."""
        self._keysyms.xcb_key_symbols_free(self._symbols)
        self._xcb.xcb_disconnect(self._connection)

    def stroke(self, keysym: int, modifiers: int) -> Stroke | None:
        """Return how ``keysym`` is typed on this keyboard; None where it cannot be."""
        for column in range(_COLUMNS):
            for keycode in range(_FIRST_KEYCODE, 256):
                if self._keysym(keycode, column) == keysym:
                    return Stroke(keycode, modifiers | (SHIFT if column else 0))
        with suppress(StopIteration):  # on another layout that the user switches to
            return Stroke(next(self._keycodes(keysym)), modifiers)
        return None

    def take(self, stroke: Stroke) -> bool:
        """Return whether ``stroke`` comes here from now on; False when another program has it."""
        for locks in _LOCKS:
            cookie = self._xcb.xcb_grab_key_checked(
                *(self._connection, 0, self._root, stroke.modifiers | locks, stroke.keycode),
                *(_ASYNC, _ASYNC),
            )
            if error := self._xcb.xcb_request_check(self._connection, cookie):
                _free(error)
                self.give_back(stroke)
                return False
        return True

    def give_back(self, stroke: Stroke) -> None:
        """Let others have ``stroke``."""
        for locks in _LOCKS:
            self._xcb.xcb_ungrab_key(
                self._connection, stroke.keycode, self._root, stroke.modifiers | locks
            )
        self._xcb.xcb_flush(self._connection)

    def pressed(self) -> Iterator[Stroke | None]:
        """Return what has been pressed since; None tells that the keys lie elsewhere now.

        Raises:
            XcbError: The display is gone.
        """
        while event := self._xcb.xcb_poll_for_event(self._connection):
            try:
                kind = event.contents.response_type & ~_SENT
                if kind == _MAPPING_NOTIFY:
                    self._keysyms.xcb_refresh_keyboard_mapping(self._symbols, event)
                    yield None
                elif kind in (_KEY_PRESS, _KEY_RELEASE):
                    yield from self._stroke_of(event.contents, is_press=kind == _KEY_PRESS)
            finally:
                _free(event)
        if self._xcb.xcb_connection_has_error(self._connection):
            raise XcbError("the display is gone")

    def _stroke_of(self, event: _KeyEvent, *, is_press: bool) -> Iterator[Stroke]:
        moment = (event.detail, event.time)
        if not is_press:
            self._released = moment
        elif moment != self._released:  # else the key is held, and repeats itself
            held = event.state & (SHIFT | CONTROL | ALT | SUPER)
            yield Stroke(event.detail, held)

    def _keysym(self, keycode: int, column: int) -> int:
        return int(self._keysyms.xcb_key_symbols_get_keysym(self._symbols, keycode, column))

    def _keycodes(self, keysym: int) -> Iterator[int]:
        found = self._keysyms.xcb_key_symbols_get_keycode(self._symbols, keysym)
        if not found:
            return
        number = 0
        while keycode := found[number]:
            yield keycode
            number += 1
        _free(found)


def _free(pointer: object) -> None:
    libc = ctypes.CDLL(None)
    libc.free.argtypes = [ctypes.c_void_p]
    libc.free(pointer)


def _libraries() -> tuple[ctypes.CDLL, ctypes.CDLL]:
    xcb, keysyms = ctypes.CDLL("libxcb.so.1"), ctypes.CDLL("libxcb-keysyms.so.1")
    pointer, u8, u16, u32 = ctypes.c_void_p, ctypes.c_uint8, ctypes.c_uint16, ctypes.c_uint32
    event = ctypes.POINTER(_KeyEvent)
    for library, name, result, arguments in (
        (xcb, "xcb_connect", pointer, [ctypes.c_char_p, pointer]),
        (xcb, "xcb_disconnect", None, [pointer]),
        (xcb, "xcb_connection_has_error", ctypes.c_int, [pointer]),
        (xcb, "xcb_get_setup", pointer, [pointer]),
        (xcb, "xcb_setup_roots_iterator", _ScreenIterator, [pointer]),
        (xcb, "xcb_get_file_descriptor", ctypes.c_int, [pointer]),
        (xcb, "xcb_flush", ctypes.c_int, [pointer]),
        (xcb, "xcb_poll_for_event", event, [pointer]),
        (xcb, "xcb_request_check", pointer, [pointer, _Cookie]),
        (xcb, "xcb_grab_key_checked", _Cookie, [pointer, u8, u32, u16, u8, u8, u8]),
        (xcb, "xcb_ungrab_key", _Cookie, [pointer, u8, u32, u16]),
        (keysyms, "xcb_key_symbols_alloc", pointer, [pointer]),
        (keysyms, "xcb_key_symbols_free", None, [pointer]),
        (keysyms, "xcb_key_symbols_get_keysym", u32, [pointer, u8, ctypes.c_int]),
        (keysyms, "xcb_key_symbols_get_keycode", ctypes.POINTER(u8), [pointer, u32]),
        (keysyms, "xcb_refresh_keyboard_mapping", ctypes.c_int, [pointer, event]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return xcb, keysyms
