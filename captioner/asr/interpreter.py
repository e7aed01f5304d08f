"""From the responses of a channel's streams to what is new in them, on the session's scale."""

from __future__ import annotations

from collections import deque
from typing import Final

from riva.client.proto import riva_asr_pb2

from captioner.asr.events import Heard
from captioner.asr.loudness import LoudAudio
from captioner.asr.seam import Seam
from captioner.asr.stream import RecognitionStream
from captioner.core.audio import SAMPLE_RATE, AudioChunk, ms_to_samples
from captioner.core.clock import Clock
from captioner.core.hypothesis import Hypothesis
from captioner.riva.results import audio_processed_s, hypotheses_from_response, is_said_again

_HEARD_CHUNKS: Final = 1024


class Interpreter:
    """Understands one stream after the other.

    Attributes:
        loud: Where speech may be.
        seam: What the finals cover so far.
        processed: How far the server is, by all we know, as a session position in samples.
        is_utterance_open: Whether words were said that no final has settled.
    """

    def __init__(self, clock: Clock) -> None:
        """Begin before the first stream."""
        self._clock = clock
        self._heard_at: deque[tuple[int, float]] = deque(maxlen=_HEARD_CHUNKS)
        self._last = riva_asr_pb2.StreamingRecognizeResponse()
        self.loud = LoudAudio()
        self.seam = Seam(self.loud)
        self.processed = 0
        self.is_utterance_open = False

    def note_capture(self, chunk: AudioChunk, *, is_loud: bool) -> None:
        """Note when audio was heard, and whether it may be speech."""
        self._heard_at.append((chunk.end, chunk.captured_at))
        if is_loud:
            self.loud.note(chunk)

    def begin(self, *, follows_another: bool) -> None:
        """Prepare for the responses of a new stream."""
        self._last = riva_asr_pb2.StreamingRecognizeResponse()
        if follows_another:
            self.seam.new_stream()

    def take(
        self, response: riva_asr_pb2.StreamingRecognizeResponse, stream: RecognitionStream
    ) -> list[Heard]:
        """Return what is new in a response of ``stream``; its finals move the seam."""
        progress, timeline = stream.progress, stream.timeline
        progress.answered(ms_to_samples(1000 * audio_processed_s(response)))
        if progress.sent:
            self.processed = timeline.to_session(min(progress.processed, progress.sent))
        if not response.results or is_said_again(response, self._last):
            return []
        self._last = response
        heard = []
        for said in hypotheses_from_response(
            response,
            to_session_ms=timeline.to_session_ms,
            sent_s=timeline.sent_samples / SAMPLE_RATE,
        ):
            self.is_utterance_open = bool(said.text) and not said.is_final
            new = self.seam.take(said)
            if new is not None:
                heard.append(Heard(new, self._age_ms(new)))
        return heard

    def settle(self, text: str, until: int) -> None:
        """Take ``text`` of the open utterance as settled; see `Seam.settle`."""
        self.seam.settle(text, until)
        self.is_utterance_open = False

    def cover(self, position: int) -> None:
        """Take all up to ``position`` as settled."""
        self.seam.cover(position)
        self.is_utterance_open = False

    def _age_ms(self, hypothesis: Hypothesis) -> float:
        """Return the time since the newest audio behind ``hypothesis`` was heard."""
        position = ms_to_samples(hypothesis.audio_processed_s * 1000)
        captured_at = None
        for end, moment in reversed(self._heard_at):
            if end < position:
                break
            captured_at = moment
        if captured_at is None:
            return 0.0
        return max(0.0, 1000 * (self._clock.now() - captured_at))
