"""NVIDIA's own client, unchanged, against the real engine in its own process."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import grpc
import pytest
import riva.client

from tests.support.clips import BECKETT, TWO_CITIES, Clip, normalised, word_error_rate
from tests.support.program import Program

_TOKEN = "a-token-for-tests"  # noqa: S105 - of a server that lives for one test


@dataclass
class _Engine:
    port: int

    def client(self) -> riva.client.ASRService:
        auth = riva.client.Auth(
            uri=f"127.0.0.1:{self.port}",
            metadata_args=[["authorization", f"Bearer {_TOKEN}"]],
        )
        return riva.client.ASRService(auth)


@pytest.fixture
def engine(program: Program) -> Iterator[_Engine]:
    process = subprocess.Popen(
        program.command("serve", "--port", "0", "--announce", "--exit-with-parent"),
        env=program.environ(CAPTIONER_TOKEN=_TOKEN),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        yield _Engine(json.loads(process.stdout.readline())["port"])
    finally:
        process.communicate(timeout=30)
    assert process.returncode == 0


def _config(clip: Clip, **changes: object) -> riva.client.RecognitionConfig:
    config = riva.client.RecognitionConfig(
        encoding=riva.client.AudioEncoding.LINEAR_PCM,
        **{
            "language_code": "en-US",
            "max_alternatives": 1,
            "enable_automatic_punctuation": True,
            "enable_word_time_offsets": True,
            **changes,
        },
    )
    # 48 kHz for one clip, 16 kHz for the other: as the file has it.
    riva.client.add_audio_file_specs_to_config(config, clip.path)
    return config


def _streamed(client: riva.client.ASRService, clip: Clip, **changes: object) -> str:
    config = riva.client.StreamingRecognitionConfig(
        config=_config(clip, **changes), interim_results=True
    )
    with riva.client.AudioChunkFileIterator(clip.path, 1600) as chunks:
        return "".join(
            result.alternatives[0].transcript
            for response in client.streaming_response_generator(chunks, config)
            for result in response.results
            if result.is_final
        )


@pytest.mark.slow
def test_streaming_and_offline_get_the_same_text(engine: _Engine) -> None:
    client = engine.client()
    texts = []
    for clip in (TWO_CITIES, BECKETT):
        answer = client.offline_recognize(clip.path.read_bytes(), _config(clip))
        offline = "".join(result.alternatives[0].transcript for result in answer.results)
        assert normalised(_streamed(client, clip)) == normalised(offline)
        words = [word for result in answer.results for word in result.alternatives[0].words]
        assert " ".join(word.word for word in words) == offline
        ends = [time for word in words for time in (word.start_time, word.end_time)]
        assert ends == sorted(ends)
        texts.append(offline)
    reference = f"{TWO_CITIES.text} {BECKETT.text}"
    assert word_error_rate(reference, " ".join(texts)) <= 0.10


def test_refusal_reads_as_from_riva(engine: _Engine) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        _streamed(engine.client(), BECKETT, language_code="de-DE")
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "Unavailable model requested given these parameters" in caught.value.details()
