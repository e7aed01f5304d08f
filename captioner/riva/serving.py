"""The server's side of the protocol: what a client asks for, and what a model is listed as."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from riva.client.proto import riva_asr_pb2

from captioner.core.errors import RequestError
from captioner.core.hypothesis import Hypothesis
from captioner.riva.options import Endpointing, Phrase, RecognitionOptions
from captioner.riva.results import alternative_from, streaming_response_from

INVALID: Final = "INVALID_ARGUMENT"
"""Status name of a request that another try cannot mend."""

Kind = Literal["online", "offline"]


def unavailable_model(kind: Kind, *, language: str, sample_rate: int, model: str) -> RequestError:
    """Return the refusal in Riva's own words, for which clients look."""
    asked = f"language_code={language}; sample_rate={sample_rate}; type={kind}"
    if model:
        asked += f"; model={model}"
    return RequestError(
        f"Unavailable model requested given these parameters: {asked}", code=INVALID
    )


def options_from(
    config: riva_asr_pb2.RecognitionConfig, *, interim_results: bool
) -> RecognitionOptions:
    """Return what a client asks for, in our own terms; unchecked."""
    return RecognitionOptions(
        language=config.language_code,
        model=config.model,
        sample_rate=config.sample_rate_hertz,
        punctuation=config.enable_automatic_punctuation,
        inverse_text_normalization=not config.verbatim_transcripts,
        profanity_filter=config.profanity_filter,
        word_times=config.enable_word_time_offsets,
        interim_results=interim_results,
        boosted=tuple(
            Phrase(phrase, context.boost)
            for context in config.speech_contexts
            for phrase in context.phrases
        ),
        endpointing=Endpointing.from_message(config.endpointing_config),
        diarization=config.diarization_config.enable_speaker_diarization,
        max_speakers=config.diarization_config.max_speaker_count,
        custom=tuple(config.custom_configuration.items()),
    )


def left_aside(options: RecognitionOptions) -> list[str]:
    """Return what a client asks for and Captioner's own engine does not do, by Riva's names.

    All of it refines the text. A server without it still has the words, so it is no refusal.
    """
    asked = {
        "speech_contexts": options.boosted,
        "endpointing_config": options.endpointing != Endpointing(),
        "diarization_config": options.diarization,
        "custom_configuration": options.custom,
    }
    return [name for name, value in asked.items() if value]


def wants_end_of_utterance(request: riva_asr_pb2.StreamingRecognizeRequest) -> bool:
    """Return whether a message asks to make a final of what was said so far."""
    return str(request.runtime_config.get("force_eou", "")).lower() == "true"


def streaming_response(
    hypotheses: tuple[Hypothesis, ...],
    *,
    position_s: float,
    leading_space: bool,
    word_times: bool,
    request_id: str,
) -> riva_asr_pb2.StreamingRecognizeResponse:
    """Return one response; its results joined read as one text, as a client expects.

    Args:
        hypotheses: One final, or the parts of one partial. None makes a result with an empty
            transcript, which only says how far the recogniser is.
        position_s: Seconds of audio worked through.
        leading_space: Whether a final went before in this stream.
        word_times: Whether the client asked for them.
        request_id: The client's own name for the stream, sent back.
    """
    response = riva_asr_pb2.StreamingRecognizeResponse()
    for index, hypothesis in enumerate(hypotheses):
        spaced = leading_space or index > 0
        response.MergeFrom(
            streaming_response_from(
                [hypothesis], leading_space=spaced and bool(hypothesis.text), word_times=word_times
            )
        )
    if not hypotheses:
        response = streaming_response_from([Hypothesis("", audio_processed_s=position_s)])
    if request_id:
        response.id.value = request_id
    return response


def offline_response(
    finals: Iterable[Hypothesis], *, word_times: bool, request_id: str
) -> riva_asr_pb2.RecognizeResponse:
    """Return the finals of a whole recording, a result each."""
    response = riva_asr_pb2.RecognizeResponse(
        results=[
            riva_asr_pb2.SpeechRecognitionResult(
                alternatives=[
                    alternative_from(final, leading_space=index > 0, word_times=word_times)
                ],
                channel_tag=1,
                audio_processed=final.audio_processed_s,
            )
            for index, final in enumerate(finals)
        ]
    )
    if request_id:
        response.id.value = request_id
    return response


def model_listing(
    name: str, *, language: str, sample_rate: int, is_mock: bool
) -> list[riva_asr_pb2.RivaSpeechRecognitionConfigResponse.Config]:
    """Return how a model is listed, once for streams and once for whole recordings."""
    common = {"language_code": language, "sample_rate_hertz": str(sample_rate)}
    if is_mock:
        common["mock"] = "true"
    return [
        riva_asr_pb2.RivaSpeechRecognitionConfigResponse.Config(
            model_name=name,
            parameters=common | {"type": kind, "streaming": str(kind == "online")},
        )
        for kind in ("online", "offline")
    ]
