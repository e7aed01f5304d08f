"""The peers, how each is made to stream, and why some are not run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.benchmarks.moonshine import MODEL
from scripts.benchmarks.peers.environment import NotHadError, interpreter, model

_WHISPER: Final = (
    "recognised again every second, local agreement of two, only confirmed words are shown; "
    "Silero's detector, final after a pause of 0.5 s; cut after 15 s at the latest; int8"
)


@dataclass(frozen=True, slots=True)
class Peer:
    """One recogniser that users would pick.

    Attributes:
        name: As it stands in the tables.
        environment: Its list in ``needs/``.
        player: The module that plays recordings to it.
        folder: Returns the folder of its model, if one must be given to it.
        streaming: How it streams.
        is_our_size: Whether its model is not larger than that of the embedded engine, by class;
            these must be beaten in everything at once.
    """

    name: str
    environment: str
    player: str
    folder: Callable[[], Path] | None
    streaming: str
    is_our_size: bool = True

    def command(self) -> tuple[list[str], list[str]]:
        """Return what starts its player and what follows recording and clock; make both first."""
        start = [
            str(interpreter(self.environment)),
            "-m",
            f"scripts.benchmarks.peers.{self.player}",
        ]
        return start, [str(self.folder())] if self.folder is not None else []


PEERS: Final = (
    Peer(
        "moonshine-voice 0.1.5, tiny",
        "moonshine",
        "play_moonshine",
        lambda: MODEL,
        "its own streaming, defaults, which let the model use several threads; the model of the "
        "embedded engine, which uses one",
    ),
    Peer(
        "faster-whisper, tiny.en",
        "faster-whisper",
        "play_whisper",
        lambda: model("whisper-tiny.en"),
        _WHISPER,
    ),
    Peer(
        "faster-whisper, base",
        "faster-whisper",
        "play_whisper",
        lambda: model("whisper-base"),
        "as above; a model of twice the size",
        is_our_size=False,
    ),
    Peer(
        "pocketsphinx",
        "pocketsphinx",
        "play_pocketsphinx",
        None,
        "its own endpointer and hypotheses; the model of its wheel",
    ),
)

NOT_RUN: Final = {
    "whisper.cpp, openai-whisper": "no package carries a model in a format of theirs",
    "moonshine's models for streaming": "no package carries one",
}


def given(name: str, folder: Path) -> Peer:
    """Return the peer for a model of the user: ``faster-whisper`` or ``vosk``."""

    def there() -> Path:
        if not folder.is_dir():
            raise NotHadError(f"there is no folder {folder}")
        return folder.resolve()

    shown = f"{name}, {folder.name}"
    if name == "vosk":
        how = "its own endpointing and partial results, every 100 ms"
        return Peer(shown, "vosk", "play_vosk", there, how, is_our_size=False)
    return Peer(shown, "faster-whisper", "play_whisper", there, "as above", is_our_size=False)
