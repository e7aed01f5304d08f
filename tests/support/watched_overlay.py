"""The real window as a child process that tells what it shows, through the overlay probe."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.program import Program

_ANSWER_LIMIT_S: Final = 20.0
_STOP_LIMIT_S: Final = 20.0
_ROOT: Final = Path(__file__).parents[2]


class WatchedOverlay:
    """``captioner gui``, started at once; ask it with `look`.

    Attributes:
        process: The child.
        errors: File with what it wrote on standard error.
    """

    def __init__(
        self,
        program: Program,
        screen_environ: Mapping[str, str],
        *arguments: str,
        is_scripted: bool,
        errors: Path,
    ) -> None:
        """Start it in the profile of ``program``.

        Args:
            program: Whose profile and home it gets.
            screen_environ: What names the display (and the sound server), such as
                ``screen.changes`` or ``server.changes | screen.changes``.
            arguments: For ``captioner``; none mean ``gui`` without the first steps.
            is_scripted: True captions what the test sends, False runs the real session.
            errors: File for its standard error.
        """
        self.errors = errors
        flags = ["--scripted"] if is_scripted else []
        with errors.open("w") as output:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "tests.support.overlay_probe", *flags),
                    *(
                        "--profile-dir",
                        str(program.profile),
                        *(arguments or ("gui", "--skip-welcome")),
                    ),
                ],
                env=program.environ(**screen_environ),
                cwd=_ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
            )
        self._answers: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, name="overlay-answers", daemon=True)
        self._reader.start()

    def look(self) -> dict[str, Any]:
        """Return what it shows now; see ``_look`` in the probe for the names."""
        return self.ask({})

    def send(self, event: str, **fields: object) -> dict[str, Any]:
        """Let the scripted session emit an event; return what is shown right after it."""
        return self.ask({"event": event, **fields})

    def ask(self, question: Mapping[str, object]) -> dict[str, Any]:
        """Send a question and return the answer.

        Raises:
            TimeoutError: There was none in time; its text has what the program said of it.
        """
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        try:
            answer = json.loads(self._answers.get(timeout=_ANSWER_LIMIT_S))
        except queue.Empty:
            raise TimeoutError(
                f"no answer to {question}; exit code {self.process.poll()}, "
                f"standard error: {self.errors.read_text()[-2000:]}"
            ) from None
        assert isinstance(answer, dict)
        return answer

    def wait_until(
        self, condition: Callable[[dict[str, Any]], bool], *, what: str, limit_s: float = 20.0
    ) -> dict[str, Any]:
        """Look until ``condition`` holds for what is seen, and return that.

        Raises:
            TimeoutError: It did not hold within ``limit_s`` seconds.
        """
        deadline = time.monotonic() + limit_s
        while not condition(seen := self.look()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what}; last seen: {seen}")
            time.sleep(0.02)
        return seen

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal and return the exit code; kill it where it does not end."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Wait for its end and return the exit code; kill it where it does not end."""
        try:
            return self.process.wait(_STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            self._reader.join()
            for pipe in (self.process.stdin, self.process.stdout):
                if pipe is not None:
                    pipe.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._answers.put(line)


OverlayStarter = Callable[..., WatchedOverlay]


@pytest.fixture
def start_overlay(program: Program, tmp_path: Path) -> Iterator[OverlayStarter]:
    """Starts watched overlays: ``start_overlay(screen.changes, is_scripted=True)``."""
    started: list[WatchedOverlay] = []

    def start(
        environ: Mapping[str, str], *arguments: str, is_scripted: bool = True
    ) -> WatchedOverlay:
        errors = tmp_path / f"overlay-{len(started)}.err"
        overlay = WatchedOverlay(
            program, environ, *arguments, is_scripted=is_scripted, errors=errors
        )
        started.append(overlay)
        overlay.wait_until(lambda seen: seen["is_visible"], what="the overlay never appeared")
        if is_scripted:
            overlay.wait_until(
                lambda seen: ["start"] in seen["commands"], what="the session was never started"
            )
        return overlay

    yield start
    for overlay in started:
        if overlay.process.poll() is None:
            overlay.process.kill()
            overlay.wait()
