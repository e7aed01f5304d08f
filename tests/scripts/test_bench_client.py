"""`scripts/bench client`: its arithmetic, its search, and a short run of the real parts."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import pytest
from pydantic import TypeAdapter
from riva.client.proto import riva_asr_pb2

from scripts.benchmarks import client
from scripts.benchmarks.client import Round, Run, Scale, Told, play
from scripts.benchmarks.run_riva_server import answers
from scripts.benchmarks.streams import (
    ClientRecord,
    Delays,
    Plan,
    ServerRecord,
    delays,
    most,
    percentile,
)
from scripts.benchmarks.table import Target

_SHORT = Scale(warm_up_s=1.5, one_s=1.0, many_s=1.0, first=2, at_most=2)


def test_percentile_is_a_value_that_occurred() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert percentile(values, 50) == 50
    assert percentile(values, 99) == 99
    assert percentile(values, 100) == 100
    assert percentile([1.0, 2.0, 3.0], 50) == 2.0


def test_percentile_does_not_hide_what_is_missing() -> None:
    assert percentile([0.1] * 98 + [math.inf] * 2, 99) == math.inf
    assert percentile([0.1] * 99 + [math.inf], 99) == 0.1


def _up_to(limit: int, asked: list[int]) -> Callable[[int], bool]:
    def keeps_up(number: int) -> bool:
        asked.append(number)
        return number <= limit

    return keeps_up


@pytest.mark.parametrize("limit", [0, 1, 7, 8, 9, 63, 64, 100, 511])
def test_search_ends_near_the_limit(limit: int) -> None:
    asked: list[int] = []
    found = most(_up_to(limit, asked), 8, at_most=4096, within=0.04)
    assert found <= limit <= found + max(1, 0.04 * found)
    assert len(asked) == len(set(asked)) <= 16


def test_search_does_not_go_beyond_its_bound() -> None:
    asked: list[int] = []
    assert most(_up_to(1000, asked), 8, at_most=20, within=0.04) == 20
    assert asked == [8, 16, 20]


def _records() -> tuple[ClientRecord, ServerRecord]:
    """Two streams with a chunk of warm-up and two that are measured; begun at 10 s."""
    made = ClientRecord(
        Plan(port=0, streams=2, warm_up_s=0.1, seconds=0.2),
        begun=10.0,
        handed=[[10.0, 10.1, 10.21], [10.05, 10.15, 10.25]],
        heard=[{0: 10.5, 1: 10.125, 2: 10.25}, {0: 10.5, 1: 10.25}],
    )
    served = ServerRecord(
        calls=2,
        read={0: [10.4, 10.11, 10.22], 1: [10.4, 10.18]},
        wrote={0: [10.4, 10.115, 10.24], 1: [10.4, 10.2]},
        processor=[(9.9, 1.0), (10.05, 1.01), (10.3, 1.11), (10.5, 2.0)],
    )
    return made, served


def test_delays_join_both_sides_chunk_by_chunk() -> None:
    found = delays(*_records())
    assert found.late == pytest.approx([0, 0.01, 0, 0])
    assert found.there == pytest.approx([0.01, 0.01, 0.03, math.inf])
    assert found.back == pytest.approx([0.01, 0.01, 0.05, math.inf])
    assert found.whole == pytest.approx([0.025, 0.05, 0.1, math.inf])


def test_records_travel_between_processes() -> None:
    made, served = _records()
    assert ClientRecord.from_json(made.to_json()) == made
    assert ServerRecord.from_json(served.to_json()) == served


def test_server_share_is_that_of_the_measured_part() -> None:
    _, served = _records()
    assert served.share(10.1, 10.25) == pytest.approx(0.1 / 0.25)
    assert math.isnan(served.share(10.4, 10.6))


def test_a_client_that_lost_an_answer_or_a_stream_does_not_keep_up() -> None:
    on_time = Delays([0.0], [0.01], [0.01], [0.09] * 100)
    assert Run(1, 0.01, 0.1, on_time, broken=0).keeps_up
    assert not Run(1, 0.01, 0.1, on_time, broken=1).keeps_up
    behind = Delays([0.0], [0.01], [0.01], [0.09] * 98 + [0.11, math.inf])
    assert not Run(1, 0.01, 0.1, behind, broken=0).keeps_up


def test_a_target_may_be_a_floor() -> None:
    assert Target("streams", [3.0], 3.0, at_least=True).met
    assert not Target("streams", [2.9], 3.0, at_least=True).met
    assert Target("streams", [2.9], 3.0, at_least=True).row()[2] == "≥ 3.00"
    assert not Target("processor", [1.1], 1.0).met


def test_answers_are_growing_partials_and_finals_with_words() -> None:
    responses = map(riva_asr_pb2.StreamingRecognizeResponse.FromString, answers(48))
    results = [response.results[0] for response in responses]
    assert [round(10 * result.audio_processed) for result in results] == list(range(1, 49))
    assert [number for number, result in enumerate(results) if result.is_final] == [23, 47]
    last = results[47].alternatives[0]
    assert last.transcript.startswith(" ")
    assert [word.word for word in last.words] == last.transcript.split()
    assert (last.words[0].start_time, last.words[-1].end_time) == (2400, 4800)


@pytest.mark.parametrize("system", ["captioner", "nvidia-riva-client"])
def test_a_client_streams_in_real_time(system: str) -> None:
    run = play(system, Plan(0, streams=3, warm_up_s=1.5, seconds=1.0))
    assert run.broken == 0
    assert len(run.delays.whole) == 30
    assert 0 < min(run.delays.there) <= max(run.delays.there) < math.inf
    assert 0 < min(run.delays.back) <= max(run.delays.back) < math.inf
    assert run.processor > 0
    assert run.server_share > 0


def _round(*, ours: float, is_pinned: bool = True) -> Round:
    """A round in which NVIDIA's client takes 0.01 s a second and drives 100 streams."""

    def told(streams: int, processor: float, share: float = 0.5) -> Told:
        late = Delays([0.0], [0.001] * 98 + [0.002, math.inf], [0.003] * 100, [0.09] * 100)
        run = Run(streams, processor, share, late, broken=0)
        return Told.of(run)

    single = {"captioner": told(1, ours), "nvidia-riva-client": told(1, 0.01)}
    many = {"captioner": told(round(100 / ours), ours), "nvidia-riva-client": told(100, 0.01)}
    return Round(single, many if is_pinned else {})


def test_rounds_keep_percentiles_and_are_compared_pair_by_pair() -> None:
    assert _round(ours=0.02).single["captioner"].ways == pytest.approx(
        {"to server, p50": 1, "to server, p99": 2, "to consumer, p50": 3, "to consumer, p99": 3}
    )
    text, targets = client.report([_round(ours=0.02), _round(ours=0.04), _round(ours=0.025)])
    assert "| captioner | 0.0250 (0.0200\u20130.0400) | 1.00 ms | 2.00 ms | 3.00 ms |" in text
    assert "| captioner | 4000 (2500\u20135000) |" in text
    assert "Processor time against NVIDIA's: 2.50 (2.00\u20134.00) times." in text
    assert "Streams against NVIDIA's: 40.00 (25.00\u201350.00) times." in text
    assert "3 interleaved rounds" in text
    assert "is not what the clients wait for" in text
    found = {target.name: target for target in targets}
    assert list(found["client: processor time, against NVIDIA's"].values) == [2.0, 4.0, 2.5]
    assert list(found["client: streams of one core, against NVIDIA's"].values) == [50, 25, 40]
    assert found["client: capture to server, p99, against NVIDIA's"].met
    assert len(targets) == 6


def test_where_no_process_can_be_kept_on_a_core_one_stream_is_told() -> None:
    text, targets = client.report([_round(ours=0.02, is_pinned=False)])
    assert "Streams of one core: not measured" in text
    assert len(targets) == 5


def test_rounds_are_read_as_they_were_written() -> None:
    rounds = [_round(ours=0.02), _round(ours=0.04, is_pinned=False)]
    rounds[0].single["captioner"].ways["to server, p99"] = math.inf
    kind = TypeAdapter(list[Round])
    written = json.dumps(kind.dump_python(rounds, mode="json"))
    assert kind.validate_python(json.loads(written)) == rounds


@pytest.mark.slow
def test_the_part_reports_both_clients_and_its_targets() -> None:
    report, targets = client.report([client.measure(_SHORT)])
    assert report.count("| captioner |") == report.count("| nvidia-riva-client |") == 2
    assert len(targets) == 6
