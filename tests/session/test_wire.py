"""Every setting of recognition, and all of an endpoint that is sent, as a server sees it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import SecretStr
from riva.client.proto import riva_asr_pb2, riva_audio_pb2

from captioner.session.controller import CaptionSession
from captioner.settings.endpoints import EndpointSettings
from captioner.settings.models import Settings
from captioner.settings.recognition import (
    BoostedPhrase,
    EndpointingSettings,
    RecognitionSettings,
)
from tests.support.riva_server import RivaServer, ServedStream, final, serve_riva
from tests.support.scripted_source import ScriptedOpener, ScriptedSource

Config = riva_asr_pb2.StreamingRecognitionConfig
Change = Callable[[Config], object]

USUAL = Config(
    config=riva_asr_pb2.RecognitionConfig(
        encoding=riva_audio_pb2.AudioEncoding.LINEAR_PCM,
        sample_rate_hertz=16_000,
        language_code="en-US",
        max_alternatives=1,
        audio_channel_count=1,
        enable_automatic_punctuation=True,
        enable_word_time_offsets=True,
    ),
    interim_results=True,
)
"""What is asked for without any setting."""

PHRASES = (
    BoostedPhrase(phrase="Captioner", boost=20),
    BoostedPhrase(phrase="gRPC"),
    BoostedPhrase(phrase="NIM", boost=20),
    BoostedPhrase(phrase="um", boost=-5),
)


def contexts(config: Config) -> None:
    for phrases, boost in ((["Captioner", "NIM"], 20), (["gRPC"], 10), (["um"], -5)):
        config.config.speech_contexts.add(phrases=phrases, boost=boost)


def diarization(config: Config, speakers: int = 0) -> None:
    wanted = config.config.diarization_config
    wanted.enable_speaker_diarization = True
    wanted.max_speaker_count = speakers


def sets(path: str, value: object) -> Change:
    """Return what gives the field ``path`` of a message ``value``."""

    def change(message: Config) -> None:
        *outer, name = path.split(".")
        inner: object = message
        for part in outer:
            inner = getattr(inner, part)
        setattr(inner, name, value)

    return change


RECOGNITION: dict[str, tuple[dict[str, object], Change]] = {
    "model": ({"model": "parakeet-1.1b"}, sets("config.model", "parakeet-1.1b")),
    "language": ({"language": "de-DE"}, sets("config.language_code", "de-DE")),
    "punctuation": (
        {"punctuation": False},
        sets("config.enable_automatic_punctuation", value=False),
    ),
    "inverse_text_normalization": (
        {"inverse_text_normalization": False},
        sets("config.verbatim_transcripts", value=True),
    ),
    "profanity_filter": ({"profanity_filter": True}, sets("config.profanity_filter", value=True)),
    "word_times": ({"word_times": False}, sets("config.enable_word_time_offsets", value=False)),
    "partials": ({"partials": False}, sets("interim_results", value=False)),
    "boosted": ({"boosted": PHRASES}, contexts),
    "diarization": ({"diarization": True}, diarization),
    "max_speakers": (
        {"diarization": True, "max_speakers": 3},
        lambda config: diarization(config, 3),
    ),
    "custom": (
        {"custom": {"vad": "silero", "mode": "str"}},
        lambda config: config.config.custom_configuration.update({"vad": "silero", "mode": "str"}),
    ),
}
"""The settings that are given, and what they change in the usual message."""

ENDPOINTING: dict[str, tuple[float, str]] = {
    "start_history_ms": (160, "start_history"),
    "start_threshold": (0.0, "start_threshold"),
    "stop_history_ms": (480, "stop_history"),
    "stop_threshold": (0.5, "stop_threshold"),
    "stop_history_eou_ms": (240, "stop_history_eou"),
    "stop_threshold_eou": (0.75, "stop_threshold_eou"),
}
"""A value of each setting, and the field of the message; 0 is a value, and not the default."""

METADATA: dict[str, tuple[dict[str, object], list[tuple[str, str]]]] = {
    "function_id": ({"function_id": "1598d209"}, [("function-id", "1598d209")]),
    "metadata": (
        {"metadata": {"X-Tenant": "blue", "x-region": "eu"}},
        [("x-tenant", "blue"), ("x-region", "eu")],
    ),
    "api_key": ({"api_key": SecretStr("nvapi-k")}, [("authorization", "Bearer nvapi-k")]),
}
"""What of an endpoint is sent with each call."""

WAY = {
    "host",
    "port",
    "name",
    "tls",
    "ca_file",
    "client_cert_file",
    "client_key_file",
    "target_name",
    "proxy",
    "proxy_credentials",
    "http_port",
    "allow_plaintext_key",
    "may_fail_over",
}
"""What of an endpoint is about the way to it, and is tested with the way."""

USUAL_METADATA = {"user-agent", "grpc-accept-encoding", "accept-encoding"}


def test_no_setting_is_left_out_here() -> None:
    assert RECOGNITION.keys() | {"endpointing", "vocabulary"} == set(
        RecognitionSettings.model_fields
    )
    assert ENDPOINTING.keys() == set(EndpointingSettings.model_fields)
    assert METADATA.keys() | WAY | {"model"} == set(EndpointSettings.model_fields)
    assert not METADATA.keys() & WAY


async def say_hello(stream: ServedStream) -> None:
    await stream.hear_all()
    await stream.say(final("Hello."))


async def seen_by_server(
    recognition: RecognitionSettings, server: RivaServer, **endpoint: object
) -> ServedStream:
    """Run a whole session with these settings and return the stream as the server saw it."""
    fields = {"host": "127.0.0.1", "port": server.port, "api_key": SecretStr("any"), **endpoint}
    source = ScriptedSource("file", "talk.wav")
    source.speak(0.2)
    source.end()
    session = CaptionSession(
        Settings(endpoints=(EndpointSettings.model_validate(fields),), recognition=recognition),
        opener=ScriptedOpener(source),
    )
    await session.start()
    try:
        await session.wait()
    finally:
        await session.close()
    (stream,) = server.streams
    assert stream.config is not None
    return stream


async def test_the_usual_request() -> None:
    async with serve_riva(say_hello) as server:
        assert (await seen_by_server(RecognitionSettings(), server)).config == USUAL


@pytest.mark.parametrize("field", RECOGNITION)
async def test_each_setting_of_recognition_is_seen_and_changes_nothing_else(field: str) -> None:
    given, change = RECOGNITION[field]
    settings = RecognitionSettings.model_validate(given)
    assert getattr(settings, field) != getattr(RecognitionSettings(), field)
    expected = Config()
    expected.CopyFrom(USUAL)
    change(expected)
    assert expected != USUAL
    async with serve_riva(say_hello) as server:
        assert (await seen_by_server(settings, server)).config == expected


@pytest.mark.parametrize("field", ENDPOINTING)
async def test_each_endpointing_value_is_seen_and_the_others_are_the_servers(field: str) -> None:
    value, name = ENDPOINTING[field]
    expected = Config()
    expected.CopyFrom(USUAL)
    setattr(expected.config.endpointing_config, name, value)
    endpointing = EndpointingSettings.model_validate({field: value})
    async with serve_riva(say_hello) as server:
        seen = await seen_by_server(RecognitionSettings(endpointing=endpointing), server)
    assert seen.config == expected
    assert seen.config is not None
    message = seen.config.config.endpointing_config
    assert [each.name for each in message.DESCRIPTOR.fields if message.HasField(each.name)] == [
        name
    ]


async def test_the_model_of_an_endpoint_goes_before_the_one_for_all() -> None:
    settings = RecognitionSettings(model="for-all")
    async with serve_riva(say_hello) as server:
        usual = await seen_by_server(settings, server)
    async with serve_riva(say_hello) as server:
        special = await seen_by_server(settings, server, model="for-here")
    assert usual.config is not None
    assert special.config is not None
    assert (usual.config.config.model, special.config.config.model) == ("for-all", "for-here")


@pytest.mark.parametrize("field", METADATA)
async def test_metadata_is_seen_once_on_each_call(field: str) -> None:
    given, expected = METADATA[field]
    async with serve_riva(say_hello) as server:
        stream = await seen_by_server(RecognitionSettings(), server, **given)
    seen = [(name, value) for name, value in stream.context.invocation_metadata()]
    for entry in expected:
        assert seen.count(entry) == 1, seen
    named = [name for name, _ in seen if name not in USUAL_METADATA]
    assert sorted(named) == sorted({"authorization", *(name for name, _ in expected)})
