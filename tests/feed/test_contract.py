"""What a program meets that was written from the contract alone."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

from captioner.core.errors import CredentialsError, UnavailableError
from captioner.core.events import GapMarked, HealthChanged
from captioner.core.health import HealthState
from captioner.core.hypothesis import Word
from captioner.core.segment import Gap
from captioner.session.health import of_error
from captioner.transcript.contract import feed_schema
from tests.support.feed import caption, heard, serve_feed
from tests.support.wait import until

_SCHEMA = Path(__file__).parents[2] / "resources" / "web" / "feed.schema.json"


async def test_a_client_reads_partials_and_finals_as_the_contract_has_them() -> None:
    async with serve_feed() as served, served.client(query="?client_id=wall-7") as client:
        assert client.subprotocol == "captioner.v1"
        hello = await heard(client)
        assert (hello["type"], hello["status"], hello["client_id"], hello["protocol_version"]) == (
            "connection",
            "connected",
            "wall-7",
            "1.0",
        )
        assert hello["supported_audio_formats"] == []

        served.feed(caption(4, "so far", shown="so"))
        partial = await heard(client)
        told = datetime.fromisoformat(partial.pop("timestamp"))
        assert abs((datetime.now(UTC) - told).total_seconds()) < 60
        assert partial == {
            "type": "partial",
            "segment_id": 4,
            "text": "so",  # what a reader sees of it
            "is_final": False,
            "processing_time_ms": 0.0,
        }
        words = (Word("So", 10, 20, 0.5, speaker=2), Word("far.", 30, 40, 0.25, speaker=2))
        served.feed(caption(4, "So far.", final=True, channel="You", words=words))
        final = await heard(client)
        del final["timestamp"]
        assert final == {
            "type": "transcription",
            "segment_id": 4,
            "text": "So far.",
            "is_final": True,
            "processing_time_ms": 0.0,
            "confidence": 0.0,
            "words": [
                {"word": "So", "start": 10, "end": 20, "confidence": 0.5, "speaker": 2},
                {"word": "far.", "start": 30, "end": 40, "confidence": 0.25, "speaker": 2},
            ],
            "channel": "You",
            "speaker": 2,
        }


async def test_whoever_comes_late_is_told_the_last_finals_and_what_is_being_said() -> None:
    async with serve_feed(replay=2) as served, served.client() as early:
        for number in range(4):
            served.feed(caption(number, f"Final {number}.", final=True))
        served.feed(caption(4, "held back", shown=""))
        served.feed(caption(4, "and now"))
        texts = [(await heard(early)).get("text") for _ in range(6)]
        assert texts[1:] == ["Final 0.", "Final 1.", "Final 2.", "Final 3.", "and now"]
        async with served.client() as late:
            events = [await heard(late) for _ in range(4)]
    assert [event.get("text") for event in events] == [None, "Final 2.", "Final 3.", "and now"]
    ids = [event["segment_id"] for event in events[1:]]
    assert ids == sorted(ids)


async def test_errors_are_told_with_their_reason() -> None:
    async with serve_feed() as served, served.client() as client:
        await heard(client)
        served.feed(caption(3, "So far.", final=True))
        served.feed(GapMarked(Gap(1000, 2000, "The microphone was unplugged", "You")))
        refused = CredentialsError("The key is wrong.", hint="Mend it.", code="UNAUTHENTICATED")
        served.feed(HealthChanged(of_error(HealthState.FAILED, refused)))
        served.feed.tell_error(UnavailableError("The server is gone.", code="UNAVAILABLE"))
        await heard(client)
        gap, health, error = [await heard(client) for _ in range(3)]
        assert (gap["type"], gap["code"], gap["segment_id"]) == ("error", "AUDIO_LOST", 3)
        assert (gap["start"], gap["end"], gap["channel"]) == (1000, 2000, "You")
        assert (health["error"], health["hint"]) == ("The key is wrong.", "Mend it.")
        assert (health["category"], health["code"]) == ("credentials", "UNAUTHENTICATED")
        assert health["retryable"] is False
        assert (error["error"], error["category"]) == ("The server is gone.", "unavailable")
        # Who comes while captions are broken is told, too; who comes after that is not.
        async with served.client() as late:
            assert [(await heard(late))["type"] for _ in range(3)][2] == "error"
        served.feed(caption(4, "it works again"))
        assert (await heard(client))["text"] == "it works again"
        async with served.client() as latest:
            types = [(await heard(latest))["type"] for _ in range(3)]
        assert types == ["connection", "transcription", "partial"]


async def test_pings_are_answered_and_audio_is_refused_politely() -> None:
    async with serve_feed() as served, served.client() as client:
        await heard(client)
        await client.send('{"type":"ping"}')
        assert (await heard(client))["type"] == "pong"
        for message, code in (
            ('{"type":"start_recording"}', "READ_ONLY"),
            ('{"type":"dance"}', "UNKNOWN_MESSAGE"),
            ('{"type":["ping"]}', "UNKNOWN_MESSAGE"),
            ("{nonsense", "BAD_MESSAGE"),
            ("[" * 4000, "BAD_MESSAGE"),
            ("[]", "BAD_MESSAGE"),
            ("7", "BAD_MESSAGE"),
        ):
            await client.send(message)
            answer = await heard(client)
            assert (answer["type"], answer["code"]) == ("error", code)
        served.feed(caption(0, "still here"))
        assert (await heard(client))["text"] == "still here"


async def test_clients_are_counted_and_told_of_the_end() -> None:
    async with serve_feed() as served:
        async with served.client() as one, served.client() as other:
            await until(lambda: served.feed.clients == 2)
            await other.close()
            await until(lambda: served.feed.clients == 1)
            await heard(one)
            for number in range(50):
                served.feed(caption(number, "The last words. " * 16_000, final=True))
            closing = asyncio.create_task(served.feed.close())
            last = [(await heard(one))["segment_id"] for _ in range(50)]
            assert last == list(range(50))  # nothing is lost on the way out
            await closing
            await one.wait_closed()
            assert one.close_code == 1001  # going away
        assert served.feed.clients == 0
        served.feed(caption(0, "nobody listens, and nothing happens"))


def test_the_schema_that_comes_along_is_that_of_the_models() -> None:
    # To write it anew: captioner feed --schema > resources/web/feed.schema.json
    assert json.loads(_SCHEMA.read_text(encoding="utf-8")) == feed_schema()
