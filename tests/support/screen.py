"""Private X displays: a real Xvfb with a real window manager, apart from the tester's own screen.

Two ways to test a window:

* In this process, with pytest-qt's ``qtbot``: ``tests/gui/conftest.py`` gives Qt its ``offscreen``
  platform. Fast, and real painting; but nobody else sees the window, so nothing about focus,
  keys, stacking or translucency can be shown this way.
* In a child process on a ``screen`` of its own, with openbox as window manager: mark such tests
  ``screen``. Pass ``screen.environ`` to the child, look with ``screenshot``, act with ``xdotool``.
  To use a private sound server as well: ``server.environ | screen.changes``.

``composited_screen`` also runs a compositor, which translucency needs, and a system tray.

Programs die with the test process: they are started through ``setpriv --pdeathsig``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

_START_LIMIT_S: Final = 15.0
_STOP_LIMIT_S: Final = 3.0

_CLEARED: Final = ("WAYLAND_DISPLAY", "XAUTHORITY", "QT_SCALE_FACTOR", "DBUS_SESSION_BUS_ADDRESS")


class ScreenUnavailableError(Exception):
    """The display did not start; the text says what was seen."""


class Screen:
    """A running private display.

    Attributes:
        display: Its name, such as ``:3``.
        environ: Whole environment for child processes that shall use this display.
        changes: Only the variables that differ from this process's own.
        size: Width and height in pixels.
    """

    def __init__(self, folder: Path, size: tuple[int, int]) -> None:
        """Keep the parameters; nothing runs yet."""
        self.display = ""
        self.size = size
        self.changes: dict[str, str] = {}
        self.environ: dict[str, str] = {}
        self._folder = folder
        self._children: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start the display and the window manager, and wait until both answer.

        Raises:
            ScreenUnavailableError: One of them does not start here.
        """
        reader, writer = os.pipe()
        with os.fdopen(reader, encoding="ascii") as numbers:
            try:
                width, height = self.size
                server = self.spawn(
                    [
                        *("/usr/bin/Xvfb", "-displayfd", str(writer), "-nolisten", "tcp"),
                        *("-noreset", "-screen", "0", f"{width}x{height}x24"),
                        "-r",  # no key repeats itself because a busy machine lets go of it late
                    ],
                    environ=dict(os.environ),
                    pass_fds=(writer,),
                )
            finally:
                os.close(writer)
            number = numbers.readline().strip()
        if not number:
            raise ScreenUnavailableError(f"Xvfb ended with {server.wait()}: {self._seen('Xvfb')}")
        self.display = f":{number}"
        self.changes = {"DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb"}
        kept = {name: value for name, value in os.environ.items() if name not in _CLEARED}
        self.environ = kept | self.changes
        self.spawn(["/usr/bin/openbox", "--sm-disable"])
        self.wait_for(
            lambda: "window id" in self.xprop("-root", "_NET_SUPPORTING_WM_CHECK"),
            what=lambda: f"no window manager: {self._seen('openbox')}",
            limit_s=_START_LIMIT_S,
        )

    def start_compositor(self) -> None:
        """Start what blends translucent windows with what is behind them."""
        self.spawn(["/usr/bin/xcompmgr", "-n"])
        self.wait_for(
            lambda: self._selection_owned("_NET_WM_CM_S0"),
            what=lambda: f"no compositor: {self._seen('xcompmgr')}",
            limit_s=_START_LIMIT_S,
        )

    def start_tray(self) -> None:
        """Start a system tray in the upper right corner, with icons of 24 pixels."""
        self.spawn(
            [
                *("/usr/bin/trayer", "--edge", "top", "--align", "right", "--widthtype", "request"),
                *("--heighttype", "pixel", "--height", "24", "--SetPartialStrut", "true"),
            ]
        )
        self.wait_for(
            lambda: self._selection_owned("_NET_SYSTEM_TRAY_S0"),
            what=lambda: f"no system tray: {self._seen('trayer')}",
            limit_s=_START_LIMIT_S,
        )

    def spawn(
        self,
        command: Sequence[str],
        *,
        environ: dict[str, str] | None = None,
        pass_fds: tuple[int, ...] = (),
    ) -> subprocess.Popen[bytes]:
        """Start a program on this display, which ends when this process does.

        Its output goes to a file; what it reads is empty.
        """
        with self._log(Path(command[0]).name).open("ab") as output:
            child = subprocess.Popen(
                ["/usr/bin/setpriv", "--pdeathsig", "TERM", *command],
                env=self.environ if environ is None else environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=pass_fds,
            )
        self._children.append(child)
        return child

    def screenshot(self, path: Path, *, window: int | None = None) -> Path:
        """Write the whole screen, or one window without what lies over it, as PNG to ``path``."""
        target = "root" if window is None else str(window)
        self._call("/usr/bin/import", "-window", target, str(path))
        return path

    def xdotool(self, *arguments: str) -> str:
        """Run ``xdotool``: keys, mouse, windows. Return what it printed."""
        return self._call("/usr/bin/xdotool", *arguments)

    def xprop(self, *arguments: str) -> str:
        """Run ``xprop`` and return what it printed; nothing for a property that is not there."""
        return subprocess.run(
            ["/usr/bin/xprop", *arguments],
            env=self.environ,
            check=False,
            capture_output=True,
            text=True,
            timeout=10,
        ).stdout.strip()

    def find_windows(self, title: str) -> list[int]:
        """Return the ids of all visible windows whose title is ``title``."""
        found = subprocess.run(
            ["/usr/bin/xdotool", "search", "--onlyvisible", "--name", f"^{re.escape(title)}$"],
            env=self.environ,
            check=False,  # it exits with 1 when there is none
            capture_output=True,
            text=True,
            timeout=10,
        )
        return [int(line) for line in found.stdout.split()]

    def await_window(self, title: str, *, limit_s: float = 20.0) -> int:
        """Return the id of the window called ``title`` as soon as it is visible.

        Raises:
            TimeoutError: There was none within ``limit_s`` seconds.
        """
        self.wait_for(
            lambda: bool(self.find_windows(title)), what=f"no window {title!r}", limit_s=limit_s
        )
        return self.find_windows(title)[0]

    def active_window(self) -> int:
        """Return the id of the window that the window manager calls active, 0 for none."""
        found = re.search(r"0x[0-9a-f]+", self.xprop("-root", "_NET_ACTIVE_WINDOW"))
        return int(found[0], 16) if found else 0

    def geometry(self, window: int) -> tuple[int, int, int, int]:
        """Return x, y, width and height of ``window`` in pixels of the screen."""
        # xdotool counts the frame of the window manager twice.
        said = self._call("/usr/bin/xwininfo", "-id", str(window))
        names = ("Absolute upper-left X", "Absolute upper-left Y", "Width", "Height")
        x, y, width, height = (int(re.search(rf"{name}: +(-?\d+)", said)[1]) for name in names)  # type: ignore[index]
        return x, y, width, height

    @staticmethod
    def wait_for(
        condition: Callable[[], bool], *, what: str | Callable[[], str], limit_s: float = 5.0
    ) -> None:
        """Poll ``condition`` until it holds.

        Raises:
            TimeoutError: It did not hold within ``limit_s`` seconds; its text is ``what``, or what
                that returns then.
        """
        deadline = time.monotonic() + limit_s
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(what if isinstance(what, str) else what())
            time.sleep(0.02)

    def stop(self) -> None:
        """End every program, the newest first; kill those that do not listen."""
        for child in reversed(self._children):
            if child.poll() is None:
                child.terminate()
            try:
                child.wait(_STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._children.clear()

    def _call(self, *command: str) -> str:
        return subprocess.run(
            command, env=self.environ, check=True, capture_output=True, text=True, timeout=20
        ).stdout.strip()

    def _selection_owned(self, name: str) -> bool:
        # xprop cannot ask for selections; a second owner could not start, so a tiny client asks.
        program = (
            "import ctypes,sys;x=ctypes.CDLL('libX11.so.6');x.XOpenDisplay.restype=ctypes.c_void_p;"
            "d=ctypes.c_void_p(x.XOpenDisplay(None));"
            "sys.exit(not x.XGetSelectionOwner(d,x.XInternAtom(d,sys.argv[1].encode(),0)))"
        )
        asked = subprocess.run(
            [sys.executable, "-c", program, name], env=self.environ, check=False, timeout=10
        )
        return asked.returncode == 0

    def _log(self, program: str) -> Path:
        return self._folder / f"{program}.log"

    def _seen(self, program: str) -> str:
        return self._log(program).read_text(encoding="utf-8", errors="replace").strip()[-500:]


@contextmanager
def running_screen(
    *, size: tuple[int, int] = (1280, 800), compositor: bool = False, tray: bool = False
) -> Iterator[Screen]:
    """Run a display of ``size`` pixels with a window manager, and more where asked for.

    Raises:
        ScreenUnavailableError: It cannot start here.
    """
    folder = Path(tempfile.mkdtemp(prefix="captioner-screen-"))
    screen = Screen(folder, size)
    try:
        screen.start()
        if compositor:
            screen.start_compositor()
        if tray:
            screen.start_tray()
        yield screen
    finally:
        screen.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def screen() -> Iterator[Screen]:
    """A private display with a window manager, no compositor and no system tray."""
    with running_screen() as running:
        yield running


@pytest.fixture
def composited_screen() -> Iterator[Screen]:
    """A private display with a window manager, a compositor and a system tray."""
    with running_screen(compositor=True, tray=True) as running:
        yield running
