"""Recognition results: proto messages to hypotheses (client side) and back (server side)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from riva.client.proto import riva_asr_pb2

from captioner.core.hypothesis import Hypothesis, Word
from captioner.riva.text import plain

STABLE: Final = 0.8
"""A partial result of at least this stability counts as the stable head of a hypothesis."""


def hypotheses_from_response(
    response: riva_asr_pb2.StreamingRecognizeResponse,
    *,
    to_session_ms: Callable[[int], int] = int,
    sent_s: float = 0.0,
) -> list[Hypothesis]:
    """Return what a response says, in order: its finals one by one, then one partial.

    A server may split its reading into several results, a stable head and an unstable tail; all
    partial results of one response together are one hypothesis. A response without any text, which
    a server sends for most chunks, returns an empty list; a final without text is kept, because it
    takes a partial back.

    Args:
        response: As received.
        to_session_ms: Turns milliseconds of the stream into milliseconds of the session.
        sent_s: Seconds of the stream that were sent; stands in where the server does not say how
            much it has worked through.
    """
    finals: list[Hypothesis] = []
    partial: list[riva_asr_pb2.StreamingRecognitionResult] = []
    for result in response.results:
        if not result.alternatives:
            continue
        if result.is_final:
            finals.append(_hypothesis([result], to_session_ms, sent_s))
            partial.clear()
        else:
            partial.append(result)
    hypotheses = finals if not partial else [*finals, _hypothesis(partial, to_session_ms, sent_s)]
    return [hypothesis for hypothesis in hypotheses if hypothesis.text or hypothesis.is_final]


def audio_processed_s(response: riva_asr_pb2.StreamingRecognizeResponse) -> float:
    """Return how many seconds of the stream the server has worked through, 0.0 when unsaid."""
    return max((float(result.audio_processed) for result in response.results), default=0.0)


def is_said_again(
    response: riva_asr_pb2.StreamingRecognizeResponse,
    before: riva_asr_pb2.StreamingRecognizeResponse,
) -> bool:
    """Return whether ``response`` is the one ``before`` it once more, finals and all.

    Two responses with the same words are the same only where they also tell the same times:
    somebody may well say "Yes." twice.
    """
    if not any(result.is_final for result in response.results):
        return False
    has_times = audio_processed_s(response) > 0 or any(
        result.alternatives and result.alternatives[0].words for result in response.results
    )
    return has_times and response == before


def _hypothesis(
    results: Sequence[riva_asr_pb2.StreamingRecognitionResult],
    to_session_ms: Callable[[int], int],
    sent_s: float,
) -> Hypothesis:
    texts: list[str] = []
    words: list[Word] = []
    stable_chars = 0
    is_stable = True
    stability, processed_s = 1.0, 0.0
    for result in results:
        best = result.alternatives[0]
        stability = min(stability, result.stability)
        processed_s = max(processed_s, result.audio_processed)
        words += (_word(word, to_session_ms) for word in best.words)
        text = plain(best.transcript)
        if not text:
            continue
        texts.append(text)
        is_stable = is_stable and (result.is_final or result.stability >= STABLE)
        if is_stable:
            stable_chars = len(" ".join(texts))
    processed_ms = round(1000 * (processed_s or sent_s))
    return Hypothesis(
        text=" ".join(texts),
        is_final=results[0].is_final,
        stability=stability,
        confidence=results[0].alternatives[0].confidence,
        words=tuple(words),
        audio_processed_s=to_session_ms(processed_ms) / 1000,
        stable_chars=stable_chars,
    )


def _word(word: riva_asr_pb2.WordInfo, to_session_ms: Callable[[int], int]) -> Word:
    return Word(
        text=plain(word.word),
        start_ms=to_session_ms(word.start_time),
        # A word belongs to the audio before its end, also where other audio was lost right there.
        end_ms=to_session_ms(max(word.start_time, word.end_time - 1)) + 1,
        confidence=word.confidence,
        speaker=word.speaker_tag,
    )


def alternative_from(
    hypothesis: Hypothesis, *, leading_space: bool = False, word_times: bool = False
) -> riva_asr_pb2.SpeechRecognitionAlternative:
    """Return the alternative that says ``hypothesis``.

    Args:
        hypothesis: What was recognised.
        leading_space: Riva begins everything after the first final of a stream with a space, so
            that a client may simply join transcripts.
        word_times: Whether the client asked for words.
    """
    return riva_asr_pb2.SpeechRecognitionAlternative(
        transcript=f" {hypothesis.text}" if leading_space else hypothesis.text,
        confidence=hypothesis.confidence,
        words=_word_infos(hypothesis.words) if word_times else (),
    )


def streaming_response_from(
    hypotheses: Iterable[Hypothesis], *, leading_space: bool = False, word_times: bool = False
) -> riva_asr_pb2.StreamingRecognizeResponse:
    """Return one response with one result a hypothesis; words go out with finals only."""
    return riva_asr_pb2.StreamingRecognizeResponse(
        results=[
            riva_asr_pb2.StreamingRecognitionResult(
                alternatives=[
                    alternative_from(
                        hypothesis,
                        leading_space=leading_space,
                        word_times=word_times and hypothesis.is_final,
                    )
                ],
                is_final=hypothesis.is_final,
                stability=1.0 if hypothesis.is_final else hypothesis.stability,
                channel_tag=1,
                audio_processed=hypothesis.audio_processed_s,
            )
            for hypothesis in hypotheses
        ]
    )


def _word_infos(words: Iterable[Word]) -> list[riva_asr_pb2.WordInfo]:
    return [
        riva_asr_pb2.WordInfo(
            word=word.text,
            start_time=word.start_ms,
            end_time=word.end_ms,
            confidence=word.confidence,
            speaker_tag=word.speaker,
        )
        for word in words
    ]
