"""One client: what it may say and in which order, and what it is answered."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from typing import Final

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from captioner.bridge.allowance import Allowance
from captioner.bridge.contract import (
    AUDIO_FORMATS,
    BadCommandError,
    Command,
    Configure,
    ConfiguredEvent,
    Ping,
    StartRecording,
    StopRecording,
    command,
)
from captioner.bridge.recording import Recording
from captioner.bridge.teller import Teller
from captioner.core.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from captioner.core.clock import SystemClock
from captioner.session.embedded import EmbeddedEngine
from captioner.settings.models import Settings
from captioner.telemetry.metrics import Metrics
from captioner.transcript.contract import ConnectionEvent, PongEvent, timestamp
from captioner.web.access import client_id
from captioner.web.outbox import Outbox, send_all

AHEAD_S: Final = 20.0
"""So much audio may come at once, such as after a pause of the network; less than is replayed."""

_AUDIO_SPEED: Final = 1.05
"""Seconds of audio a second, in the long run: a client's clock may be a little faster than ours."""

_BYTES_PER_S: Final = SAMPLE_RATE * BYTES_PER_SAMPLE
_FRAMES: Final = (500.0, 200.0)
_COMMANDS: Final = (20.0, 2.0)
"""At once, and a second in the long run."""

_SETTINGS_OF: Final = {
    "language_code": "language",
    "model": "model",
    "enable_automatic_punctuation": "punctuation",
    "enable_word_time_offsets": "word_times",
    "interim_results": "partials",
}


class BridgeClient:
    """Serves one connection from `serve` to its end."""

    def __init__(
        self,
        connection: ServerConnection,
        settings: Settings,
        engine: EmbeddedEngine,
        metrics: Metrics,
    ) -> None:
        """Prepare; nothing is said before `serve`."""
        clock = SystemClock()
        self._connection = connection
        self._settings = settings
        self._engine = engine
        self._metrics = metrics
        self._outbox = Outbox()
        self._teller = Teller(self._outbox, metrics)
        self._audio = Allowance(AHEAD_S * _BYTES_PER_S, _AUDIO_SPEED * _BYTES_PER_S, clock=clock)
        self._frames = Allowance(*_FRAMES, clock=clock)
        self._commands = Allowance(*_COMMANDS, clock=clock)
        self._recording: Recording | None = None
        self._next_id = 0
        self._changing = asyncio.Lock()
        self._writing: asyncio.Task[None] | None = None
        self._is_finishing = False
        self._is_idle_told = False
        self._id = client_id(connection)

    @property
    def is_waiting(self) -> bool:
        """Whether it records, and no recogniser can be reached."""
        return self._recording is not None and self._recording.is_waiting

    async def serve(self) -> None:
        """Do what the client asks until it leaves or is dismissed."""
        self._metrics.bridge.connections.inc()
        self._teller.tell(
            ConnectionEvent(
                client_id=self._id,
                message="Say start_recording, then send audio.",
                supported_audio_formats=list(AUDIO_FORMATS),
                run=secrets.token_hex(8),
            )
        )
        try:
            async with asyncio.TaskGroup() as both:
                writing = self._writing = both.create_task(
                    send_all(self._connection, self._outbox), name="bridge-write"
                )
                if (excess := await self._read()) is not None:
                    self._teller.refuse(excess, "TOO_MUCH")
                    self._outbox.close()
                    await writing
                    await self._connection.close(CloseCode.POLICY_VIOLATION, excess)
                writing.cancel()
        finally:
            await self._stop()

    async def finish(self) -> None:
        """Let the last words be told; no recording begins any more."""
        self._is_finishing = True
        await self._stop()
        self._outbox.close()
        if self._writing is not None:
            await asyncio.wait({self._writing})

    async def _read(self) -> str | None:
        """Return why the client is to be dismissed; None when it has left."""
        with contextlib.suppress(ConnectionClosed):
            async for message in self._connection:
                if isinstance(message, str):
                    if not self._commands.takes(1):
                        return "Too many messages came."
                    await self._obey(message)
                    continue
                if not self._frames.takes(1):
                    return "Too many frames of audio came: send 20 ms or more in each."
                if not self._audio.takes(len(message)):
                    return f"Audio came more than {AHEAD_S:.0f} seconds faster than it lasts."
                self._hear(message)
        return None

    def _hear(self, pcm: bytes) -> None:
        if self._recording is None or self._recording.is_over:
            if not self._is_idle_told:
                self._is_idle_told = True
                self._teller.refuse("No recording goes on: say start_recording.", "NOT_RECORDING")
        elif _is_text(pcm):
            self._teller.refuse(
                "A command came as binary, and was left out: send it as text.", "TEXT_AS_BINARY"
            )
        elif len(pcm) % BYTES_PER_SAMPLE:
            self._teller.refuse(
                "A frame with half a sample was left out: send 16-bit samples.", "ODD_AUDIO"
            )
        else:
            self._recording.hear(pcm)

    async def _obey(self, message: str) -> None:
        try:
            asked = command(message)
        except BadCommandError as error:
            self._teller.refuse(str(error), "BAD_MESSAGE")
            return
        async with self._changing:
            await self._do(asked)

    async def _do(self, asked: Command) -> None:
        recording = self._recording
        goes_on = recording is not None and not recording.is_over
        match asked:
            case Ping():
                self._teller.tell(PongEvent(timestamp=timestamp()), replaces="pong")
            case StartRecording() if goes_on:
                self._teller.refuse("A recording goes on already.", "ALREADY_RECORDING")
            case StartRecording() if not self._is_finishing:
                await self._start()
            case StopRecording() if recording is not None and goes_on:
                await recording.stop()
            case StopRecording():
                self._teller.refuse("No recording goes on.", "NOT_RECORDING")
            case Configure():
                await self._configure(asked)

    async def _start(self) -> None:
        self._is_idle_told = False
        if self._recording is not None:
            self._next_id = self._recording.next_id
        self._recording = Recording(
            self._settings,
            self._engine,
            self._id,
            self._teller,
            self._metrics,
            first_id=self._next_id,
        )
        await self._recording.start()

    async def _configure(self, asked: Configure) -> None:
        told = asked.model_dump(exclude={"type"}, exclude_none=True)
        changes = {_SETTINGS_OF[name]: value for name, value in told.items()}
        recognition = self._settings.recognition.model_copy(update=changes)
        self._settings = self._settings.model_copy(update={"recognition": recognition})
        if self._recording is not None and not self._recording.is_over:
            await self._recording.apply(self._settings)
        holds = {name: getattr(recognition, field) for name, field in _SETTINGS_OF.items()}
        self._teller.tell(ConfiguredEvent(**holds, timestamp=timestamp()))

    async def _stop(self) -> None:
        async with self._changing:
            if self._recording is not None:
                await self._recording.stop()


def _is_text(pcm: bytes) -> bool:
    if not pcm.startswith(b"{"):
        return False
    try:
        command(pcm)
    except BadCommandError:
        return False
    return True
