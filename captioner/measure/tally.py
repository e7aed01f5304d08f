"""What all streams of a run found together, and the run that it makes."""

from __future__ import annotations

from collections import Counter
from itertools import count
from typing import Final

from captioner.core.audio import SAMPLE_RATE
from captioner.core.errors import CaptionerError
from captioner.measure.accuracy import accuracy
from captioner.measure.chunk_latency import ChunkLatencies
from captioner.measure.result import Client, Moment, Run
from captioner.measure.statistics import Samples, percentile, summary
from captioner.transcript.erasure import ErasureMeter

LATE_LIMIT_MS: Final = 50.0
"""A client of whose chunks more than 1 in 100 go out later than this has not kept up."""


class Tally:
    """Grows while streams play.

    Attributes:
        chunk: From the sending of a chunk to its answer.
        caption_ms: From the newest audio behind a caption to the caption.
        final_ms: From the end of speech to its final.
        first_partial_ms: From the first speech of a stream to its first words.
        late_ms: How late chunks were handed over.
        lag_s: Audio that recognisers are behind.
        broken: When streams broke.
        errors: How often streams broke, by status.
        given_up: Why streams ended before their time, in order.
        dropped_samples: Audio that no recogniser heard.
        sent_samples: Audio that was handed over.
        reconnects: How often a stream was opened again.
        finals: Finished captions.
        open: Streams that stand now.
        open_streams: How many stood, looked at now and then.
        erasure: Words taken back.
        segments: Numbers for utterances.
        texts: Reference and recognised words of each recording that was played to its end.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.chunk = ChunkLatencies()
        self.caption_ms = Samples()
        self.final_ms = Samples()
        self.first_partial_ms = Samples()
        self.late_ms = Samples()
        self.lag_s = Samples()
        self.broken = Samples()
        self.errors: Counter[str] = Counter()
        self.given_up: list[CaptionerError] = []
        self.dropped_samples = 0
        self.sent_samples = 0
        self.reconnects = 0
        self.finals = 0
        self.open = 0
        self.open_streams = Samples()
        self.erasure = ErasureMeter()
        self.segments = count()
        self.texts: list[tuple[str, str]] = []

    def broke(self, at: float, error: CaptionerError) -> None:
        """Count a stream that broke."""
        self.errors[error.code or str(error.category)] += 1
        self.broken.add(at, 1)

    def run(
        self,
        *,
        server: str,
        audio: str,
        streams: int,
        span: tuple[float, float],
        processor: float,
        timeline: tuple[Moment, ...] = (),
        realtime: bool = True,
    ) -> Run:
        """Return what is written down.

        Args:
            server: What the recogniser is called.
            audio: What was played.
            streams: At the same time.
            span: Begin and end of the measured part. The last answers belong to its audio and come
                a little later.
            processor: Part of a core that this process used.
            timeline: The run in stretches.
            realtime: Whether audio went out as fast as it is spoken.
        """
        begin, end = span
        late = self.late_ms.between(begin)
        late_p99 = percentile(late, 99)
        chunk_ms = summary(self.chunk.samples.between(begin)) if realtime else None
        heard_s = self.sent_samples / SAMPLE_RATE
        return Run(
            server=server,
            audio=audio,
            streams=streams,
            seconds=round(max(0.0, end - begin), 3),
            realtime=realtime,
            chunk_ms=chunk_ms,
            caption_ms=summary(self.caption_ms.between(begin)),
            final_ms=summary(self.final_ms.between(begin)),
            # Each stream has one; what was said before all of them were open counts, too.
            first_partial_ms=summary(self.first_partial_ms.between()),
            pairing=None if chunk_ms is None else self.chunk.pairing,
            lag_s=summary(self.lag_s.between(begin)),
            errors=dict(self.errors),
            reconnects=self.reconnects,
            given_up=len(self.given_up),
            dropped_s=round(self.dropped_samples / SAMPLE_RATE, 3),
            audio_s=round(heard_s, 3),
            finals=self.finals,
            accuracy=accuracy(self.texts),
            erasure=round(self.erasure.normalized, 4) if self.erasure.final_tokens else None,
            real_time_factor=None if realtime or not heard_s else round((end - begin) / heard_s, 4),
            client=Client(
                late_ms=summary(late),
                processor=round(processor, 3),
                kept_up=late_p99 is None or late_p99 <= LATE_LIMIT_MS,
            ),
            timeline=timeline,
        )
