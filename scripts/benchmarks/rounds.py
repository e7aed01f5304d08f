"""The rounds of a run: all parts in turn, again and again, each round kept on the disk at once.

A machine that others use, too, gets slower and faster within the hour. As the rounds of a part lie
over the whole run, that is in the spread of its figures; how fast the machine was is noted, too.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from scripts.benchmarks import pace
from scripts.benchmarks.report import Part
from scripts.benchmarks.table import Target

_FILE: Final = "rounds.json"

R = TypeVar("R")


class Procedure(Generic[R]):
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
        pace: How many milliseconds the fixed piece of work of `pace` took beside each.
        failed: Why the last one could not be measured or told; empty where it could.
    """

    rounds: list[Any] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    pace: list[float] = field(default_factory=list)
    failed: str = ""


@dataclass(slots=True)
class _Run:
    """The file of a run.

    Attributes:
        circumstances: When, where and with which options it was measured.
        parts: By name.
    """

    circumstances: str
    parts: dict[str, Kept] = field(default_factory=dict)


_RUN: Final = TypeAdapter(_Run)


class Rounds:
    """The rounds of a run, in a folder."""

    def __init__(
        self, folder: Path, procedures: Mapping[str, Procedure[Any]], circumstances: str
    ) -> None:
        """Begin without any; `resume` reads those of the folder.

        Args:
            folder: Of the report.
            procedures: Of all parts, by name, in order.
            circumstances: When, where and with which options; only rounds of the same are mixed.
        """
        self._path = folder / _FILE
        self._procedures = procedures
        self._before = self._read()
        self._run = _Run(circumstances)

    def resume(self) -> None:
        """Keep the rounds that the folder has, of all parts.

        Raises:
            ValueError: They were measured in other circumstances.
        """
        before, now = self._before.circumstances, self._run.circumstances
        if self._before.parts and before != now:
            raise ValueError(
                f"{self._path.parent} was measured as: {before} This is: {now} Measure it anew "
                "without --resume, or into another folder with --out."
            )
        for name, kept in self._before.parts.items():
            if name in self._procedures and not self._failure(name, kept.rounds):
                self._run.parts[name] = Kept(kept.rounds, kept.seconds, kept.pace)

    def measured(self, wanted: Collection[str], count: int) -> Iterator[None]:
        """Measure what is missing of ``count`` rounds of each part; yield after each round.

        What fails is tried again in the next round.
        """
        for number in range(count):
            for name in wanted:
                kept = self._run.parts.setdefault(name, Kept())
                if len(kept.rounds) <= number < self._of(name, count):
                    left = self._left(wanted, count, number)
                    _tell(f"round {number + 1} of {self._of(name, count)}: {name}{left}")
                    self._measure(name, kept)
                    yield

    def parts(self, *, is_quick: bool) -> list[Part]:
        """Return the report of each part that was tried, in order."""
        return [
            self._part(name, self._run.parts[name], is_quick=is_quick)
            for name in self._procedures
            if name in self._run.parts
        ]

    def _measure(self, name: str, kept: Kept) -> None:
        procedure = self._procedures[name]
        begun, before = time.monotonic(), pace.milliseconds()
        try:
            measured = procedure.plain(procedure.measure())
        except Exception as error:  # noqa: BLE001 - the other parts go on, and the report tells it
            kept.failed = _failed(error)
        else:
            kept.failed = self._failure(name, [measured])
            if not kept.failed:
                kept.rounds.append(measured)
                kept.pace.append((before + pace.milliseconds()) / 2)
                kept.seconds.append(time.monotonic() - begun)
        self._write()

    def _failure(self, name: str, rounds: Sequence[Any]) -> str:
        """Return why rounds cannot be told; empty where they can."""
        try:
            self._procedures[name].told(rounds)
        except Exception as error:  # noqa: BLE001 - as above
            return _failed(error)
        return ""

    def _part(self, name: str, kept: Kept, *, is_quick: bool) -> Part:
        text, targets = self._procedures[name].told(kept.rounds) if kept.rounds else ("", [])
        return Part(
            name,
            text,
            targets,
            sum(kept.seconds),
            kept.failed,
            len(kept.rounds),
            is_quick=is_quick,
            pace=kept.pace,
        )

    def _of(self, name: str, count: int) -> int:
        return 1 if self._procedures[name].once else count

    def _left(self, wanted: Collection[str], count: int, number: int) -> str:
        """Tell how long it takes, where each part has been measured here before."""
        left = 0.0
        for name in wanted:
            kept = self._run.parts.get(name, Kept())
            before = self._before.parts.get(name, Kept())
            seconds = kept.seconds or before.seconds
            if missing := max(0, self._of(name, count) - max(number, len(kept.rounds))):
                if not seconds:
                    return ""
                left += missing * sum(seconds) / len(seconds)
        return f"; about {max(1, round(left / 60))} min left"

    def _read(self) -> _Run:
        try:
            return _RUN.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return _Run("")
        except ValidationError:
            _tell(f"{self._path} cannot be read, and is not used.")
            return _Run("")

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        half = self._path.with_suffix(".half")
        # Not by pydantic, which has no NaN in data that has no type.
        half.write_text(json.dumps(asdict(self._run)) + "\n", encoding="utf-8")
        half.replace(self._path)


def _failed(error: Exception) -> str:
    traceback.print_exception(error)
    return f"{type(error).__name__}: {error}"


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
