"""The Riva service over the wire, with the scripted back end: protocol, limits, access, health."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import grpc
import pytest
import trustme
from grpc_health.v1 import health_pb2, health_pb2_grpc
from pydantic import SecretStr
from riva.client.proto import riva_asr_pb2

from captioner.core.audio import SAMPLE_RATE
from captioner.core.errors import EngineError
from captioner.engine.access import TlsFiles
from captioner.engine.mock import MockBackend, Script, ScriptedUtterance
from captioner.engine.profanity import mask
from captioner.engine.server import EngineServer, ServerOptions
from tests.engine.serving import (
    Request,
    chunks_of,
    config,
    finals_of,
    partials_of,
    serving,
    silence,
)
from tests.support.wait import until

_TOKEN = "a-token-for-tests"  # noqa: S105 - of a server that lives for one test


class _SlowBackend(MockBackend):
    """Ready when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.may_load = asyncio.Event()

    async def load(self) -> None:
        await self.may_load.wait()


class _BrokenBackend(MockBackend):
    async def load(self) -> None:
        raise EngineError("The speech model could not be loaded.")


def _health(channel: grpc.aio.Channel) -> health_pb2_grpc.HealthStub:
    return health_pb2_grpc.HealthStub(channel)


async def test_finals_and_partials_come_in_order_with_leading_spaces() -> None:
    async with serving(MockBackend()) as served:
        responses = await served.stream(chunks_of(silence(7)))
    assert finals_of(responses) == [
        "This is the mock engine.",
        " These words are scripted, nobody said them.",
    ]
    # Sent all at once, older partials may be overtaken by newer ones; those that come are right.
    for text in partials_of(responses):
        assert (
            text.strip() in "This is the mock engine. These words are scripted, nobody said them."
        )


async def test_finals_carry_words_and_how_far_the_audio_is() -> None:
    async with serving(MockBackend()) as served:
        responses = await served.stream(chunks_of(silence(3)))
        without = await served.stream(chunks_of(silence(3)), enable_word_time_offsets=False)
    (final,) = [result for one in responses for result in one.results if result.is_final]
    assert final.audio_processed == pytest.approx(2.5)
    words = final.alternatives[0].words
    assert [word.word for word in words] == ["This", "is", "the", "mock", "engine."]
    assert (words[0].start_time, words[-1].end_time) == (500, 2500)
    (bare,) = [result for one in without for result in one.results if result.is_final]
    assert not bare.alternatives[0].words


async def test_without_interim_results_only_finals_come() -> None:
    async with serving(MockBackend()) as served:
        responses = await served.stream(chunks_of(silence(6.8)), interim=False)
    assert len(responses) == 2
    assert all(result.is_final for one in responses for result in one.results)


async def test_progress_is_reported_in_silence() -> None:
    script = Script.model_validate(
        {"repeat": False, "utterances": [{"start_s": 90, "end_s": 91, "text": "late"}]}
    )
    async with serving(MockBackend(script)) as served:
        call = served.stub.StreamingRecognize()
        await call.write(Request(streaming_config=config()))
        await call.write(Request(audio_content=silence(2)))
        response = await call.read()
        call.cancel()
    assert response.results[0].audio_processed == pytest.approx(2.0)
    assert response.results[0].alternatives[0].transcript == ""


async def test_end_of_utterance_can_be_forced_with_an_empty_message() -> None:
    async with serving(MockBackend()) as served:
        call = served.stub.StreamingRecognize()
        await call.write(Request(streaming_config=config(interim=False)))
        await call.write(Request(audio_content=silence(1)))
        await call.write(Request(runtime_config={"force_eou": "true"}))
        response = await call.read()
        call.cancel()
    assert response.results[0].is_final
    assert response.results[0].alternatives[0].transcript == "This is the mock engine."


async def test_request_id_comes_back() -> None:
    async with serving(MockBackend()) as served:
        call = served.stub.StreamingRecognize()
        first = Request(streaming_config=config(interim=False))
        first.id.value = "my stream"
        await call.write(first)
        await call.write(Request(audio_content=silence(3)))
        response = await call.read()
        call.cancel()
    assert response.id.value == "my stream"


async def test_what_this_engine_does_not_do_is_no_reason_to_say_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "captioner.engine.servicer")
    wishes: dict[str, object] = {
        "speech_contexts": [riva_asr_pb2.SpeechContext(phrases=["a secret phrase"], boost=20)],
        "endpointing_config": riva_asr_pb2.EndpointingConfig(stop_history=400),
        "diarization_config": riva_asr_pb2.SpeakerDiarizationConfig(
            enable_speaker_diarization=True
        ),
        "custom_configuration": {"vad": "silero"},
        "verbatim_transcripts": True,
    }
    async with serving(MockBackend()) as served:
        responses = await served.stream([silence(3)], **wishes)
        assert finals_of(responses) == ["This is the mock engine."]
        (line,) = [one.getMessage() for one in caplog.records if "does not do" in one.getMessage()]
        assert [name for name in wishes if name in line] == [*wishes][:-1]
        assert "secret phrase" not in caplog.text
        caplog.clear()
        await served.stream([silence(3)])
    assert "does not do" not in caplog.text


async def test_swear_words_are_masked_for_who_asks_for_it() -> None:
    said = "What the fuck, that bastard's here."
    spoken = ScriptedUtterance(start_s=0.5, end_s=2.5, text=said)
    async with serving(MockBackend(Script(repeat=False, utterances=(spoken,)))) as served:
        masked = await served.stream(chunks_of(silence(4)), profanity_filter=True)
        plain = await served.stream(chunks_of(silence(4)))
    assert finals_of(plain) == [said]
    assert finals_of(masked) == ["What the f***, that b******'s here."]
    assert any("f***" in text for text in partials_of(masked))
    assert "fuck" not in "".join(map(str, masked)), "not in the words either"


@pytest.mark.parametrize(
    "text",
    ["Dick Whittington", "shiitake in Scunthorpe", "a bitten assassin", "Pissarro", "damn it"],
)
def test_names_and_innocent_words_stay(text: str) -> None:
    assert mask(text) == text


async def test_whole_recording_is_recognised_like_a_stream() -> None:
    async with serving(MockBackend()) as served:
        answer = await served.stub.Recognize(
            riva_asr_pb2.RecognizeRequest(config=config().config, audio=silence(7))
        )
        streamed = await served.stream(chunks_of(silence(7)))
    assert [one.alternatives[0].transcript for one in answer.results] == finals_of(streamed)
    assert answer.results[0].alternatives[0].words[0].start_time == 500


@pytest.mark.parametrize(
    ("changes", "details"),
    [
        ({"language_code": "de-DE"}, "language_code=de-DE; sample_rate=16000; type=online"),
        ({"language_code": ""}, "language_code=; sample_rate=16000; type=online"),
        ({"sample_rate_hertz": 96_000}, "language_code=en-US; sample_rate=96000; type=online"),
        ({"sample_rate_hertz": 0}, "language_code=en-US; sample_rate=0; type=online"),
        ({"model": "parakeet"}, "type=online; model=parakeet"),
    ],
)
async def test_what_is_not_there_is_refused_in_rivas_words(
    changes: dict[str, object], details: str
) -> None:
    async with serving(MockBackend()) as served:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await served.stream([], **changes)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    said = caught.value.details() or ""
    assert said.startswith("Unavailable model requested given these parameters: ")
    assert said.endswith(details)


@pytest.mark.parametrize("language", ["en-US", "en-GB", "EN", "en"])
async def test_any_english_and_the_models_own_name_are_welcome(language: str) -> None:
    async with serving(MockBackend()) as served:
        responses = await served.stream(
            [silence(3)], language_code=language, model="mock-scripted-en"
        )
    assert finals_of(responses) == ["This is the mock engine."]


@pytest.mark.parametrize(
    ("requests", "details"),
    [
        ([Request(audio_content=silence(1))], "The first message must be the streaming_config"),
        ([], "The first message must be the streaming_config"),
        (
            [Request(streaming_config=config()), Request(audio_content=b"\0\0\0")],
            "odd number of bytes",
        ),
        (
            [Request(streaming_config=config()), Request(streaming_config=config())],
            "Only the first message may be a streaming_config",
        ),
    ],
)
async def test_misuse_is_refused(requests: list[Request], details: str) -> None:
    async with serving(MockBackend()) as served:
        call = served.stub.StreamingRecognize(iter(requests))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            [response async for response in call]
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert details in (caught.value.details() or "")
        assert served.server.service.admitted == 0


async def test_model_is_listed_once_for_each_kind_and_says_that_it_is_a_mock() -> None:
    async with serving(MockBackend()) as served:
        ask = riva_asr_pb2.RivaSpeechRecognitionConfigRequest
        listed = (await served.stub.GetRivaSpeechRecognitionConfig(ask())).model_config
        other = await served.stub.GetRivaSpeechRecognitionConfig(ask(model_name="other"))
    assert [one.model_name for one in listed] == ["mock-scripted-en"] * 2
    assert [one.parameters["type"] for one in listed] == ["online", "offline"]
    assert {one.parameters["language_code"] for one in listed} == {"en-US"}
    assert {one.parameters["mock"] for one in listed} == {"true"}
    assert not other.model_config


async def test_one_stream_too_many_is_told_so_and_cancelled_ones_make_room() -> None:
    async with serving(MockBackend(), max_streams=2) as served:
        calls = [served.stub.StreamingRecognize() for _ in range(2)]
        for call in calls:
            await call.write(Request(streaming_config=config()))
        await until(lambda: served.server.service.admitted == 2)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await served.stream([])
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await served.stub.Recognize(riva_asr_pb2.RecognizeRequest(config=config().config))
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        for call in calls:
            call.cancel()
        await until(lambda: served.server.service.admitted == 0)
        assert finals_of(await served.stream([silence(3)])) == ["This is the mock engine."]
        counts = served.server.service.counts
    assert (counts.most_streams, counts.refused, counts.heard) == (2, 2, 3 * SAMPLE_RATE)


async def test_calls_that_ask_for_nothing_take_nobodys_place() -> None:
    async with serving(MockBackend(), max_streams=1) as served:
        quiet = [served.stub.StreamingRecognize() for _ in range(3)]
        for call in quiet:
            await call.wait_for_connection()
        assert finals_of(await served.stream([silence(3)])) == ["This is the mock engine."]
        for call in quiet:
            call.cancel()


async def test_cancelled_streams_leave_no_task_behind() -> None:
    async with serving(MockBackend()) as served:
        await served.stream([silence(1)])
        before = {task.get_name() for task in asyncio.all_tasks()}
        for _ in range(20):
            call = served.stub.StreamingRecognize()
            await call.write(Request(streaming_config=config()))
            await call.write(Request(audio_content=silence(3)))
            await call.read()
            call.cancel()
        await until(lambda: served.server.service.admitted == 0)
        await until(
            lambda: not any(task.get_name() == "engine-hearing" for task in asyncio.all_tasks())
        )
        gc.collect()
        assert {
            task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("engine")
        } <= before


@pytest.mark.parametrize("metadata", [None, (("authorization", "Bearer wrong"),)])
async def test_without_the_token_nothing_answers(metadata: tuple[tuple[str, str], ...]) -> None:
    async with serving(MockBackend(), token=SecretStr(_TOKEN)) as served:
        ask = riva_asr_pb2.RivaSpeechRecognitionConfigRequest()
        whole = riva_asr_pb2.RecognizeRequest(config=config().config)
        check = health_pb2.HealthCheckRequest()
        for refused in (
            served.stub.GetRivaSpeechRecognitionConfig(ask, metadata=metadata),
            served.stub.Recognize(whole, metadata=metadata),
            _health(served.channel).Check(check, metadata=metadata),
            anext(aiter(_health(served.channel).Watch(check, metadata=metadata))),
            served.stream([], metadata=metadata),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await refused
            assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert served.server.service.admitted == 0


async def test_with_the_token_all_answer() -> None:
    async with serving(MockBackend(), token=SecretStr(_TOKEN)) as served:
        metadata = (("authorization", f"Bearer {_TOKEN}"),)
        responses = await served.stream([silence(3)], metadata=metadata)
        status = await _health(served.channel).Check(
            health_pb2.HealthCheckRequest(), metadata=metadata
        )
    assert finals_of(responses) == ["This is the mock engine."]
    assert status.status == health_pb2.HealthCheckResponse.SERVING


async def test_tls_with_a_private_authority(tmp_path: Path) -> None:
    authority = trustme.CA()
    pair = authority.issue_cert("localhost", "127.0.0.1")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    pair.cert_chain_pems[0].write_to_path(certificate)
    pair.private_key_pem.write_to_path(key)
    trusted = grpc.ssl_channel_credentials(authority.cert_pem.bytes())
    async with serving(
        MockBackend(), tls=TlsFiles(certificate, key), credentials=trusted
    ) as served:
        assert finals_of(await served.stream([silence(3)])) == ["This is the mock engine."]
        other = grpc.ssl_channel_credentials(trustme.CA().cert_pem.bytes())
        async with grpc.aio.secure_channel(f"localhost:{served.port}", other) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await _health(channel).Check(health_pb2.HealthCheckRequest())
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_mutual_tls_lets_only_those_in_who_show_a_certificate(tmp_path: Path) -> None:
    authority = trustme.CA()
    pair, client = authority.issue_cert("localhost"), authority.issue_cert("client")
    stranger = trustme.CA().issue_cert("client")
    files = TlsFiles(tmp_path / "cert.pem", tmp_path / "key.pem", tmp_path / "ca.pem")
    pair.cert_chain_pems[0].write_to_path(files.certificate)
    pair.private_key_pem.write_to_path(files.key)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    trusted = authority.cert_pem.bytes()

    def shown(who: trustme.LeafCert) -> grpc.ChannelCredentials:
        chain, key = who.cert_chain_pems[0].bytes(), who.private_key_pem.bytes()
        return grpc.ssl_channel_credentials(trusted, key, chain)

    async with serving(MockBackend(), tls=files, credentials=shown(client)) as served:
        assert finals_of(await served.stream([silence(3)])) == ["This is the mock engine."]
        for refused in (grpc.ssl_channel_credentials(trusted), shown(stranger)):
            async with grpc.aio.secure_channel(f"localhost:{served.port}", refused) as channel:
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await _health(channel).Check(health_pb2.HealthCheckRequest())
                assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_health_follows_the_model_and_streams_wait_for_it() -> None:
    backend = _SlowBackend()
    async with serving(backend) as served:
        statuses = aiter(_health(served.channel).Watch(health_pb2.HealthCheckRequest()))
        assert (await anext(statuses)).status == health_pb2.HealthCheckResponse.NOT_SERVING
        ask = riva_asr_pb2.RivaSpeechRecognitionConfigRequest()
        assert not (await served.stub.GetRivaSpeechRecognitionConfig(ask)).model_config
        early = asyncio.create_task(served.stream([silence(3)]))
        await until(lambda: served.server.service.admitted == 1)
        assert not early.done()
        backend.may_load.set()
        assert (await anext(statuses)).status == health_pb2.HealthCheckResponse.SERVING
        assert finals_of(await early) == ["This is the mock engine."]
        assert len((await served.stub.GetRivaSpeechRecognitionConfig(ask)).model_config) == 2


async def test_stopping_server_lets_streams_say_their_last_words() -> None:
    async with serving(MockBackend()) as served:
        call = served.stub.StreamingRecognize()
        await call.write(Request(streaming_config=config()))
        await call.write(Request(audio_content=silence(1)))
        assert (await call.read()).results[0].alternatives[0].transcript == "This"
        statuses = aiter(_health(served.channel).Watch(health_pb2.HealthCheckRequest()))
        assert (await anext(statuses)).status == health_pb2.HealthCheckResponse.SERVING
        closing = asyncio.create_task(served.server.close())
        last = await call.read()
        assert last.results[0].is_final
        assert last.results[0].alternatives[0].transcript == "This is the mock engine."
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call.read()
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert (await anext(statuses)).status == health_pb2.HealthCheckResponse.NOT_SERVING
        await closing


async def test_model_that_cannot_be_loaded_ends_the_server_with_the_reason() -> None:
    server = EngineServer(_BrokenBackend(), ServerOptions())
    try:
        await server.start()
        with pytest.raises(EngineError, match="could not be loaded"):
            await server.wait()
    finally:
        await server.close()
