"""The engine's process: started, guarded, restarted, ended with us. Real children throughout."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from captioner.asr.endpoint import Endpoint
from captioner.core.counts import EngineCounts
from captioner.core.errors import CaptionerError, CredentialsError, EngineError
from captioner.core.events import CaptionChanged, EngineChanged, SessionEvent, StateChanged
from captioner.core.health import EndpointState
from captioner.core.state import SessionState
from captioner.session import embedded, engine_process
from captioner.session.controller import CaptionSession
from captioner.session.embedded import EmbeddedEngine
from captioner.session.engine_process import EngineProcess
from captioner.session.probe import probe_embedded, wait_until_ready
from captioner.settings.endpoints import ConnectionSettings
from captioner.settings.models import EngineSettings, Settings
from tests.support.scripted_source import ScriptedOpener, ScriptedSource
from tests.support.wait import until

MOCK = EngineSettings(backend="mock")
S = SessionState

SCRIPT = {
    "repeat": False,
    "utterances": [
        {"start_s": 0.5, "end_s": 2.0, "text": "Alpha beta gamma delta.", "final_s": 2.5},
        {"start_s": 3.0, "end_s": 4.0, "text": "Echo foxtrot.", "final_s": 4.5},
    ],
}


@pytest.fixture(autouse=True)
def home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Children keep their logs here."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))


@pytest.fixture
def script(tmp_path: Path) -> EngineSettings:
    path = tmp_path / "script.json"
    path.write_text(json.dumps(SCRIPT))
    return EngineSettings(backend="mock", mock_script=str(path))


@pytest.fixture
async def engine() -> AsyncIterator[EmbeddedEngine]:
    engine = EmbeddedEngine(MOCK)
    yield engine
    await engine.close()
    assert engine.pid is None


def child(program: str) -> list[str]:
    """Return the command of a child that runs ``program`` in Python."""
    return [sys.executable, "-c", program]


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def ask(endpoint: Endpoint) -> tuple[str, ...]:
    """Return the models that a server lists."""
    report = await wait_until_ready(endpoint)
    return tuple(model.name for model in report.streaming_models)


async def test_it_starts_once_answers_and_ends(engine: EmbeddedEngine) -> None:
    endpoint = await engine.endpoint()
    assert endpoint.is_loopback
    assert endpoint.is_mock
    assert endpoint.name == "Mock engine (scripted words)"
    assert await engine.endpoint() == endpoint
    assert engine.starts == 1
    assert await ask(endpoint) == ("mock-scripted-en",)
    pid = engine.pid
    assert pid is not None
    assert is_alive(pid)
    await engine.close()
    assert not is_alive(pid)
    await engine.close()


async def test_only_we_may_use_it_and_the_token_is_on_no_command_line(
    engine: EmbeddedEngine,
) -> None:
    endpoint = await engine.endpoint()
    assert endpoint.token is not None
    with pytest.raises(CredentialsError):
        await ask(replace(endpoint, token=None))
    assert engine.pid is not None
    token = endpoint.token.get_secret_value()
    assert token not in " ".join(psutil.Process(engine.pid).cmdline())
    assert token not in repr(endpoint)


async def test_a_killed_engine_is_started_again_when_it_is_asked_for(
    engine: EmbeddedEngine,
) -> None:
    before = await engine.endpoint()
    pid = engine.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await until(lambda: engine.pid is None)
    after = await engine.endpoint()
    assert engine.starts == 2
    assert engine.pid not in {None, pid}
    assert after.token != before.token
    assert await ask(after)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such groups")
async def test_ctrl_c_in_the_terminal_does_not_reach_it(engine: EmbeddedEngine) -> None:
    await engine.endpoint()
    assert engine.pid is not None
    assert os.getpgid(engine.pid) != os.getpgid(0)


async def test_many_ask_at_once_and_one_is_started(engine: EmbeddedEngine) -> None:
    endpoints = await asyncio.gather(*(engine.endpoint() for _ in range(5)))
    assert len(set(endpoints)) == 1
    assert engine.starts == 1


async def test_a_process_started_beforehand_is_taken_over() -> None:
    process = EngineProcess(MOCK)
    engine = EmbeddedEngine(MOCK, started=process)
    try:
        endpoint = await engine.endpoint()
        assert engine.pid == process.pid
        assert engine.starts == 1
        assert endpoint.token == process.token
    finally:
        await engine.close()
    assert not is_alive(process.pid)


async def test_an_engine_that_cannot_start_says_why(tmp_path: Path) -> None:
    missing = tmp_path / "missing.json"
    engine = EmbeddedEngine(EngineSettings(backend="mock", mock_script=str(missing)))
    with pytest.raises(EngineError, match="did not start") as caught:
        await engine.endpoint()
    assert caught.value.retryable
    assert "captioner doctor" in caught.value.hint
    assert "it gave no reason" not in caught.value.message
    assert engine.pid is None
    await engine.close()


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("", "it gave no reason"),
        ("import sys; sys.exit('No room for the model.')", "No room for the model."),
        ("print('hello')", "it gave no reason"),
        ("print('{}')", "it gave no reason"),
        ('print(\'{"event": "listening"}\')', "it gave no reason"),
        ("import sys; sys.stdout.buffer.write(bytes(range(256)) * 10)", "it gave no reason"),
    ],
)
async def test_children_that_are_no_engine(
    program: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_process, "_command", lambda *_: child(program))
    engine = EmbeddedEngine(MOCK)
    with pytest.raises(EngineError, match=reason):
        await engine.endpoint()
    assert engine.pid is None


async def test_a_program_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_process, "_command", lambda *_: ["/nonexistent/captioner"])
    with pytest.raises(EngineError, match="could not be started: No such file"):
        await EmbeddedEngine(MOCK).endpoint()


async def test_a_child_that_never_says_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_START_LIMIT_S", 0.3)
    monkeypatch.setattr(engine_process, "_command", lambda *_: child("input()"))
    engine = EmbeddedEngine(MOCK)
    with pytest.raises(EngineError):
        await engine.endpoint()
    assert engine.pid is None


async def test_a_child_that_does_not_end_when_asked_is_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine_process, "_STOP_LIMIT_S", 0.2)
    announcement = {
        "event": "listening",
        "host": "127.0.0.1",
        "port": 1,
        "tls": False,
        "engine": "moonshine",
    }
    program = f"import time; print({json.dumps(announcement)!r}, flush=True); time.sleep(600)"
    monkeypatch.setattr(engine_process, "_command", lambda *_: child(program))
    engine = EmbeddedEngine(MOCK)
    endpoint = await engine.endpoint()
    assert endpoint.name == "Embedded engine"
    assert not endpoint.is_mock
    pid = engine.pid
    assert pid is not None
    await engine.close()
    assert not is_alive(pid)


async def test_what_its_processes_count_is_added_up(monkeypatch: pytest.MonkeyPatch) -> None:
    announcement = {"event": "listening", "host": "::1", "port": 1, "tls": False, "engine": "mock"}
    counts = {"is_ready": True, "streams": 1, "heard": 16_000, "decode_s": 0.25}
    said = [json.dumps(announcement), "A library says something.", "[1]", '{"event": "novel"}']
    said += [json.dumps({"event": "counts", "counts": counts | {"heard": 8_000}})]
    said += [json.dumps({"event": "counts", "counts": counts})]
    program = f"import time; print({chr(10).join(said)!r}, flush=True); time.sleep(600)"
    monkeypatch.setattr(engine_process, "_command", lambda *_: child(program))
    engine = EmbeddedEngine(MOCK)
    assert engine.counts is None
    try:
        for times in (1, 2):
            await engine.endpoint()
            wanted = EngineCounts(
                is_ready=True, streams=1, heard=16_000 * times, decode_s=0.25 * times
            )
            await until(lambda wanted=wanted: engine.counts == wanted)
            assert wanted.real_time_factor == 0.25
            pid = engine.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            await until(lambda: engine.counts is None)
    finally:
        await engine.close()


async def test_waiting_for_it_may_be_cancelled_and_taken_up_again(engine: EmbeddedEngine) -> None:
    waiting = asyncio.create_task(engine.endpoint())
    await until(lambda: engine.pid is not None)
    waiting.cancel()
    await asyncio.wait({waiting})
    assert waiting.cancelled()
    assert await ask(await engine.endpoint())
    assert engine.starts == 1


async def test_closing_while_it_starts_leaves_no_process(engine: EmbeddedEngine) -> None:
    waiting = asyncio.create_task(engine.endpoint())
    await until(lambda: engine.pid is not None)
    pid = engine.pid
    assert pid is not None
    waiting.cancel()
    await asyncio.wait({waiting})
    await engine.close()
    assert not is_alive(pid)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
async def test_the_engine_ends_with_its_parent(end: signal.Signals) -> None:
    program = (
        "import asyncio, time\n"
        "from captioner.session.embedded import EmbeddedEngine\n"
        "from captioner.settings.models import EngineSettings\n"
        "engine = EmbeddedEngine(EngineSettings(backend='mock'))\n"
        "asyncio.run(engine.endpoint())\n"
        "print(engine.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = await asyncio.create_subprocess_exec(*child(program), stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    assert is_alive(pid)
    parent.send_signal(end)
    await parent.wait()
    await until(lambda: not is_alive(pid))


class Heard:
    """What a session told."""

    def __init__(self, session: CaptionSession) -> None:
        self.events: list[SessionEvent] = []
        session.subscribe(self.events.append)

    @property
    def captions(self) -> list[CaptionChanged]:
        return [event for event in self.events if isinstance(event, CaptionChanged)]

    @property
    def finals(self) -> list[str]:
        return [each.segment.text for each in self.captions if each.segment.is_final]

    @property
    def states(self) -> list[SessionState]:
        return [event.state for event in self.events if isinstance(event, StateChanged)]


async def test_captions_go_on_when_the_engine_is_killed(script: EngineSettings) -> None:
    source = ScriptedSource()
    session = CaptionSession(Settings(engine=script), opener=ScriptedOpener(source))
    heard = Heard(session)
    await session.start()
    try:
        source.speak(1.6)
        await until(lambda: heard.captions and heard.captions[-1].segment.text.startswith("Alpha"))
        pid = session.engine.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(lambda: S.RECONNECTING in heard.states)
        source.speak(3.4)
        await until(lambda: len(heard.finals) == 2)
        source.end()
        await session.wait()
    finally:
        await session.close()
    assert heard.finals == ["Alpha beta gamma delta.", "Echo foxtrot."]
    assert [each.segment.id for each in heard.captions if each.segment.is_final] == [0, 1]
    assert heard.states == [
        S.STARTING,
        S.STREAMING,
        S.RECONNECTING,
        S.STREAMING,
        S.STOPPING,
        S.IDLE,
    ]
    engines = {event for event in heard.events if isinstance(event, EngineChanged)}
    assert engines == {EngineChanged("Mock engine (scripted words)", is_mock=True)}
    assert session.engine.starts == 2
    assert session.engine.pid is None
    words = heard.captions[-1].segment.words
    assert [(word.text, word.start_ms >= 3000) for word in words] == [
        ("Echo", True),
        ("foxtrot.", True),
    ]


async def test_stop_keeps_the_engine_for_the_next_start_and_close_ends_it(
    script: EngineSettings,
) -> None:
    first, second = ScriptedSource(), ScriptedSource()
    session = CaptionSession(Settings(engine=script), opener=ScriptedOpener(first, second))
    heard = Heard(session)
    try:
        await session.start()
        first.speak(2.6)
        await until(lambda: heard.finals)
        await session.stop()
        pid = session.engine.pid
        assert pid is not None
        await session.start()
        second.speak(2.6)
        await until(lambda: len(heard.finals) == 2)
        assert session.engine.pid == pid
        # It counts in its own process, and tells here what it has counted.
        await until(
            lambda: (
                (counts := session.engine_counts) and counts.heard == session.counts.audio.sent > 0
            )
        )
    finally:
        await session.close()
    assert not is_alive(pid)
    assert session.engine_counts is None


async def test_an_engine_that_never_starts_fails_the_session_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = "import sys; sys.exit('No room for the model.')"
    monkeypatch.setattr(engine_process, "_command", lambda *_: child(program))
    settings = Settings(connection=ConnectionSettings(retry_delay_s=0.01))
    session = CaptionSession(settings, opener=ScriptedOpener(ScriptedSource()))
    await session.start()
    with pytest.raises(CaptionerError, match="No room for the model"):
        await session.wait()
    assert session.state is S.FAILED
    assert "No room for the model." in session.health.sentence
    await session.close()


async def test_the_probe_starts_an_engine_and_ends_it() -> None:
    before = {process.pid for process in psutil.Process().children()}
    report = await probe_embedded(MOCK)
    assert report.endpoint.is_embedded
    assert report.state is EndpointState.READY
    assert [model.name for model in report.streaming_models] == ["mock-scripted-en"]
    assert report.round_trip_ms is not None
    assert {process.pid for process in psutil.Process().children()} == before
