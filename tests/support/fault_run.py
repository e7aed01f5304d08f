"""Captions of coded speech through a real session, a proxy and a server, with faults on the way.

The session hears the speech in step with a manual clock, so that seconds of it take milliseconds,
and what happens between two chunks has happened before the next one. What comes out is what a user
gets: final segments and gaps.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any, Final

from pydantic import SecretStr

from captioner.core.audio import SAMPLE_RATE, AudioChunk
from captioner.core.errors import CaptionerError
from captioner.session.controller import CaptionSession
from captioner.settings.endpoints import ConnectionSettings, EndpointSettings
from captioner.settings.models import CaptionSettings, Settings
from captioner.settings.recognition import RecognitionSettings
from tests.support.clock import ManualClock
from tests.support.coded_recogniser import PLAIN, Profile
from tests.support.coded_speech import CodedSpeech
from tests.support.fault_outcome import Outcome
from tests.support.fault_proxy import fault_proxy
from tests.support.fault_stage import Fault, Stage
from tests.support.riva_server import serve_riva
from tests.support.scripted_source import ScriptedOpener, ScriptedSource

_CHUNK: Final = 2560
_END_LIMIT_S: Final = 30.0


def settings_for(
    port: int,
    *,
    language: str,
    quiet_gap_s: float,
    reach: Mapping[str, Any],
    **connection: Any,  # noqa: ANN401 - fields of `ConnectionSettings`
) -> Settings:
    """Return settings for a server on this machine, with short limits.

    The key that they have is there so that no keyring is asked.
    """
    limits: dict[str, Any] = {
        # In real time; all others are of the clock.
        "connect_timeout_s": 0.4,
        "response_timeout_s": 6.0,
        "drain_timeout_s": 5.0,
        "embedded_fallback": False,
    }
    return Settings(
        endpoints=(EndpointSettings(host="127.0.0.1", port=port, api_key=SecretStr("k"), **reach),),
        connection=ConnectionSettings(**(limits | connection)),
        recognition=RecognitionSettings(language=language),
        captions=CaptionSettings(quiet_gap_s=quiet_gap_s),
    )


@asynccontextmanager
async def staged(
    profile: Profile, clock: ManualClock, serve: Mapping[str, Any]
) -> AsyncIterator[Stage]:
    """Run a server and a proxy before it."""
    stage = Stage(profile, clock)
    async with (
        serve_riva(stage.handle, **serve) as stage.server,
        fault_proxy(stage.server.port) as stage.proxy,
    ):
        yield stage


async def caption(
    speech: CodedSpeech,
    faults: Iterable[Fault] = (),
    *,
    profile: Profile = PLAIN,
    chunk: int = _CHUNK,
    language: str | None = None,
    quiet_gap_s: float = 30.0,
    serve: Mapping[str, Any] = MappingProxyType({}),
    reach: Mapping[str, Any] = MappingProxyType({}),
    **connection: Any,  # noqa: ANN401 - fields of `ConnectionSettings`
) -> Outcome:
    """Let a session caption ``speech`` while ``faults`` happen; return what came of it.

    Args:
        speech: What is said.
        faults: In any order.
        profile: How the server says what it hears.
        chunk: Samples of a chunk of audio. A fault cuts the chunk that it falls into.
        language: What is asked for; None asks for what the profile speaks.
        quiet_gap_s: After how long without news a caption is made final.
        serve: What the server is told besides, as `RivaServer` takes it.
        reach: What the client is told of it besides, as `EndpointSettings` takes it.
        connection: Settings of the connection that differ.
    """
    if language is None:
        language = profile.languages[0] if profile.languages else "en-US"
    clock = ManualClock()
    outcome = Outcome(speech)
    async with staged(profile, clock, serve) as stage:
        source = ScriptedSource()
        session = CaptionSession(
            settings_for(
                stage.proxy.port,
                language=language,
                quiet_gap_s=quiet_gap_s,
                reach=reach,
                **connection,
            ),
            patient=True,
            opener=ScriptedOpener(source),
            clock=clock,
        )
        session.subscribe(outcome.note)
        began = clock.now()
        await session.start()
        ended = asyncio.create_task(session.wait(), name="test-session-end")
        try:
            await _speak(speech, faults, source, stage, chunk=chunk, ended=ended)
            source.end()
            await clock.advance_until(ended.done, limit_s=_END_LIMIT_S)
            outcome.error = _error_of(ended)
        finally:
            ended.cancel()
            await session.close()
        outcome.seconds = clock.now() - began
        outcome.lost_ms = session.lost_ms
        outcome.connections = stage.proxy.accepted
        outcome.streams = stage.server.streams
    return outcome


_references: dict[tuple[CodedSpeech, Profile], Outcome] = {}


async def reference(speech: CodedSpeech, profile: Profile = PLAIN) -> Outcome:
    """Return what comes of ``speech`` without any fault; made once, and checked."""
    key = (speech, profile)
    if key not in _references:
        outcome = await caption(speech, profile=profile)
        outcome.require()
        assert outcome.connections == 1
        _references[key] = outcome
    return _references[key]


def _error_of(ended: asyncio.Task[None]) -> CaptionerError | None:
    error = ended.exception()
    if error is not None and not isinstance(error, CaptionerError):
        raise error
    return error


async def _speak(
    speech: CodedSpeech,
    faults: Iterable[Fault],
    source: ScriptedSource,
    stage: Stage,
    *,
    chunk: int,
    ended: asyncio.Task[None],
) -> None:
    waiting = sorted(faults, key=lambda fault: fault.at)
    position, last = 0, speech.words[-1].end + 2 * SAMPLE_RATE
    while not ended.done():
        while waiting and waiting[0].at <= position:
            await waiting.pop(0).happen(stage)
        if position == speech.samples:
            break
        # Nothing is said in the end any more, so that there is no need to look so often.
        length = chunk if position < last else 4 * chunk
        end = min(position + length - position % length, speech.samples)
        if waiting:
            end = min(end, max(position + 1, waiting[0].at))
        await stage.clock.advance((end - position) / SAMPLE_RATE)
        source.push(AudioChunk(speech.cut(position, end), position, stage.clock.now()))
        wanted = stage.heard + end - position
        position = end
        await stage.settle(wanted)
    for fault in waiting:
        await fault.happen(stage)
