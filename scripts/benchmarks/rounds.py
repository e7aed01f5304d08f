"""The rounds of a run: all parts in turn, again and again, each round kept on the disk at once.

A machine that others use, too, gets slower and faster within the hour. As the rounds of a part lie
over the whole run, that is in the spread of its figures.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from pydantic import TypeAdapter

from scripts.benchmarks.report import Part
from scripts.benchmarks.table import Target

_FILE: Final = "rounds.json"

R = TypeVar("R")


class Measurement(Generic[R]):
    """How a part is measured and told.

    Attributes:
        measure: Does one round.
        report: Returns the Markdown of all rounds, and the targets.
        once: It takes long, and its figures hardly change: one round of a run is enough.
    """

    def __init__(
        self,
        kind: Any,  # noqa: ANN401 - what `measure` returns; no type says "a type" of any form
        measure: Callable[[], R],
        report: Callable[[Sequence[R]], tuple[str, list[Target]]],
        *,
        once: bool = False,
    ) -> None:
        """Keep how; ``kind`` is the type of a round, by which it is read from the disk."""
        self.measure = measure
        self.report = report
        self.once = once
        self._kind: TypeAdapter[list[R]] = TypeAdapter(list[kind])

    def plain(self, measured: R) -> Any:  # noqa: ANN401 - plain data
        """Return a round as what JSON can hold."""
        return self._kind.dump_python([measured], mode="json")[0]

    def told(self, rounds: Sequence[Any]) -> tuple[str, list[Target]]:
        """Return the report of rounds that `plain` gave."""
        return self.report(self._kind.validate_python(rounds))


@dataclass(slots=True)
class Kept:
    """What the disk has of a part.

    Attributes:
        rounds: As plain data.
        seconds: How long each took.
        failed: Why the last one could not be measured; empty where it could.
    """

    rounds: list[Any] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    failed: str = ""


_KEPT: Final = TypeAdapter(dict[str, Kept])


class Rounds:
    """The rounds of a run, in a folder."""

    def __init__(self, folder: Path, measurements: Mapping[str, Measurement[Any]]) -> None:
        """Begin without any; `resume` reads those of the folder."""
        self._path = folder / _FILE
        self._measurements = measurements
        self._kept = {name: Kept() for name in measurements}
        self._seconds = {name: kept.seconds for name, kept in self._read().items() if kept.seconds}

    def resume(self) -> None:
        """Keep what the folder has of these parts; what failed is tried again."""
        self._kept |= {
            name: Kept(kept.rounds, kept.seconds)
            for name, kept in self._read().items()
            if name in self._measurements
        }

    def measured(self, count: int) -> Iterator[None]:
        """Measure what is missing of ``count`` rounds of each part; yield after each round."""
        for number in range(count):
            for name, kept in self._kept.items():
                if kept.failed or len(kept.rounds) > number or number >= self._of(name, count):
                    continue
                left = self._left(count)
                _tell(f"round {number + 1} of {self._of(name, count)}: {name}{left}")
                self._measure(name, kept)
                yield

    def parts(self, *, is_quick: bool) -> list[Part]:
        """Return the report of each part that was tried."""
        return [
            self._part(name, kept, is_quick=is_quick)
            for name, kept in self._kept.items()
            if kept.rounds or kept.failed
        ]

    def _measure(self, name: str, kept: Kept) -> None:
        measurement = self._measurements[name]
        begun = time.monotonic()
        try:
            kept.rounds.append(measurement.plain(measurement.measure()))
        except Exception as error:  # noqa: BLE001 - the other parts go on, and the report tells it
            traceback.print_exc()
            kept.failed = _failure(error)
        else:
            kept.seconds.append(time.monotonic() - begun)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # Not by pydantic, which has no NaN in data that has no type.
        plain = {name: asdict(kept) for name, kept in self._kept.items()}
        self._path.write_text(json.dumps(plain) + "\n", encoding="utf-8")

    def _part(self, name: str, kept: Kept, *, is_quick: bool) -> Part:
        text, targets, failed = "", list[Target](), kept.failed
        if not failed:
            try:
                text, targets = self._measurements[name].told(kept.rounds)
            except Exception as error:  # noqa: BLE001 - as above
                traceback.print_exc()
                failed = _failure(error)
        return Part(name, text, targets, sum(kept.seconds), failed, len(kept.rounds), is_quick)

    def _of(self, name: str, count: int) -> int:
        return 1 if self._measurements[name].once else count

    def _left(self, count: int) -> str:
        """Tell how long it takes, where each part has been measured here before."""
        left = 0.0
        for name, kept in self._kept.items():
            known = kept.seconds or self._seconds.get(name)
            if missing := 0 if kept.failed else self._of(name, count) - len(kept.rounds):
                if not known:
                    return ""
                left += max(0, missing) * sum(known) / len(known)
        return f"; about {max(1, round(left / 60))} min left"

    def _read(self) -> dict[str, Kept]:
        if not self._path.exists():
            return {}
        return _KEPT.validate_json(self._path.read_bytes())


def _failure(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
