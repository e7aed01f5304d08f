"""A recogniser is told which session, channel and stream a request is of, as our log has them."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from captioner.session.controller import CaptionSession
from captioner.settings.models import AudioSettings
from tests.session.test_session import running, settings_for
from tests.support.json_log import logged_to
from tests.support.riva_handlers import break_once
from tests.support.riva_server import ServedStream, serve_riva
from tests.support.scripted_source import ScriptedSource
from tests.support.wait import until


async def test_each_stream_has_an_id_which_the_log_has_too(tmp_path: Path) -> None:
    source, log_file = ScriptedSource(), tmp_path / "log"
    with logged_to(log_file, logging.DEBUG):
        async with serve_riva(break_once) as server, running(server, source) as watcher:
            source.speak(0.1)
            await until(lambda: watcher.finals)
            ids = [stream.request_id for stream in server.streams]

    lines = [json.loads(line) for line in log_file.read_text(encoding="utf-8").splitlines()]
    (session,) = {line["session"] for line in lines if "session" in line}
    assert ids == [f"{session}/1", f"{session}/2"]
    sent = [line for line in lines if line["message"] == "Sent"]
    assert {f"{line['session']}/{line['stream']}" for line in sent} == set(ids)
    assert [line["stream_ms"] for line in sent if line["stream"] == 2][-1] == 100


async def test_two_channels_are_told_apart() -> None:
    async def hear(stream: ServedStream) -> None:
        await stream.hear_all()

    async with serve_riva(hear) as server:
        settings = settings_for(server).model_copy(update={"audio": AudioSettings(source="both")})
        sources: list[ScriptedSource] = []

        def opener(audio: AudioSettings) -> ScriptedSource:
            sources.append(ScriptedSource("microphone" if audio.source == "mic" else "system"))
            sources[-1].speak(0.1)
            return sources[-1]

        session = CaptionSession(settings, opener=opener)
        await session.start()
        try:
            await until(lambda: len([one for one in server.streams if one.request_id]) == 2)
        finally:
            await session.close()
        ids = sorted(stream.request_id for stream in server.streams)
    assert [name.partition("/")[2] for name in ids] == ["Others/1", "You/1"]
    assert len({name.partition("/")[0] for name in ids}) == 1
