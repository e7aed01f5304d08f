"""What the history keeps, as values."""

from __future__ import annotations

from dataclasses import dataclass, field

from captioner.core.segment import Gap, Segment


@dataclass(frozen=True, slots=True)
class Run:
    """One run of captions, from their start to their end.

    Attributes:
        key: Names the run before the database has given it a number, and in whichever file.
        started_at: When it began, in seconds since 1970.
        ended_at: When it ended; None while it runs, and where nobody noted its end.
        source: What was heard: the names of the devices, in the order in which they came.
        engine: Who recognised, in the same way.
        language: The spoken language that was asked for.
        model: The server's model that was asked for; empty for the server's own choice.
    """

    key: str
    started_at: float
    ended_at: float | None = None
    source: str = ""
    engine: str = ""
    language: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class KeptSegment:
    """A segment, and when it was said.

    Attributes:
        segment: Its times count from the beginning of its run.
        spoken_at: When its speech began, in seconds since 1970.
    """

    segment: Segment
    spoken_at: float


@dataclass(slots=True)
class Batch:
    """News that wait to be written together; to write them twice does no harm.

    Attributes:
        runs: The newest state of each run that the others belong to, by key.
        finals: Finished segments, each with the key of its run.
        gaps: Lost audio, in the same way.
        unfinished: The open segment of each run and channel; None takes it away.
    """

    runs: dict[str, Run] = field(default_factory=dict)
    finals: list[tuple[str, KeptSegment]] = field(default_factory=list)
    gaps: list[tuple[str, Gap]] = field(default_factory=list)
    unfinished: dict[tuple[str, str], KeptSegment | None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.runs or self.finals or self.gaps or self.unfinished)

    @property
    def must_last(self) -> bool:
        """Whether it has what nothing that comes later replaces."""
        return bool(self.finals or self.gaps)

    def add(self, newer: Batch) -> None:
        """Take in what came later."""
        self.runs |= newer.runs
        self.finals += newer.finals
        self.gaps += newer.gaps
        self.unfinished |= newer.unfinished

    def shorten(self, limit: int) -> int:
        """Drop the oldest finals and gaps above ``limit`` of each; return how many."""
        dropped = max(0, len(self.finals) - limit) + max(0, len(self.gaps) - limit)
        if dropped:
            self.finals = self.finals[-limit:]
            self.gaps = self.gaps[-limit:]
        return dropped


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run as the history has it.

    Attributes:
        number: Its number, which no other run of this history ever gets.
        run: What is known of it.
        segments: How many finished segments it has.
        last_at: When its last one was said; the beginning of the run where it has none.
    """

    number: int
    run: Run
    segments: int
    last_at: float


@dataclass(frozen=True, slots=True)
class Found:
    """A segment in which a search found something.

    Attributes:
        run: Number of its run.
        kept: The segment.
        marks: Where in its text the words are, as pairs of beginning and end.
    """

    run: int
    kept: KeptSegment
    marks: tuple[tuple[int, int], ...]
