"""Hours of speech, faster than real time, with everything watched that may grow or get lost.

  scripts/soak faults --hours 24     a scripted server, network, device and settings that fail
  scripts/soak engine --hours 2      the embedded engine, which is killed now and then

Long soaks run in legs, each in a process of its own. A finished leg is kept at once: the same
command goes on after the last one, whatever ended it. A leg is chosen by its seed alone, so a
failed one can be had again: scripts/soak faults --only 7.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from scripts.benchmarks.soak import engine, faults
from scripts.benchmarks.soak.leg import Soak, exit_with_parent, in_own_process, leg_to_json
from scripts.benchmarks.soak.report import write_report

_REPORTS: Final = Path(__file__).parents[1] / "reports"
_KEPT: Final = Path(__file__).parents[3] / "build"
_WHAT: Final = {"faults": faults.leg, "engine": engine.leg}
_HOURS: Final = {"faults": (24.0, 4.0), "engine": (2.0, 1.0)}


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/soak", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=sorted(_WHAT))
    parser.add_argument("--hours", type=float, help="hours of speech (faults: 24, engine: 2)")
    parser.add_argument("--leg-hours", type=float, help="hours a leg (faults: 4, engine: 1)")
    parser.add_argument("--restart", action="store_true", help="forget finished legs")
    parser.add_argument("--only", type=int, metavar="SEED", help="one leg, and no report of it")
    parser.add_argument("--into", type=Path, help="where legs and report go instead", metavar="DIR")
    parser.add_argument("--exit-with-parent", action="store_true", help="stop when stdin ends")
    return parser.parse_args()


def main() -> int:
    """Run the legs that are missing; return 0 when all passed."""
    options = _options()
    usual_hours, usual_leg_hours = _HOURS[options.what]
    leg_hours = options.leg_hours or min(usual_leg_hours, options.hours or usual_leg_hours)
    if options.exit_with_parent:
        exit_with_parent()
    if options.only is not None:
        leg = asyncio.run(_WHAT[options.what](leg_hours * 3600, options.only, _tell))
        print(leg_to_json(leg))
        return 1 if leg.verdicts else 0
    kept = (options.into or _KEPT) / f"soak-{options.what}-{leg_hours:g}-hours.json"
    soak = (None if options.restart else Soak.read(kept)) or Soak("", [])
    for seed in range(len(soak.legs), max(1, round((options.hours or usual_hours) / leg_hours))):
        leg = in_own_process(options.what, leg_hours, seed)
        soak = Soak(datetime.now(UTC).date().isoformat(), [*soak.legs, leg])
        soak.write(kept)
        _tell("; ".join(leg.verdicts) or f"Leg {seed} passed.")
    print(write_report(options.what, soak, options.into or _REPORTS))
    kept.unlink()
    return 1 if any(leg.verdicts for leg in soak.legs) else 0


if __name__ == "__main__":
    raise SystemExit(main())
