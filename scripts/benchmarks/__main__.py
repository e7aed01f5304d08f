"""Entry of `scripts/bench`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from scripts.benchmarks import client, conditions, engine, feed, gui, history, startup
from scripts.benchmarks.table import Target, markdown

_PARTS: Final = {
    "startup": "from the start of the process to the window and the first caption",
    "engine": "the embedded engine, whole path, against moonshine's own streaming",
    "conditions": "the engine in noise, echo, music, haste and silence; words that it makes up",
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
        "scripts/bench client · scripts/bench engine --faster-whisper ~/models/faster-whisper-tiny",
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
        help="a faster-whisper model on this disk; the package must be installed in .venv",
    )
    parser.add_argument(
        "--packaged",
        type=Path,
        metavar="PROGRAM",
        help="measure the start of this packaged program, too: build/package/.../captioner",
    )
    parser.add_argument("--output", type=Path, help="also write the report to this file")
    options = parser.parse_args()
    reports: list[str] = []
    targets: list[Target] = []
    if options.part in {"startup", "all"}:
        report, kept = startup.run(options.rounds, options.packaged)
        reports.append(report)
        targets += kept
    if options.part in {"engine", "all"}:
        report, kept = engine.run(options.rounds, options.faster_whisper)
        reports.append(report)
        targets += kept
    if options.part in {"conditions", "all"}:
        report, kept = conditions.run(options.rounds)
        reports.append(report)
        targets += kept
    if options.part in {"gui", "all"}:
        report, kept = gui.run(options.rounds)
        reports.append(report)
        targets += kept
    if options.part in {"history", "all"}:
        report, kept = history.run(options.rounds)
        reports.append(report)
        targets += kept
    if options.part in {"feed", "all"}:
        report, kept = feed.run(options.rounds)
        reports.append(report)
        targets += kept
    if options.part in {"client", "all"}:
        report, kept = client.run(options.rounds)
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
