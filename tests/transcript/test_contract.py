"""The JSON that other programs rely on: names, types and units, as they were promised to them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from captioner.core.errors import CredentialsError, InputFileError
from captioner.core.hypothesis import Word
from captioner.core.segment import Gap, Segment
from captioner.transcript.contract import (
    event_from_error,
    event_from_gap,
    event_from_segment,
    timestamp,
)

PARTIAL = {
    "type": str,
    "segment_id": int,
    "text": str,
    "is_final": bool,
    "timestamp": str,
    "processing_time_ms": float,
}
TRANSCRIPTION = PARTIAL | {"confidence": float, "words": list}
ERROR = {"type": str, "error": str, "segment_id": int, "timestamp": str}


def shape(event: dict[str, object]) -> dict[str, type]:
    return {name: type(value) for name, value in event.items()}


def assert_is_utc(text: object) -> None:
    assert isinstance(text, str)
    moment = datetime.fromisoformat(text)
    assert moment.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - moment) < timedelta(seconds=30)


def test_a_partial() -> None:
    segment = Segment(
        7, 'so "far"\u2028 …', is_final=False, start_ms=1, end_ms=2, processing_ms=41.26
    )
    line = event_from_segment(segment).to_json()
    assert "\n" not in line
    event = json.loads(line)
    assert shape(event) == PARTIAL
    assert_is_utc(event.pop("timestamp"))
    assert event == {
        "type": "partial",
        "segment_id": 7,
        "text": 'so "far"\u2028 …',
        "is_final": False,
        "processing_time_ms": 41.3,
    }


def test_a_transcription() -> None:
    segment = Segment(
        8,
        "So far.",
        is_final=True,
        start_ms=61_000,
        end_ms=61_900,
        confidence=-0.125,
        words=(Word("So", 61_000, 61_400, 0.5), Word("far.", 61_500, 61_900, 0.25, speaker=3)),
        processing_ms=100,
    )
    event = json.loads(event_from_segment(segment).to_json())
    assert shape(event) == TRANSCRIPTION
    assert_is_utc(event.pop("timestamp"))
    assert event == {
        "type": "transcription",
        "segment_id": 8,
        "text": "So far.",
        "is_final": True,
        "processing_time_ms": 100.0,
        "confidence": -0.125,
        "words": [
            {"word": "So", "start": 61_000, "end": 61_400, "confidence": 0.5},
            {"word": "far.", "start": 61_500, "end": 61_900, "confidence": 0.25, "speaker": 3},
        ],
    }


def test_without_word_times_the_list_is_there_and_empty() -> None:
    event = json.loads(event_from_segment(Segment(0, "x", True, 0, 1)).to_json())  # noqa: FBT003 - the field's place
    assert shape(event) == TRANSCRIPTION
    assert event["words"] == []
    assert event["confidence"] == 0.0


@pytest.mark.parametrize("is_final", [True, False])
def test_a_channel_is_added_only_where_there_are_several(*, is_final: bool) -> None:
    segment = Segment(0, "x", is_final=is_final, start_ms=0, end_ms=1, channel="You")
    event = json.loads(event_from_segment(segment).to_json())
    assert event.pop("channel") == "You"
    assert shape(event) == (TRANSCRIPTION if is_final else PARTIAL)


def test_an_error() -> None:
    refused = CredentialsError(
        "The server refused the key.", hint="Check it.", code="UNAUTHENTICATED"
    )
    event = json.loads(event_from_error(refused, 12).to_json())
    assert ERROR.items() <= shape(event).items()
    assert_is_utc(event.pop("timestamp"))
    assert event == {
        "type": "error",
        "error": "The server refused the key.",
        "segment_id": 12,
        "category": "credentials",
        "code": "UNAUTHENTICATED",
        "hint": "Check it.",
        "retryable": False,
    }


def test_an_error_without_code_and_hint_has_no_such_fields() -> None:
    event = json.loads(event_from_error(InputFileError("No audio."), 0).to_json())
    assert "code" not in event
    assert "hint" not in event


def test_timestamps_are_utc_whatever_zone_they_were_taken_in() -> None:
    tokyo = timezone(timedelta(hours=9))
    moment = datetime(2024, 3, 1, 8, 30, 0, 123_456, tzinfo=tokyo)
    assert timestamp(moment) == "2024-02-29T23:30:00.123Z"


def test_lost_audio_is_an_error_with_a_place() -> None:
    event = json.loads(event_from_gap(Gap(1000, 2500, "Lost.", "You"), 7).to_json())
    assert shape({name: event[name] for name in ERROR}) == ERROR
    assert_is_utc(event.pop("timestamp"))
    assert event == {
        "type": "error",
        "error": "Lost.",
        "segment_id": 7,
        "code": "AUDIO_LOST",
        "start": 1000,
        "end": 2500,
        "channel": "You",
    }
