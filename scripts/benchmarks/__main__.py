"""Entry of `scripts/bench`."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from functools import partial
from os import cpu_count
from pathlib import Path
from platform import machine, python_version
from typing import Any, Final

from pydantic import ValidationError

from scripts.benchmarks import (
    capacity,
    client,
    conditions,
    engine,
    feed,
    gui,
    history,
    hours,
    latency,
    startup,
)
from scripts.benchmarks.agreement import agreement
from scripts.benchmarks.alone import alone
from scripts.benchmarks.peers import footprint
from scripts.benchmarks.peers import part as peers
from scripts.benchmarks.readme import into_readme
from scripts.benchmarks.report import Report
from scripts.benchmarks.rounds import Procedure, Rounds
from scripts.benchmarks.table import SPREAD

_README: Final = Path("README.md")
_REPORTS: Final = Path("build/bench")
_QUICK: Final = ("startup", "engine", "latency", "history")
_PARTS: Final = {
    "startup": "from the start of the process to the window and the first caption",
    "engine": "the embedded engine, whole path, against moonshine's own streaming",
    "capacity": "how many streams the embedded engine bears at once",
    "conditions": "the engine and peers in noise, echo, music and haste; once in a run",
    "peers": "the embedded engine beside other recognisers that users would pick",
    "footprint": "the application beside Buzz: size, start, memory, processor (7 GB are installed)",
    "latency": "from the loudspeaker to the pixels of the window, and its stages",
    "gui": "the window: response to paint, processor time, memory",
    "hours": "the window after eight hours, accelerated; once in a run",
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

The rounds of all parts lie over the whole run, so that a machine that gets slower or faster
meanwhile shows in the spread. A report is report.md, report.json and drawings in a folder, with
each round in rounds.json; the exit code is 1 where a target is missed or a part could not be
measured. Ctrl-C keeps what is there, and --resume goes on.

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
        help="keep the rounds that the folder has, and measure what is missing of these parts",
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
    """Measure the parts in turn, round by round; what is there is written after each."""
    wanted = [options.part]
    if options.part == "all":
        wanted = list(_QUICK if options.quick else _PARTS)
    rounds = Rounds(options.out, _procedures(options), _circumstances(options))

    def report() -> Report:
        return Report(_machine(), rounds.parts(is_quick=options.quick))

    try:
        if options.resume:
            rounds.resume()
        with alone():
            for _ in rounds.measured(wanted, options.rounds):
                report().write(options.out)
    except ValueError as error:
        _tell(str(error))
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        _tell(f"Ended. Go on with the same command and --resume, --out {options.out}")
        raise SystemExit(130) from None
    found = report()
    _tell("Written: " + ", ".join(map(str, found.write(options.out))))
    return found


def _circumstances(options: argparse.Namespace) -> str:
    """Return what rounds must have in common to be told together."""
    asked = {
        "--quick": options.quick,
        "--packaged": options.packaged,
        "--faster-whisper": options.faster_whisper,
        "--vosk": options.vosk,
    }
    named = [name if value is True else f"{name} {value}" for name, value in asked.items() if value]
    return " ".join([_machine(), *named])


def _procedures(options: argparse.Namespace) -> dict[str, Procedure[Any]]:
    peers_of_user = partial(peers.measure, options.faster_whisper, options.vosk)
    of_start = partial(startup.measure, options.packaged)
    return {
        "startup": Procedure(startup.Round, of_start, startup.report),
        "engine": Procedure(engine.Round, engine.measure, engine.report),
        "capacity": Procedure(capacity.Round, capacity.measure, capacity.report),
        "conditions": Procedure(conditions.Round, conditions.measure, conditions.report, once=True),
        "peers": Procedure(peers.Round, peers_of_user, peers.report),
        "footprint": Procedure(footprint.Round, footprint.measure, footprint.report),
        "latency": Procedure(latency.Round, latency.measure, latency.report),
        "gui": Procedure(gui.Round, gui.measure, gui.report),
        "hours": Procedure(hours.Round, hours.measure, hours.report, once=True),
        "history": Procedure(history.Round, history.measure, history.report),
        "feed": Procedure(feed.Round, feed.measure, feed.report),
        "client": Procedure(client.Round, client.measure, client.report),
    }


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
    found = agreement(first, second)
    for line in [*found.contradictions, *found.outside]:
        print(line)
    for line in found.close:
        print(f"At its limit: {line}")
    if found.alone:
        print(f"Measured only once, so not compared: {', '.join(found.alone)}.")
    if found.pace:
        least, most = min(found.pace.values()), max(found.pace.values())
        print(f"By part, the machine took {least:.2f} to {most:.2f} times as long the second time.")
    print(
        f"{found.compared} figures compared, {len(found.outside)} outside the spread; "
        f"{len(found.contradictions)} contradictions. {SPREAD}"
    )
    print("The runs agree." if found.holds else "The runs do not agree.")
    return 0 if found.holds else 1


def _readme(report: Report) -> int:
    try:
        whole = {part.name for part in report.parts} >= _PARTS.keys()
        text = into_readme(_README.read_text(encoding="utf-8"), report, whole=whole)
    except ValueError as error:
        _tell(str(error))
        return 2
    _README.write_text(text, encoding="utf-8")
    return 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
