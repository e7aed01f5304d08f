"""Private sound servers: real PulseAudio, and real PipeWire where it starts.

A server has its own runtime folder, socket and ALSA configuration, so it never meets the sound of
the machine that runs the tests. It starts with two outputs, ``speakers`` (the default) and
``headphones``, and a microphone ``virtual_mic`` (the default) that hears what is played into
``mic_sink``. All are null sinks: they keep time like real devices and need no hardware.

Fixtures: ``pulse_server`` (PulseAudio), ``pipewire_server`` (PipeWire with pipewire-pulse and
wireplumber; skips with the reason when it cannot start), and ``sound_server``, which runs the test
once with each. Each sets this process's environment for the length of the test as well, and gives
child processes theirs as ``.environ``.

Servers die with the test process: they are started through ``setpriv --pdeathsig``.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pytest

_START_LIMIT_S: Final = 10.0
_STOP_LIMIT_S: Final = 3.0

_ASOUNDRC: Final = """\
</usr/share/alsa/alsa.conf>
pcm.!default { type pulse }
ctl.!default { type pulse }
"""

_CLEARED: Final = ("PULSE_SOURCE", "PULSE_SINK", "PULSE_RUNTIME_PATH", "PIPEWIRE_REMOTE")


class SoundServerUnavailableError(Exception):
    """The server did not start; the text says what was seen."""


def wait_until(condition: Callable[[], bool], *, limit_s: float = 5.0, what: str = "") -> None:
    """Poll ``condition`` until it holds.

    Raises:
        TimeoutError: It did not hold within ``limit_s`` seconds.
    """
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what or f"the condition did not hold within {limit_s} s")
        time.sleep(0.02)


class SoundServer:
    """A running private sound server.

    Attributes:
        kind: "pulseaudio" or "pipewire".
        environ: Whole environment for child processes that shall use this server.
        changes: Only the variables that differ from this process's own.
    """

    def __init__(self, kind: str, folder: Path) -> None:
        """Prepare the environment; nothing runs yet."""
        self.kind = kind
        self._folder = folder
        self._children: list[subprocess.Popen[bytes]] = []
        asoundrc = folder / "asoundrc"
        asoundrc.write_text(_ASOUNDRC, encoding="utf-8")
        self.changes = {
            "XDG_RUNTIME_DIR": str(folder),
            "PULSE_SERVER": f"unix:{folder}/pulse/native",
            "PULSE_COOKIE": str(folder / "cookie"),
            "ALSA_CONFIG_PATH": str(asoundrc),
        }
        kept = {name: value for name, value in os.environ.items() if name not in _CLEARED}
        self.environ = kept | self.changes
        self._parts_environ = self.environ | {
            "HOME": str(folder),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={folder}/bus",
        }

    def play(self, clip: Path, *, sink: str = "speakers") -> subprocess.Popen[bytes]:
        """Start playing ``clip`` into ``sink``; the child ends when the clip has been heard."""
        player = subprocess.Popen(
            ["/usr/bin/paplay", f"--device={sink}", str(clip)],
            env=self.environ,
            stdin=subprocess.DEVNULL,
        )
        self._children.append(player)
        return player

    def pactl(self, *arguments: str) -> str:
        """Run ``pactl`` against this server and return what it printed."""
        return subprocess.run(
            ["/usr/bin/pactl", *arguments],
            env=self.environ,
            check=True,
            capture_output=True,
            text=True,
            timeout=10,
        ).stdout.strip()

    def listed(self, what: str) -> list[dict[str, Any]]:
        """Return ``pactl list WHAT`` ("sinks", "sources", "source-outputs") as plain data."""
        found = json.loads(self.pactl("--format=json", "list", what))
        assert isinstance(found, list)
        return found

    def add_sink(self, name: str, *, description: str = "") -> int:
        """Plug in an output; return the module's number for ``remove_module``."""
        properties = [f'sink_properties=device.description="{description}"'] if description else []
        module = self.pactl("load-module", "module-null-sink", f"sink_name={name}", *properties)
        self._wait_for("sinks", name)
        return int(module)

    def add_microphone(self, name: str, *, heard_from: str = "mic_sink") -> int:
        """Plug in a microphone that hears what is played into the sink ``heard_from``."""
        module = self.pactl(
            "load-module",
            "module-remap-source",
            f"master={heard_from}.monitor",
            f"source_name={name}",
            f"source_properties=device.description={name}",
        )
        self._wait_for("sources", name)
        return int(module)

    def remove_module(self, module: int) -> None:
        """Unplug what ``add_sink`` or ``add_microphone`` plugged in."""
        self.pactl("unload-module", str(module))

    def set_default_sink(self, name: str) -> None:
        """Choose the default output."""
        self._set_default("sink", name)

    def set_default_source(self, name: str) -> None:
        """Choose the default microphone."""
        self._set_default("source", name)

    def freeze(self) -> None:
        """Let the server hang without a word, as a stuck one does."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        self._signal(signal.SIGCONT)

    def start(self) -> None:
        """Start the server and plug in its devices; after `stop` it starts anew, as after a crash.

        Raises:
            SoundServerUnavailableError: It cannot start here.
        """
        if self.kind == "pulseaudio":
            _start_pulseaudio(self, self._folder)
        else:
            _start_pipewire(self, self._folder)
        try:
            self.furnish()
        except (TimeoutError, subprocess.SubprocessError) as error:
            raise SoundServerUnavailableError(
                f"{self.kind} started but gave no devices: {error}"
            ) from error

    def spawn(self, command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
        """Start a part of the server, which ends when this process does."""
        with log.open("wb") as output:
            child = subprocess.Popen(
                ["/usr/bin/setpriv", "--pdeathsig", "TERM", *command],
                env=self._parts_environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._children.append(child)
        return child

    def await_socket(self, server: subprocess.Popen[bytes], path: Path, log: Path) -> None:
        """Wait until ``server`` has made its socket.

        Raises:
            SoundServerUnavailableError: It ended, or made none in time.
        """
        deadline = time.monotonic() + _START_LIMIT_S
        while not path.exists():
            if server.poll() is not None or time.monotonic() > deadline:
                seen = log.read_text(encoding="utf-8", errors="replace").strip()[-500:]
                raise SoundServerUnavailableError(f"{path.name} never appeared: {seen}")
            time.sleep(0.02)

    def furnish(self) -> None:
        """Plug in the devices that every test finds."""
        for name in ("speakers", "headphones", "mic_sink"):
            self.add_sink(name, description=name)
        self.add_microphone("virtual_mic")
        self.set_default_sink("speakers")
        self.set_default_source("virtual_mic")

    def stop(self) -> None:
        """End every child, the newest first; kill those that do not listen."""
        for child in reversed(self._children):
            if child.poll() is None:
                child.terminate()
                child.send_signal(signal.SIGCONT)  # a frozen one would not notice
        for child in reversed(self._children):
            try:
                child.wait(_STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._children.clear()
        for socket in ("pulse/native", "pipewire-0", "bus"):
            (self._folder / socket).unlink(missing_ok=True)

    def _signal(self, number: signal.Signals) -> None:
        for child in self._children:
            child.send_signal(number)

    def _wait_for(self, what: str, name: str) -> None:
        wait_until(
            lambda: any(device["name"] == name for device in self.listed(what)),
            what=f"{name} never appeared among the {what}",
        )

    def _set_default(self, what: str, name: str) -> None:
        def is_set() -> bool:
            # PipeWire refuses while its session manager is still starting.
            with suppress(subprocess.CalledProcessError):
                self.pactl(f"set-default-{what}", name)
            return bool(
                json.loads(self.pactl("--format=json", "info"))[f"default_{what}_name"] == name
            )

        wait_until(is_set, what=f"{name} never became the default {what}")


@contextmanager
def running_server(kind: str) -> Iterator[SoundServer]:
    """Run a furnished server of ``kind`` ("pulseaudio" or "pipewire") in a folder of its own.

    Raises:
        SoundServerUnavailableError: It cannot start here.
    """
    # Not pytest's own folder: the path of a unix socket is limited to 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="captioner-sound-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        server = SoundServer(kind, folder)
        stack.callback(server.stop)
        server.start()
        yield server


@pytest.fixture
def pulse_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    """A private PulseAudio."""
    yield from _serve("pulseaudio", monkeypatch)


@pytest.fixture
def pipewire_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    """A private PipeWire; the test is skipped where it cannot start."""
    yield from _serve("pipewire", monkeypatch)


@pytest.fixture(params=["pulseaudio", pytest.param("pipewire", marks=pytest.mark.slow)])
def sound_server(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SoundServer]:
    """Both in turn; a run without ``--full`` has PulseAudio alone."""
    yield from _serve(str(request.param), monkeypatch)


def _serve(kind: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running_server(kind))
        except SoundServerUnavailableError as error:
            if kind == "pulseaudio":
                raise
            pytest.skip(str(error))
        for name in _CLEARED:
            monkeypatch.delenv(name, raising=False)
        for name, value in server.changes.items():
            monkeypatch.setenv(name, value)
        yield server


def _start_pulseaudio(server: SoundServer, folder: Path) -> None:
    log = folder / "pulseaudio.log"
    child = server.spawn(
        [
            *("/usr/bin/pulseaudio", "--daemonize=no", "--exit-idle-time=-1", "-n"),
            *("-L", "module-native-protocol-unix auth-cookie-enabled=0"),
            # As on a desktop: streams of a vanished device are moved to another, or ended.
            *("-L", "module-rescue-streams"),
        ],
        log,
    )
    server.await_socket(child, folder / "pulse" / "native", log)


def _start_pipewire(server: SoundServer, folder: Path) -> None:
    needed = ("dbus-daemon", "pipewire", "wireplumber", "pipewire-pulse")
    missing = [program for program in needed if shutil.which(program) is None]
    if missing:
        raise SoundServerUnavailableError(f"not installed: {', '.join(missing)}")
    bus = folder / "bus"
    parts = {
        "dbus-daemon": (["--session", "--nofork", f"--address=unix:path={bus}"], bus),
        "pipewire": ([], folder / "pipewire-0"),
        "wireplumber": ([], None),
        "pipewire-pulse": ([], folder / "pulse" / "native"),
    }
    for program, (arguments, socket) in parts.items():
        log = folder / f"{program}.log"
        child = server.spawn([f"/usr/bin/{program}", *arguments], log)
        if socket is not None:
            server.await_socket(child, socket, log)
