"""Lines of the engine's log belong to a request, by the id that its client gave it."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, cast

import grpc
import pytest

from captioner.core.errors import CaptionerError
from captioner.engine.mock import MockBackend
from captioner.engine.native import Decoder
from captioner.engine.scheduler import DecodeScheduler, Job
from captioner.telemetry.log_lines import tagged
from tests.engine.serving import Request, config, serving, silence
from tests.support.json_log import logged_to
from tests.support.wait import until

ID = "1f0c9a2b/You/2"


def _lines(log_file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log_file.read_text(encoding="utf-8").splitlines()]


async def _call(name: str, log_file: Path, **changes: object) -> list[dict[str, Any]]:
    """Have a stream of this name recognised to its end; return what the log says meanwhile."""
    async with serving(MockBackend()) as served:
        with logged_to(log_file, logging.DEBUG):
            call = served.stub.StreamingRecognize()
            first = Request(streaming_config=config(**changes))
            first.id.value = name
            await call.write(first)
            if not changes:
                await call.write(Request(audio_content=silence(3)))
                await call.done_writing()
            while await call.read() is not grpc.aio.EOF:
                pass
    return _lines(log_file)


async def test_from_received_to_answered_all_lines_have_it(tmp_path: Path) -> None:
    lines = await _call(ID, tmp_path / "log")
    of_call = [line for line in lines if line.get("request") == ID]
    received = [line["stream_ms"] for line in of_call if line["message"] == "Received"]
    answered = [line for line in of_call if line["message"] == "Answered"]
    assert of_call[0]["message"] == "A stream begins"
    assert received == [3000]
    assert [line["stream_ms"] for line in answered if line["is_final"]] == [2500]
    assert "This is the" not in (tmp_path / "log").read_text(encoding="utf-8")


async def test_a_refusal_has_it(tmp_path: Path) -> None:
    with pytest.raises(grpc.aio.AioRpcError):
        await _call(ID, tmp_path / "log", language_code="de-DE")
    (refused,) = [line for line in _lines(tmp_path / "log") if "refused" in line["message"]]
    assert refused["request"] == ID


@pytest.mark.parametrize("name", ["", "words that were said", "x" * 65, "a\nb"])
async def test_what_is_no_plain_id_is_not_written(name: str, tmp_path: Path) -> None:
    lines = await _call(name, tmp_path / "log")
    assert lines
    assert not any("request" in line for line in lines)


async def test_a_decode_that_fails_has_it_and_its_traceback(tmp_path: Path) -> None:
    class NoDecoder:
        def close(self) -> None:
            pass

    def fail(_decoder: Decoder) -> str:
        raise KeyError("of the model")

    errors: list[CaptionerError] = []
    scheduler = DecodeScheduler([cast("Decoder", NoDecoder())])
    with logged_to(tmp_path / "log", logging.DEBUG, verbose=True):
        with tagged(request=ID):
            lane = scheduler.open_lane()
        lane.submit_final(Job(work=fail, deliver=lambda _: None, fail=errors.append))
        await until(lambda: errors)
        await scheduler.close()
    (line,) = _lines(tmp_path / "log")
    assert (line["message"], line["request"]) == ("Decoding failed", ID)
    assert line["error"]["code"] == "KeyError"
    assert "in fail" in line["traceback"]
