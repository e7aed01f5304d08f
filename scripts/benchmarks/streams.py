"""What the server and the clients of `scripts/bench client` agree on, and the measures from it.

Times are ``time.monotonic()``, which all processes of one machine share. The client says when a
chunk was handed over and when the answer to it was heard; the server says when it read the chunk
and wrote the answer. A chunk and its answer are named by the number of the chunk in its stream.
"""

from __future__ import annotations

import json
import math
import os
import resource
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Final

from captioner.core.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from scripts.benchmarks.speech import samples
from tests.support.clips import TWO_CITIES

CHUNK_S: Final = 0.1
CHUNK_BYTES: Final = round(CHUNK_S * SAMPLE_RATE) * BYTES_PER_SAMPLE
CONNECT_S: Final = 60.0
"""How long all streams together may take to stand. Those that do not are without answers."""

_LEAD_S: Final = 0.5
_GRACE_S: Final = 1.0
"""How long after the last chunk an answer may still come."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one client process does.

    Attributes:
        port: Where the server listens on this machine.
        streams: Real-time streams at once, their chunks spread evenly over the length of one.
        warm_up_s: Streaming before anything is measured.
        seconds: Streaming that is measured.
        core: The one processor core to run on; None leaves it to the system.
    """

    port: int
    streams: int
    warm_up_s: float
    seconds: float
    core: int | None = None

    @property
    def chunks(self) -> int:
        """Chunks of each stream, the warm-up included."""
        return round((self.warm_up_s + self.seconds) / CHUNK_S)

    def to_json(self) -> str:
        """Return the plan for another process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Read what `to_json` wrote."""
        return cls(**json.loads(text))


@dataclass(slots=True)
class ClientRecord:
    """What one client process saw.

    Attributes:
        plan: What it was told to do.
        begun: When the first chunk of stream 0 was due; never, before all streams stood.
        handed: For each stream, when the source handed over each chunk.
        heard: For each stream, when the consumer had the answer to a chunk, by its number.
        processor_s: Processor time of the process during the measured part.
    """

    plan: Plan
    begun: float = math.inf
    handed: list[list[float]] = field(default_factory=list)
    heard: list[dict[int, float]] = field(default_factory=list)
    processor_s: float = 0.0

    @classmethod
    def of(cls, plan: Plan) -> ClientRecord:
        """Return a record with nothing in it yet."""
        count = range(plan.streams)
        return cls(plan, handed=[[] for _ in count], heard=[{} for _ in count])

    def begin(self) -> None:
        """Have the first chunk in a moment: all streams stand, or do not after a long time."""
        self.begun = time.monotonic() + _LEAD_S

    @property
    def measured_from(self) -> float:
        """When the measured part begins."""
        return self.begun + self.plan.warm_up_s

    @property
    def measured_until(self) -> float:
        """When the measured part ends."""
        return self.measured_from + self.plan.seconds

    @property
    def given_up_at(self) -> float:
        """When an answer that has not come is taken to be missing."""
        return self.measured_until + _GRACE_S

    def due(self, stream: int, number: int) -> float:
        """Return when a chunk is heard in full, and so is to be handed over."""
        return self.begun + (stream / self.plan.streams + number) * CHUNK_S

    def note_answer(self, stream: int, processed_s: float) -> None:
        """Note that the consumer has the answer which says ``processed_s`` seconds were read."""
        self.heard[stream][round(processed_s / CHUNK_S) - 1] = time.monotonic()

    def to_json(self) -> str:
        """Return the record for another process; threads may still be adding to it."""
        copy = replace(self, handed=list(map(list, self.handed)), heard=list(map(dict, self.heard)))
        return json.dumps(asdict(copy))

    @classmethod
    def from_json(cls, text: str) -> ClientRecord:
        """Read what `to_json` wrote."""
        data = json.loads(text)
        data["plan"] = Plan(**data["plan"])
        data["heard"] = [{int(key): at for key, at in heard.items()} for heard in data["heard"]]
        return cls(**data)


@dataclass(slots=True)
class ServerRecord:
    """What the server saw.

    Attributes:
        calls: Streams that were opened; more than the client has means that one broke.
        read: When each chunk was read, by the number of its stream.
        wrote: When the answer to each chunk was written.
        processor: Samples of the time and of the processor time used up to then.
    """

    calls: int = 0
    read: dict[int, list[float]] = field(default_factory=dict)
    wrote: dict[int, list[float]] = field(default_factory=dict)
    processor: list[tuple[float, float]] = field(default_factory=list)

    def share(self, start: float, end: float) -> float:
        """Return the part of one core that the server used between two moments."""
        before = max((sample for sample in self.processor if sample[0] <= start), default=None)
        after = min((sample for sample in self.processor if sample[0] >= end), default=None)
        if before is None or after is None:
            return math.nan
        return (after[1] - before[1]) / (after[0] - before[0])

    def to_json(self) -> str:
        """Return the record for another process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> ServerRecord:
        """Read what `to_json` wrote."""
        data = json.loads(text)
        for name in ("read", "wrote"):
            data[name] = {int(stream): times for stream, times in data[name].items()}
        data["processor"] = [(at, used) for at, used in data["processor"]]
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Delays:
    """The ways of the chunks of the measured part, in seconds; infinite where one got lost.

    Attributes:
        late: From the moment a chunk was due to its hand-over: the client itself is behind.
        there: From the hand-over to the server's read.
        back: From the server's write to the consumer.
        whole: From the moment a chunk was due to the consumer that has the answer.
    """

    late: list[float]
    there: list[float]
    back: list[float]
    whole: list[float]


def delays(client: ClientRecord, server: ServerRecord) -> Delays:
    """Join both sides' times, chunk by chunk."""
    plan = client.plan
    late, there, back, whole = [], [], [], []
    for stream in range(plan.streams):
        for number in range(round(plan.warm_up_s / CHUNK_S), plan.chunks):
            due = client.due(stream, number)
            handed = _at(client.handed[stream], number)
            read = _at(server.read.get(stream, []), number)
            wrote = _at(server.wrote.get(stream, []), number)
            heard = client.heard[stream].get(number, math.inf)
            late.append(handed - due)
            there.append(read - handed if read < math.inf else math.inf)
            back.append(heard - wrote if heard < math.inf else math.inf)
            whole.append(heard - due)
    return Delays(late, there, back, whole)


def _at(times: list[float], number: int) -> float:
    return times[number] if number < len(times) else math.inf


def percentile(values: Iterable[float], percent: float) -> float:
    """Return the smallest value that ``percent`` % of ``values`` do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


def most(keeps_up: Callable[[int], bool], first: int, *, at_most: int, within: float) -> int:
    """Return the greatest number that keeps up, 0 for none, by doubling and then halving.

    Args:
        keeps_up: Whether a number is managed; taken to be true up to a limit and false beyond.
        first: Tried first.
        at_most: Nothing greater is tried.
        within: How near the limit the answer has to be, as a part of it.
    """
    good, bad = 0, min(first, at_most)
    while keeps_up(bad):
        good, bad = bad, min(2 * bad, at_most)
        if good == at_most:
            return good
    while bad - good > max(1, within * good):
        middle = (good + bad) // 2
        if keeps_up(middle):
            good = middle
        else:
            bad = middle
    return good


def model_of(stream: int) -> str:
    """Return the model that a stream asks for, by which the server knows it."""
    return f"scripted-{stream}"


def stream_of(model: str) -> int:
    """Return the number of the stream that asks for ``model``."""
    return int(model.rpartition("-")[2])


def run_on(core: int | None) -> None:
    """Keep this process, and all threads that it will start, on one core."""
    if core is not None:
        os.sched_setaffinity(0, {core})


def chunks_of_speech() -> list[bytes]:
    """Return a clip as chunks of 100 ms, for playing in a circle."""
    sound = (samples(TWO_CITIES.path) * 32767).astype("<i2").tobytes()
    return [sound[at : at + CHUNK_BYTES] for at in range(0, len(sound) - CHUNK_BYTES, CHUNK_BYTES)]


def processor_s() -> float:
    """Return the processor time of this process so far, in seconds."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
