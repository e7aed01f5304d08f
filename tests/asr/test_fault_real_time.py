"""Faults that no manual clock can play: a process that is killed, and signs of life in silence."""

from __future__ import annotations

from itertools import pairwise

from captioner.asr.endpoint import Endpoint
from captioner.asr.recogniser import Recogniser
from captioner.asr.stream import StreamLimits
from captioner.core.audio import AudioChunk, samples_to_ms
from tests.asr.listening import Listener, recogniser_for
from tests.support.clock import ManualClock
from tests.support.coded_recogniser import PLAIN
from tests.support.coded_server import killable_server
from tests.support.coded_speech import CodedSpeech, speak
from tests.support.fault_outcome import numbers_in
from tests.support.fault_run import staged
from tests.support.fault_stage import Stage
from tests.support.wait import until

SPEECH = speak(12, seed=14)
SECOND_UTTERANCE = SPEECH.utterances[1][0].start
CHUNK = 1600
LIMITS = StreamLimits(connect_s=5.0, response_s=20.0, drain_s=5.0, ahead_s=60.0)
WATCHFUL = StreamLimits(
    connect_s=5.0, response_s=60.0, drain_s=5.0, keepalive_s=0.4, keepalive_timeout_s=0.3
)


def hear(recogniser: Recogniser, speech: CodedSpeech, start: int, end: int) -> None:
    """Feed what lies between two samples at once."""
    for begin, until_ in pairwise([*range(start, end, CHUNK), end]):
        pcm = speech.cut(begin, until_)
        recogniser.feed(AudioChunk(pcm, begin, 0.0), is_loud=any(pcm))


def words_of(listener: Listener) -> list[int]:
    return numbers_in(" ".join(listener.finals))


async def test_a_process_that_is_killed_mid_word_twice_and_started_again() -> None:
    first, second = SPEECH.middle_of(1, 1), SPEECH.middle_of(3, 0)
    async with killable_server() as server:
        recogniser = recogniser_for(Endpoint("127.0.0.1", server.port), limits=LIMITS)
        async with Listener(recogniser) as listener:
            for start, end in pairwise([0, first, second]):
                hear(recogniser, SPEECH, start, end)
                shown = [word.number for word in SPEECH.words if word.end <= end][-1:]
                await until(lambda shown=shown: numbers_in(" ".join(listener.texts))[-1:] == shown)
                await server.kill()
                await server.start()
            hear(recogniser, SPEECH, second, SPEECH.samples)
            recogniser.finish()
            await listener.end()
    assert words_of(listener) == [word.number for word in SPEECH.words]
    assert len(listener.interruptions) >= 2
    times = [word.start_ms for heard in listener.heard for word in heard.hypothesis.words]
    for said_ms, word in zip(times, SPEECH.words, strict=True):
        assert abs(said_ms - samples_to_ms(word.start)) <= 1


async def begun(stage: Stage, listener: Listener, recogniser: Recogniser) -> None:
    """Have the first utterance said and final, and all silence after it heard."""
    hear(recogniser, SPEECH, 0, SECOND_UTTERANCE)
    await until(lambda: listener.finals)
    await until(lambda: stage.heard == SECOND_UTTERANCE)


async def test_a_path_that_freezes_in_silence_is_left_by_signs_of_life_alone() -> None:
    """No word waits for an answer: only the other end's silence to pings tells."""
    async with staged(PLAIN, ManualClock(), {}) as stage:
        recogniser = recogniser_for(Endpoint("127.0.0.1", stage.proxy.port), limits=WATCHFUL)
        async with Listener(recogniser) as listener:
            await begun(stage, listener, recogniser)
            stage.proxy.freeze()
            await until(lambda: listener.interruptions, limit_s=5.0)
            stage.proxy.passes()
            hear(recogniser, SPEECH, SECOND_UTTERANCE, SPEECH.samples)
            recogniser.finish()
            await listener.end()
    assert words_of(listener) == [word.number for word in SPEECH.words]
    assert recogniser.reconnects >= 1


async def test_a_server_that_finds_the_signs_of_life_too_many_loses_nothing() -> None:
    """GRPC's servers end a connection that pings often while nothing is answered."""
    async with staged(PLAIN, ManualClock(), {}) as stage:
        recogniser = recogniser_for(Endpoint("127.0.0.1", stage.proxy.port), limits=WATCHFUL)
        async with Listener(recogniser) as listener:
            await begun(stage, listener, recogniser)
            await until(lambda: listener.interruptions, limit_s=10.0)
            assert "ping" in listener.interruptions[0].error.message.lower()
            hear(recogniser, SPEECH, SECOND_UTTERANCE, SPEECH.samples)
            recogniser.finish()
            await listener.end()
    assert words_of(listener) == [word.number for word in SPEECH.words]
