"""Hours of speech, faster than real time, with everything watched that may grow or get lost.

  scripts/soak faults --hours 24     a scripted server, network, device and settings that fail
  scripts/soak engine --hours 2      the embedded engine, which is killed now and then

Long soaks run in legs, each in a process of its own. A finished leg is kept at once: the same
command goes on after the last one. A leg is chosen by its seed alone, so a failed one can be had
again: scripts/soak faults --only 7.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from scripts.benchmarks.soak import engine, faults
from scripts.benchmarks.soak.kills import DEFINITION
from scripts.benchmarks.soak.leg import ALLOWED_MB, Leg, Soak, in_own_process, leg_to_json
from scripts.benchmarks.table import markdown

_REPORTS: Final = Path(__file__).parents[1] / "reports"
_KEPT: Final = Path("build")
_WHAT: Final = {"faults": faults.leg, "engine": engine.leg}
_HOURS: Final = {"faults": (24.0, 4.0), "engine": (2.0, 1.0)}
_TITLES: Final = {
    "faults": "A scripted server, network, device and settings that fail",
    "engine": "The embedded engine, killed now and then",
}


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _report() -> str:
    parts = ["# Soak"]
    for what, title in _TITLES.items():
        if (soak := Soak.read(_REPORTS / f"soak-{what}.json")) is not None:
            parts += [f"## {title}", _summary(soak, what), _table(soak.legs)]
    parts.append(DEFINITION)
    parts.append(
        "Memory is resident, in MB, from after the warm-up to the end; it may grow by "
        f"{ALLOWED_MB:g} MB in a leg."
    )
    return "\n\n".join(parts)


def _summary(soak: Soak, what: str) -> str:
    legs = soak.legs
    happened = sum((Counter(leg.happened) for leg in legs), Counter[str]())
    hours = sum(leg.audio_s for leg in legs) / 3600
    speed = sum(leg.audio_s for leg in legs) / sum(leg.wall_s for leg in legs)
    bad = [verdict for leg in legs for verdict in leg.verdicts]
    return (
        f"{soak.date}, `scripts/soak {what} --hours {hours:.0f}`: {hours:.1f} hours of speech at "
        f"{speed:.0f} times real time, {happened.total()} faults and changes: "
        + ", ".join(f"{name} {count}" for name, count in sorted(happened.items()))
        + ". "
        + (f"**Failed**: {'; '.join(bad)}." if bad else "Passed.")
    )


def _table(legs: list[Leg]) -> str:
    memory, left, said = list(legs[0].memory), list(legs[0].leftovers), list(legs[0].said)
    header = ["speech", "faults", *said, *(f"MB of {name}" for name in memory), "left over", ""]
    rows = [
        [
            f"{leg.audio_s / 60:.0f} min in {leg.wall_s / 60:.1f} min",
            str(sum(leg.happened.values())),
            *(leg.said[name] for name in said),
            *(str(leg.memory[name]) for name in memory),
            ", ".join(f"{name} {leg.leftovers[name]}" for name in left),
            "**failed**" if leg.verdicts else "passed",
        ]
        for leg in legs
    ]
    return markdown(header, rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/soak", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=sorted(_WHAT))
    parser.add_argument("--hours", type=float, help="hours of speech (faults: 24, engine: 2)")
    parser.add_argument("--leg-hours", type=float, help="hours a leg (faults: 4, engine: 1)")
    parser.add_argument("--restart", action="store_true", help="forget finished legs")
    parser.add_argument("--only", type=int, metavar="SEED", help="one leg, and no report of it")
    return parser.parse_args()


def main() -> int:
    """Run the legs that are missing; return 0 when all passed."""
    options = _options()
    usual_hours, usual_leg_hours = _HOURS[options.what]
    leg_hours = options.leg_hours or min(usual_leg_hours, options.hours or usual_leg_hours)
    if options.only is not None:
        leg = asyncio.run(_WHAT[options.what](leg_hours * 3600, options.only, _tell))
        print(leg_to_json(leg))
        return 1 if leg.verdicts else 0
    kept = _KEPT / f"soak-{options.what}.json"
    soak = (None if options.restart else Soak.read(kept)) or Soak("", [])
    for seed in range(len(soak.legs), max(1, round((options.hours or usual_hours) / leg_hours))):
        leg = in_own_process(options.what, leg_hours, seed)
        soak = Soak(datetime.now(UTC).date().isoformat(), [*soak.legs, leg])
        soak.write(kept)
        _tell("; ".join(leg.verdicts) or f"Leg {seed} passed.")
    soak.write(_REPORTS / kept.name)
    (_REPORTS / "soak.md").write_text(_report() + "\n", encoding="utf-8")
    print(_report())
    kept.unlink()
    return 1 if any(leg.verdicts for leg in soak.legs) else 0


if __name__ == "__main__":
    raise SystemExit(main())
