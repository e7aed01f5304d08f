"""What a client asks of a recognition stream."""

from __future__ import annotations

from dataclasses import dataclass

from riva.client.proto import riva_asr_pb2, riva_audio_pb2

from captioner.core.audio import SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class RecognitionOptions:
    """The part of ``RecognitionConfig`` that Captioner uses, in its own terms.

    Attributes:
        language: BCP 47 tag, such as ``en-US``.
        model: Name of the model; empty lets the server choose.
        sample_rate: Samples per second of the audio that will be sent.
        punctuation: Whether punctuation and capitals are asked for.
        word_times: Whether the times of words are asked for.
        interim_results: Whether partials are asked for.
    """

    language: str = "en-US"
    model: str = ""
    sample_rate: int = SAMPLE_RATE
    punctuation: bool = True
    word_times: bool = True
    interim_results: bool = True

    def to_recognition_config(self) -> riva_asr_pb2.RecognitionConfig:
        """Return the message for ``Recognize`` and the first part of a streaming request."""
        return riva_asr_pb2.RecognitionConfig(
            encoding=riva_audio_pb2.AudioEncoding.LINEAR_PCM,
            sample_rate_hertz=self.sample_rate,
            language_code=self.language,
            model=self.model,
            max_alternatives=1,
            audio_channel_count=1,
            enable_automatic_punctuation=self.punctuation,
            enable_word_time_offsets=self.word_times,
        )

    def to_streaming_config(self) -> riva_asr_pb2.StreamingRecognitionConfig:
        """Return the message that opens a stream."""
        return riva_asr_pb2.StreamingRecognitionConfig(
            config=self.to_recognition_config(), interim_results=self.interim_results
        )
