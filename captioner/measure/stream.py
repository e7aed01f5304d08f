"""One stream of a measurement: plays a track to a recogniser, and notes what comes back."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import aclosing
from itertools import count
from typing import Final

from captioner.asr.events import Connected, Heard, Interrupted, Lost
from captioner.asr.recogniser import Recogniser
from captioner.asr.replay import LostAudio
from captioner.core.audio import SAMPLE_RATE, AudioChunk, ms_to_samples
from captioner.core.clock import Clock
from captioner.core.errors import CaptionerError
from captioner.core.hypothesis import Hypothesis
from captioner.measure.chunk_latency import ChunkLatencies, ChunkTap
from captioner.measure.statistics import Samples
from captioner.measure.track import Track
from captioner.transcript.erasure import ErasureMeter

_UNKNOWN_STATUS: Final = "OTHER"


class Tally:
    """What all streams of a run found together.

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
        self.errors[error.code or str(error.category) or _UNKNOWN_STATUS] += 1
        self.broken.add(at, 1)


class MeasuredStream:
    """One stream in real time, from `play` to the last words.

    Attributes:
        lag_s: Audio that the recogniser is behind now.
    """

    def __init__(
        self, recogniser: Recogniser, tap: ChunkTap, track: Track, tally: Tally, clock: Clock
    ) -> None:
        """Prepare; ``tap`` listens to ``recogniser``."""
        self._recogniser = recogniser
        self._tap = tap
        self._track = track
        self._tally = tally
        self._clock = clock
        self._begun_at = 0.0
        self._first_words = False
        self._is_standing = False
        self._finals: dict[int, list[str]] = {}
        self._segment = next(tally.segments)

    @property
    def lag_s(self) -> float:
        """Audio that the recogniser is behind now."""
        return self._recogniser.lag_s

    async def play(self, begin_at: float, stop: asyncio.Event) -> None:
        """Play from the moment ``begin_at`` until ``stop`` is set, and wait for the last words."""
        await self._clock.sleep(begin_at - self._clock.now())
        if stop.is_set():
            return
        self._begun_at = begin_at
        reading = asyncio.create_task(self._read(), name="measured-reader")
        try:
            await self._feed(stop, reading)
            self._recogniser.finish()
            await asyncio.wait({reading})
        finally:
            reading.cancel()
            await asyncio.wait({reading})
        if not reading.cancelled():
            reading.result()
        self._close()

    async def _feed(self, stop: asyncio.Event, reading: asyncio.Task[None]) -> None:
        while not (stop.is_set() or reading.done()):
            begin = self._track.position
            pcm, is_loud = self._track.next_chunk()
            due = self._begun_at + self._track.position / SAMPLE_RATE
            if (wait_s := due - self._clock.now()) > 0:
                await self._clock.sleep(wait_s)
            now = self._clock.now()
            self._tally.late_ms.add(now, 1000 * max(0.0, now - due))
            self._tally.sent_samples += self._track.position - begin
            lost = self._recogniser.feed(AudioChunk(pcm, begin, due), is_loud=is_loud)
            self._lost(lost)

    async def _read(self) -> None:
        try:
            async with aclosing(self._recogniser.events()) as events:
                async for event in events:
                    match event:
                        case Heard(hypothesis=said, processing_ms=took_ms):
                            self._hear(said, took_ms)
                        case Connected():
                            self._stand(stands=True)
                        case Interrupted(error=error):
                            self._stand(stands=False)
                            self._tally.broke(self._clock.now(), error)
                        case Lost(audio=audio):
                            self._lost(audio)
            self._tap.ended()
        except CaptionerError as error:
            self._tally.broke(self._clock.now(), error)
            self._tally.given_up.append(error)
        finally:
            self._stand(stands=False)

    def _stand(self, *, stands: bool) -> None:
        if stands is not self._is_standing:
            self._is_standing = stands
            self._tally.open += 1 if stands else -1

    def _lost(self, audio: LostAudio | None) -> None:
        if audio is not None:
            self._tally.dropped_samples += audio.end - audio.start

    def _hear(self, said: Hypothesis, took_ms: float) -> None:
        now, tally = self._clock.now(), self._tally
        if said.text and not self._first_words:
            self._first_words = True
            spoken = self._track.first_speech / SAMPLE_RATE
            tally.first_partial_ms.add(now, 1000 * (now - self._begun_at - spoken))
        if took_ms > 0:
            tally.caption_ms.add(now, took_ms)
        tally.erasure.update(self._segment, said.text, is_final=said.is_final)
        if not said.is_final:
            return
        self._segment = next(tally.segments)
        if not said.text:
            return
        tally.finals += 1
        spoken_until = self._track.last_speech(_covers_until(said))
        if spoken_until is None:
            return
        tally.final_ms.add(now, 1000 * (now - self._begun_at - spoken_until / SAMPLE_RATE))
        self._finals.setdefault(self._track.pass_of(spoken_until), []).append(said.text)

    def _close(self) -> None:
        self._tally.reconnects += self._recogniser.reconnects
        for number, reference in self._track.whole_references():
            self._tally.texts.append((reference, " ".join(self._finals.get(number, ()))))


def _covers_until(said: Hypothesis) -> int:
    """Return up to where a final has words: their end where it is told, else what was heard."""
    if said.words and said.words[-1].end_ms > 0:
        return ms_to_samples(said.words[-1].end_ms)
    return ms_to_samples(1000 * said.audio_processed_s)
