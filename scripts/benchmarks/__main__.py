"""Entry of `scripts/bench`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final

from scripts.benchmarks import client, conditions, engine, feed, gui, history, latency, startup
from scripts.benchmarks.peers import footprint
from scripts.benchmarks.peers import part as peers
from scripts.benchmarks.table import Target, markdown

_PARTS: Final = {
    "startup": "from the start of the process to the window and the first caption",
    "engine": "the embedded engine, whole path, against moonshine's own streaming",
    "conditions": "the engine in noise, echo, music, haste and silence; words that it makes up",
    "peers": "the embedded engine beside other recognisers that users would pick",
    "footprint": "the application beside Buzz: size, start, memory, processor (7 GB are installed)",
    "latency": "from the loudspeaker to the pixels of the window, and its stages",
    "gui": "the window: response to paint, processor time, memory, eight hours",
    "history": "a working year of captions: search, export, size",
    "feed": "what a hundred clients of the feed, some of them bad, do to the captions",
    "client": "the client of the Riva protocol against NVIDIA's own, scripted server",
}


def main() -> int:
    """Run the parts that were asked for and print their tables; 1 when a target was missed."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measure Captioner and its peers side by side, in one run, and print tables.",
        epilog="Examples: scripts/bench · scripts/bench engine --rounds 5 · "
        "scripts/bench client · scripts/bench peers --vosk ~/models/vosk-model-small-en-us",
    )
    parser.add_argument(
        "part",
        nargs="?",
        choices=[*_PARTS, "all"],
        default="all",
        help="; ".join(f"{name}: {what}" for name, what in _PARTS.items()) + "; default: all",
    )
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds (default 3)")
    parser.add_argument(
        "--faster-whisper",
        type=Path,
        metavar="FOLDER",
        help="another model of faster-whisper, on this disk, beside the peers",
    )
    parser.add_argument(
        "--vosk", type=Path, metavar="FOLDER", help="a model of vosk, on this disk, as a peer"
    )
    parser.add_argument(
        "--packaged",
        type=Path,
        metavar="PROGRAM",
        help="measure the start of this packaged program, too: build/package/.../captioner",
    )
    parser.add_argument("--output", type=Path, help="also write the report to this file")
    options = parser.parse_args()
    rounds = options.rounds
    parts: dict[str, Callable[[], tuple[str, list[Target]]]] = {
        "startup": lambda: startup.run(rounds, options.packaged),
        "engine": lambda: engine.run(rounds),
        "conditions": lambda: conditions.run(rounds),
        "peers": lambda: peers.run(rounds, options.faster_whisper, options.vosk),
        "footprint": lambda: footprint.run(rounds),
        "latency": lambda: latency.run(rounds),
        "gui": lambda: gui.run(rounds),
        "history": lambda: history.run(rounds),
        "feed": lambda: feed.run(rounds),
        "client": lambda: client.run(rounds),
    }
    reports: list[str] = []
    targets: list[Target] = []
    for name, run in parts.items():
        if options.part in {name, "all"}:
            report, kept = run()
            reports.append(report)
            targets += kept
    rows = [target.row() for target in targets]
    verdicts = markdown(["target", "measured", "limit", ""], rows)
    text = "\n\n".join([*reports, "### Targets", verdicts]) + "\n"
    print(text)
    if options.output is not None:
        options.output.write_text(text, encoding="utf-8")
    return 0 if all(target.met for target in targets) else 1


if __name__ == "__main__":
    raise SystemExit(main())
