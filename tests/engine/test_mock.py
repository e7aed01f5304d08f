"""The scripted back end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from captioner.core.audio import SAMPLE_RATE
from captioner.core.errors import ConfigurationError
from captioner.engine.backend import Update
from captioner.engine.mock import DEFAULT_SCRIPT, MockBackend, read_script
from captioner.riva.options import RecognitionOptions
from tests.engine.serving import hear, said

_HELLO = {"start_s": 0.5, "end_s": 1.5, "text": "Hello there, friend."}


def _script(folder: Path, content: object) -> Path:
    path = folder / "script.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def _texts(updates: list[Update]) -> list[tuple[str, bool]]:
    return [(one.text, one.is_final) for update in updates for one in update.hypotheses]


@pytest.mark.parametrize("chunk", [160, 1600, 9999])
async def test_same_audio_gives_the_same_words_in_any_pieces(chunk: int) -> None:
    stream = MockBackend().open_stream(RecognitionOptions(interim_results=False))
    updates = await hear(stream, np.zeros(10 * SAMPLE_RATE, dtype=np.float32), chunk=chunk)
    assert said(updates) == " ".join(one.text for one in DEFAULT_SCRIPT.utterances)


async def test_events_come_when_their_audio_has_been_heard(tmp_path: Path) -> None:
    script = read_script(_script(tmp_path, {"repeat": False, "utterances": [_HELLO]}))
    stream = MockBackend(script).open_stream(RecognitionOptions())
    at: list[tuple[float, str, bool]] = []
    updates = aiter(stream.updates())
    for step in range(1, 31):
        await stream.feed(np.zeros(SAMPLE_RATE // 10, dtype=np.float32))
        if step in {9, 12, 15, 20}:
            update = await anext(updates)
            one = update.hypotheses[0]
            at.append((step / 10, one.text, one.is_final))
    await stream.finish()
    assert at == [
        (0.9, "Hello", False),
        (1.2, "Hello there,", False),
        (1.5, "Hello there, friend.", False),
        (2.0, "Hello there, friend.", True),
    ]


async def test_script_repeats_with_times_that_go_on(tmp_path: Path) -> None:
    script = read_script(_script(tmp_path, {"utterances": [_HELLO]}))
    stream = MockBackend(script).open_stream(RecognitionOptions(interim_results=False))
    updates = await hear(stream, np.zeros(6 * SAMPLE_RATE, dtype=np.float32))
    finals = [one for update in updates for one in update.hypotheses]
    assert [one.words[0].start_ms for one in finals] == [500, 3500]
    assert [one.words[-1].end_ms for one in finals] == [1500, 4500]


async def test_end_of_utterance_and_end_of_audio_finish_what_has_begun(tmp_path: Path) -> None:
    script = read_script(_script(tmp_path, {"utterances": [_HELLO]}))
    for ask in ("end_utterance", "finish"):
        stream = MockBackend(script).open_stream(RecognitionOptions())
        await stream.feed(np.zeros(SAMPLE_RATE, dtype=np.float32))
        await getattr(stream, ask)()
        await stream.finish()
        updates = [update async for update in stream.updates()]
        assert _texts(updates)[-1] == ("Hello there, friend.", True)


async def test_no_punctuation_when_none_is_asked_for(tmp_path: Path) -> None:
    script = read_script(_script(tmp_path, {"utterances": [_HELLO]}))
    options = RecognitionOptions(punctuation=False, interim_results=False)
    updates = await hear(
        MockBackend(script).open_stream(options), np.zeros(3 * SAMPLE_RATE, dtype=np.float32)
    )
    assert said(updates) == "hello there friend"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("not json", "the file"),
        ({"utterances": []}, "utterances"),
        ({"utterances": [_HELLO | {"text": " "}]}, r"utterances\.0\.text"),
        ({"utterances": [_HELLO | {"end_s": 0.1}]}, "end_s must be after start_s"),
        ({"utterances": [_HELLO | {"final_s": 1.0}]}, "final_s must not be before"),
        ({"utterances": [_HELLO, _HELLO]}, "begins before the final"),
        ({"utterances": [_HELLO | {"colour": "red"}]}, "colour"),
        (
            {"utterances": [_HELLO | {"partials": [{"at_s": 9.0, "text": "late"}]}]},
            "partials must lie in order",
        ),
    ],
)
def test_bad_script_is_told_where(tmp_path: Path, content: Any, words: str) -> None:  # noqa: ANN401 - any JSON
    path = _script(tmp_path, content)
    with pytest.raises(ConfigurationError, match=words) as caught:
        read_script(path)
    assert str(path) in caught.value.message


def test_missing_script_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        read_script(tmp_path / "none.json")
