"""What a client asks of a recognition stream."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace

from riva.client.proto import riva_asr_pb2, riva_audio_pb2, riva_common_pb2

from captioner.core.audio import SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that the recogniser shall expect, and how much: ``boost`` in the server's own scale."""

    text: str
    boost: float


@dataclass(frozen=True, slots=True)
class Endpointing:
    """When an utterance begins and ends, as ``EndpointingConfig`` has it; None: the server's own.

    Windows are in milliseconds, thresholds are shares from 0 to 1.
    """

    start_history_ms: int | None = None
    start_threshold: float | None = None
    stop_history_ms: int | None = None
    stop_threshold: float | None = None
    stop_history_eou_ms: int | None = None
    stop_threshold_eou: float | None = None

    @classmethod
    def from_message(cls, message: riva_asr_pb2.EndpointingConfig) -> Endpointing:
        """Return what a client asks for."""
        names = {each.name.removesuffix("_ms"): each.name for each in fields(cls)}
        return cls(**{names[field.name]: value for field, value in message.ListFields()})

    def to_message(self) -> riva_asr_pb2.EndpointingConfig | None:
        """Return the message, or None when all of it is left to the server."""
        given = {
            name.removesuffix("_ms"): value
            for name, value in asdict(self).items()
            if value is not None
        }
        return riva_asr_pb2.EndpointingConfig(**given) if given else None


@dataclass(frozen=True, slots=True)
class RecognitionOptions:
    """The part of ``RecognitionConfig`` that Captioner uses, in its own terms.

    Attributes:
        language: BCP 47 tag, such as ``en-US``.
        model: Name of the model; empty lets the server choose.
        sample_rate: Samples per second of the audio that will be sent.
        punctuation: Whether punctuation and capitals are asked for.
        inverse_text_normalization: Whether numbers and the like may be written in digits; the
            message has its opposite, ``verbatim_transcripts``.
        profanity_filter: Whether swear words are masked.
        word_times: Whether the times of words are asked for.
        interim_results: Whether partials are asked for.
        boosted: Phrases to expect.
        endpointing: When an utterance begins and ends.
        diarization: Whether the server is asked who speaks.
        max_speakers: How many speakers at most; 0 leaves it to the server.
        custom: Settings of the model that the protocol has no field for, by name.
    """

    language: str = "en-US"
    model: str = ""
    sample_rate: int = SAMPLE_RATE
    punctuation: bool = True
    inverse_text_normalization: bool = True
    profanity_filter: bool = False
    word_times: bool = True
    interim_results: bool = True
    boosted: tuple[Phrase, ...] = ()
    endpointing: Endpointing = Endpointing()
    diarization: bool = False
    max_speakers: int = 0
    custom: tuple[tuple[str, str], ...] = ()

    def with_model(self, model: str | None) -> RecognitionOptions:
        """Return the same with another model, or unchanged for None."""
        return self if model is None else replace(self, model=model)

    def to_recognition_config(self) -> riva_asr_pb2.RecognitionConfig:
        """Return the message for ``Recognize`` and the first part of a streaming request."""
        config = riva_asr_pb2.RecognitionConfig(
            encoding=riva_audio_pb2.AudioEncoding.LINEAR_PCM,
            sample_rate_hertz=self.sample_rate,
            language_code=self.language,
            model=self.model,
            max_alternatives=1,
            audio_channel_count=1,
            enable_automatic_punctuation=self.punctuation,
            verbatim_transcripts=not self.inverse_text_normalization,
            profanity_filter=self.profanity_filter,
            enable_word_time_offsets=self.word_times,
            speech_contexts=self._speech_contexts(),
            endpointing_config=self.endpointing.to_message(),
            custom_configuration=dict(self.custom),
        )
        if self.diarization:
            config.diarization_config.enable_speaker_diarization = True
            config.diarization_config.max_speaker_count = self.max_speakers
        return config

    def _speech_contexts(self) -> list[riva_asr_pb2.SpeechContext]:
        """Return one context a boost, because all phrases of a context share it."""
        contexts: dict[float, list[str]] = {}
        for phrase in self.boosted:
            contexts.setdefault(phrase.boost, []).append(phrase.text)
        return [
            riva_asr_pb2.SpeechContext(phrases=phrases, boost=boost)
            for boost, phrases in contexts.items()
        ]

    def to_first_request(self, request_id: str = "") -> riva_asr_pb2.StreamingRecognizeRequest:
        """Return the message that opens a stream.

        Args:
            request_id: Our name for the stream. A server sends it back with each response and may
                log it; one that is older than the field passes it over. Empty names none.
        """
        return riva_asr_pb2.StreamingRecognizeRequest(
            streaming_config=self.to_streaming_config(),
            id=riva_common_pb2.RequestId(value=request_id) if request_id else None,
        )

    def to_streaming_config(self) -> riva_asr_pb2.StreamingRecognitionConfig:
        """Return what that message says of the stream."""
        return riva_asr_pb2.StreamingRecognitionConfig(
            config=self.to_recognition_config(), interim_results=self.interim_results
        )
