"""What every measurement is written down as: one JSON document, whatever was measured.

Times are milliseconds where the name ends in ``_ms`` and seconds where it ends in ``_s``; rates are
shares from 0 to 1. What was not measured is null.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA: Final = "captioner.measurement/1"
"""Goes up when a reader of the earlier one would misunderstand a document."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, serialize_by_alias=True, validate_by_name=True)


class Kind(StrEnum):
    """What was done."""

    LOAD = "load"
    CAPACITY = "capacity"
    BENCH = "bench"


class Summary(_Record):
    """Many values of one quantity."""

    count: int
    mean: float
    p50: float
    p90: float
    p95: float
    p99: float
    max: float


class Accuracy(_Record):
    """How the words differ from the reference.

    Attributes:
        wer: Word errors for each word of the reference.
        cer: Character errors for each character of the reference.
        words: Words of the reference that were compared.
        substitutions: Words that were taken for others.
        deletions: Words that are missing.
        insertions: Words that nobody said.
    """

    wer: float
    cer: float
    words: int
    substitutions: int
    deletions: int
    insertions: int


class Client(_Record):
    """Whether the measuring side kept up.

    Attributes:
        late_ms: How late chunks were handed over, after the moment at which they were due.
        processor: Part of one processor core that this process used.
        kept_up: False invalidates the latencies: this computer was too slow for so many streams.
    """

    late_ms: Summary | None
    processor: float
    kept_up: bool


class Pairing(StrEnum):
    """How responses were matched with chunks of audio."""

    COUNT = "count"
    """NVIDIA's way: response i answers chunk i. Holds where a server answers each chunk once."""

    PROCESSED = "audio_processed"
    """By how much audio a response says it covers, where responses are fewer or more."""


class Moment(_Record):
    """One stretch of a run.

    Attributes:
        at_s: Its end, in seconds since the run began.
        streams: Streams that were open.
        chunk_p95_ms: As in `Run.chunk_ms`, of this stretch alone.
        final_p95_ms: As in `Run.final_ms`, of this stretch alone.
        errors: Streams that broke.
    """

    at_s: float
    streams: int
    chunk_p95_ms: float | None
    final_p95_ms: float | None
    errors: int


class Run(_Record):
    """One pass with one number of streams to one recogniser.

    Attributes:
        server: What the recogniser is called.
        audio: What was played.
        streams: Streams at the same time.
        seconds: How long all of them were measured together.
        realtime: Whether audio went out as fast as it is spoken; otherwise as fast as it was taken.
        chunk_ms: From sending a chunk to its answer, as NVIDIA defines it: neither the buffering
            of a chunk nor the waiting for the end of an utterance is part of it.
        caption_ms: From the newest audio behind a caption to the caption.
        final_ms: From the end of speech to its final: what a reader waits for.
        first_partial_ms: From the first speech of a stream to its first words.
        pairing: What ``chunk_ms`` was matched by.
        lag_s: Audio that a recogniser was behind, looked at twice a second for each stream.
        errors: How often streams broke, by status.
        reconnects: How often a stream was opened again.
        given_up: Streams that ended before their time.
        dropped_s: Audio that no recogniser heard, all streams together.
        audio_s: Audio that was sent, all streams together.
        finals: Finished captions.
        accuracy: Against the references, where there are any.
        erasure: Words that were taken back, for each word of the finals.
        real_time_factor: Time that recognition took for each second of audio.
        client: The measuring side.
        timeline: The run in stretches.
    """

    server: str
    audio: str
    streams: int
    seconds: float
    realtime: bool = True
    chunk_ms: Summary | None = None
    caption_ms: Summary | None = None
    final_ms: Summary | None = None
    first_partial_ms: Summary | None = None
    pairing: Pairing | None = None
    lag_s: Summary | None = None
    errors: dict[str, int] = Field(default_factory=dict)
    reconnects: int = 0
    given_up: int = 0
    dropped_s: float = 0.0
    audio_s: float = 0.0
    finals: int = 0
    accuracy: Accuracy | None = None
    erasure: float | None = None
    real_time_factor: float | None = None
    client: Client
    timeline: tuple[Moment, ...] = ()


class Check(_Record):
    """A limit that was asked for, and whether it was kept.

    Attributes:
        what: What is limited, in words.
        limit: The most that is allowed.
        found: What was measured; None where nothing could be.
        unit: Of both.
        passed: Whether it was kept.
    """

    what: str
    limit: float
    found: float | None
    unit: str
    passed: bool


class Capacity(_Record):
    """The largest number of streams that kept the limits.

    Attributes:
        streams: That number; 0 where a single stream did not.
        fails_at: The smallest number that did not; None where none was met.
        confirmed: How often the number was tried, and kept the limits.
        confidence: How sure that is, in a sentence.
    """

    streams: int
    fails_at: int | None
    confirmed: int
    confidence: str


class Server(_Record):
    """A recogniser that was measured.

    Attributes:
        name: What it is called.
        address: Where it is.
        tls: Whether the connection was encrypted.
        model: The model that was asked for; empty let the server choose.
        language: The language that was asked for.
        is_mock: Whether its words are scripted.
    """

    name: str
    address: str
    tls: bool
    model: str
    language: str
    is_mock: bool = False


class Machine(_Record):
    """The computer that measured.

    Attributes:
        system: Operating system.
        processor: Its processor.
        cores: Processor cores that the process may use.
        python: Version of Python.
        captioner: Version of Captioner.
    """

    system: str
    processor: str
    cores: int
    python: str
    captioner: str


class Plan(_Record):
    """What was asked for.

    Attributes:
        streams: Streams at the same time; the first number that is tried of a search.
        duration_s: How long all of them are measured.
        ramp_s: How long it takes until all of them are open.
        chunk_ms: Length of the chunks in which audio is sent.
    """

    streams: int
    duration_s: float
    ramp_s: float
    chunk_ms: int


class Measurement(_Record):
    """All of one measurement.

    Attributes:
        schema_name: What kind of document this is.
        kind: What was done.
        begun_at: When, with its time zone.
        machine: Who measured.
        servers: What was measured.
        plan: What was asked for.
        audio: Names of what was played.
        normaliser: How texts were made alike before words were compared.
        runs: What was measured, in order.
        capacity: What a search found.
        checks: Limits that were asked for.
        is_complete: False where it was stopped before its end.
    """

    schema_name: Literal["captioner.measurement/1"] = Field(default=SCHEMA, alias="schema")
    kind: Kind
    begun_at: datetime
    machine: Machine
    servers: tuple[Server, ...]
    plan: Plan
    audio: tuple[str, ...]
    normaliser: str
    runs: tuple[Run, ...]
    capacity: Capacity | None = None
    checks: tuple[Check, ...] = ()
    is_complete: bool = True

    @property
    def is_valid(self) -> bool:
        """Whether the measuring side kept up in every run that counts."""
        return all(run.client.kept_up for run in self.counted)

    @property
    def counted(self) -> tuple[Run, ...]:
        """The runs that the result rests on: of a search, those of the number that it found."""
        if self.capacity is None:
            return self.runs
        number = self.capacity.streams or self.capacity.fails_at
        return tuple(run for run in self.runs if run.streams == number)

    @property
    def passed(self) -> bool:
        """Whether every stream held, and every limit was kept and can be relied on."""
        has_held = not any(run.given_up for run in self.counted)
        return has_held and self.is_valid and all(check.passed for check in self.checks)
