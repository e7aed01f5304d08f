"""Entry of `scripts/bench`."""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from os import cpu_count
from pathlib import Path
from platform import machine, python_version
from typing import Final

from pydantic import ValidationError

from scripts.benchmarks import (
    capacity,
    client,
    conditions,
    engine,
    feed,
    gui,
    history,
    latency,
    startup,
)
from scripts.benchmarks.agreement import agreement
from scripts.benchmarks.peers import footprint
from scripts.benchmarks.peers import part as peers
from scripts.benchmarks.readme import into_readme
from scripts.benchmarks.report import Part, Report
from scripts.benchmarks.table import Target

_README: Final = Path("README.md")
_REPORTS: Final = Path("build/bench")
_MARGIN: Final = 0.15
"""What is measured again an hour later on a shared machine differs by so much, and so may a run."""

_QUICK: Final = ("startup", "engine", "latency", "history")
_PARTS: Final = {
    "startup": "from the start of the process to the window and the first caption",
    "engine": "the embedded engine, whole path, against moonshine's own streaming",
    "capacity": "how many streams the embedded engine bears at once",
    "conditions": "the engine and peers in noise, echo, music and haste; words that they make up",
    "peers": "the embedded engine beside other recognisers that users would pick",
    "footprint": "the application beside Buzz: size, start, memory, processor (7 GB are installed)",
    "latency": "from the loudspeaker to the pixels of the window, and its stages",
    "gui": "the window: response to paint, processor time, memory, eight hours",
    "history": "a working year of captions: search, export, size",
    "feed": "what a hundred clients of the feed, some of them bad, do to the captions",
    "client": "the client of the Riva protocol against NVIDIA's own, scripted server",
}
_AFTERWARDS: Final = {
    "agree": "FIRST SECOND: tell which figures of a second report leave the spread of the first",
    "readme": "FOLDER: put the tables of a report into README.md",
}
_EPILOG: Final = """\
Parts:
{parts}

A report is report.md, report.json and drawings in a folder; the exit code is 1 where a target is
missed or a part could not be measured. Ctrl-C keeps what is there, and --resume goes on.

Examples:
  scripts/bench                                   everything; this takes hours
  scripts/bench --quick                           a look at four parts, once
  scripts/bench engine --rounds 5
  scripts/bench peers --vosk ~/models/vosk-model-small-en-us
  scripts/bench agree build/bench build/bench-2   do two runs agree?
  scripts/bench readme build/bench
"""


def main() -> int:
    """Do what was asked for; return the exit code."""
    options = _options()
    match options.part:
        case "agree":
            return _agree(*map(_read, options.folders))
        case "readme":
            return _readme(*map(_read, options.folders))
    report = _measured(options)
    print(report.to_markdown())
    return 0 if report.is_met else 1


def _options() -> argparse.Namespace:
    known = _PARTS | _AFTERWARDS
    lines = "\n".join(f"  {name:<12}{what}" for name, what in known.items())
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measure Captioner and its peers side by side, in one run, and report.",
        epilog=_EPILOG.format(parts=lines),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "part",
        nargs="?",
        choices=[*known, "all"],
        metavar="PART",
        default="all",
        help="one of those below; all is the default",
    )
    parser.add_argument("folders", nargs="*", type=Path, help="of reports, for agree and readme")
    parser.add_argument("--rounds", type=int, help="interleaved rounds (default 3)")
    parser.add_argument("--quick", action="store_true", help=f"{', '.join(_QUICK)}; one round")
    parser.add_argument(
        "--out", type=Path, default=_REPORTS, help=f"folder of the report (default {_REPORTS})"
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="keep the parts that the folder's report has, measured in as many rounds",
    )
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
    options = parser.parse_args()
    wanted = {"agree": 2, "readme": 1}.get(options.part, 0)
    if len(options.folders) != wanted:
        parser.error(f"{options.part} takes {wanted} folders of reports")
    options.rounds = options.rounds or (1 if options.quick else 3)
    return options


def _measured(options: argparse.Namespace) -> Report:
    """Run the parts in turn; what is there is written after each."""
    wanted = [options.part]
    if options.part == "all":
        wanted = list(_QUICK if options.quick else _PARTS)
    runs = _runs(options)
    before = _before(options)
    seconds = {part.name: part.seconds for part in before}
    done = {part.name: part for part in before if options.resume and not part.failed}
    for number, name in enumerate(wanted, 1):
        if name not in done:
            left = _left(seconds, [each for each in wanted if each not in done])
            _tell(f"part {number} of {len(wanted)}: {name} - {_PARTS[name]}{left}")
            try:
                done[name] = _part(name, runs[name], options)
            except KeyboardInterrupt:
                _tell(f"Ended. Go on with the same command and --resume, --out {options.out}")
                raise SystemExit(130) from None
        report = Report(_machine(), [done[each] for each in wanted if each in done])
        files = report.write(options.out)
    _tell("Written: " + ", ".join(map(str, files)))
    return report


def _before(options: argparse.Namespace) -> list[Part]:
    """Return the parts that the folder has of a run like this one."""
    if not (options.out / "report.json").exists():
        return []
    asked = (options.rounds, options.quick)
    return [part for part in _read(options.out).parts if (part.rounds, part.is_quick) == asked]


def _left(seconds: dict[str, float], names: list[str]) -> str:
    """Tell how long it takes, where each part has been measured here before."""
    if not all(name in seconds for name in names):
        return ""
    return f"; about {max(1, round(sum(seconds[name] for name in names) / 60))} min left"


def _runs(options: argparse.Namespace) -> dict[str, Callable[[], tuple[str, list[Target]]]]:
    rounds = options.rounds
    return {
        "startup": lambda: startup.run(rounds, options.packaged),
        "engine": lambda: engine.run(rounds),
        "capacity": capacity.run,
        "conditions": conditions.run,
        "peers": lambda: peers.run(rounds, options.faster_whisper, options.vosk),
        "footprint": lambda: footprint.run(rounds),
        "latency": lambda: latency.run(rounds),
        "gui": lambda: gui.run(rounds),
        "history": lambda: history.run(rounds),
        "feed": lambda: feed.run(rounds),
        "client": lambda: client.run(rounds),
    }


def _part(
    name: str, run: Callable[[], tuple[str, list[Target]]], options: argparse.Namespace
) -> Part:
    text, targets, failed = "", list[Target](), ""
    begun = time.monotonic()
    try:
        text, targets = run()
    except Exception as error:  # noqa: BLE001 - the other parts go on, and the report tells it
        traceback.print_exc()
        failed = f"{type(error).__name__}: {error}"
    seconds = time.monotonic() - begun
    return Part(name, text, targets, seconds, failed, options.rounds, options.quick)


def _machine() -> str:
    today = datetime.now(UTC).date().isoformat()
    return f"{today}, {cpu_count()} cores ({machine()}), Python {python_version()}."


def _read(folder: Path) -> Report:
    try:
        return Report.read(folder)
    except (OSError, ValidationError):
        _tell(f"{folder} has no report. Make one with: scripts/bench --out {folder}")
        raise SystemExit(2) from None


def _agree(first: Report, second: Report) -> int:
    found = agreement(first, second, margin=_MARGIN)
    for line in found.differences:
        print(line)
    if found.alone:
        print(f"Measured only once, so not compared: {', '.join(found.alone)}.")
    print(
        f"{found.compared} figures compared, {len(found.differences)} differences. A median of the "
        f"second run agrees when it lies in the spread of the first, widened by {_MARGIN:.0%} of "
        "the figure."
    )
    return 0 if found.holds else 1


def _readme(report: Report) -> int:
    try:
        text = into_readme(_README.read_text(encoding="utf-8"), report)
    except ValueError as error:
        _tell(str(error))
        return 2
    _README.write_text(text, encoding="utf-8")
    return 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
