"""One stream of a measurement: plays a track to a recogniser, and notes what comes back."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from captioner.asr.events import Connected, Heard, Interrupted, Lost
from captioner.asr.replay import LostAudio
from captioner.core.audio import SAMPLE_RATE, AudioChunk, ms_to_samples
from captioner.core.clock import Clock
from captioner.core.errors import CaptionerError
from captioner.core.hypothesis import Hypothesis
from captioner.measure.chunk_latency import ChunkTap
from captioner.measure.tally import Tally
from captioner.measure.target import Target
from captioner.measure.track import Track


class MeasuredStream:
    """One stream, from `play` to the last words.

    Attributes:
        lag_s: Audio that the recogniser is behind now.
    """

    def __init__(
        self, target: Target, track: Track, tally: Tally, clock: Clock, *, realtime: bool = True
    ) -> None:
        """Prepare.

        Args:
            target: Who recognises.
            track: What is played.
            tally: Where all is noted.
            clock: Time.
            realtime: Whether audio goes out as fast as it is spoken. Otherwise it goes as fast as
                it is taken, and no latency is noted: there is none to speak of.
        """
        self._tap = ChunkTap(tally.chunk, clock)
        self._recogniser = target.recogniser(clock, self._tap)
        self._realtime = realtime
        self._track = track
        self._tally = tally
        self._clock = clock
        self._begun_at = 0.0
        self._has_words = False
        self._is_standing = False
        self._finals: dict[int, list[str]] = {}
        self._segment = next(tally.segments)

    @property
    def lag_s(self) -> float:
        """Audio that the recogniser is behind now."""
        return self._recogniser.lag_s

    async def play(self, begin_at: float, stop: asyncio.Event) -> None:
        """Play from the moment ``begin_at`` until ``stop`` is set, and wait for the last words.

        Ends before where the track does.
        """
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
            # Words that did not come in time are missing words.
            self._close()
        if not reading.cancelled():
            reading.result()

    async def _feed(self, stop: asyncio.Event, reading: asyncio.Task[None]) -> None:
        while not (stop.is_set() or reading.done()):
            begin = self._track.position
            if (chunk := self._track.next_chunk()) is None:
                return
            pcm, is_loud = chunk
            captured_at = await self._wait(reading)
            self._tally.sent_samples += self._track.position - begin
            lost = self._recogniser.feed(AudioChunk(pcm, begin, captured_at), is_loud=is_loud)
            self._lost(lost)

    async def _wait(self, reading: asyncio.Task[None]) -> float:
        """Wait until the next chunk may go out; return when its last sample was heard."""
        if not self._realtime:
            room = asyncio.create_task(self._recogniser.room(), name="measured-room")
            await asyncio.wait({room, reading}, return_when=asyncio.FIRST_COMPLETED)
            room.cancel()
            return self._clock.now()
        due = self._begun_at + self._track.position / SAMPLE_RATE
        if (wait_s := due - self._clock.now()) > 0:
            await self._clock.sleep(wait_s)
        now = self._clock.now()
        self._tally.late_ms.add(now, 1000 * max(0.0, now - due))
        return due

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
        tally = self._tally
        if self._realtime:
            self._note_latency(said, took_ms)
        tally.erasure.update(self._segment, said.text, is_final=said.is_final)
        if not said.is_final:
            return
        self._segment = next(tally.segments)
        if said.text:
            tally.finals += 1
            spoken_until = self._track.last_speech(_covers_until(said)) or 0
            self._finals.setdefault(self._track.pass_of(spoken_until), []).append(said.text)

    def _note_latency(self, said: Hypothesis, took_ms: float) -> None:
        now, tally = self._clock.now(), self._tally
        if not said.text:
            return
        if not self._has_words:
            self._has_words = True
            tally.first_partial_ms.add(now, self._since(self._track.first_speech, now))
        if took_ms > 0:
            tally.caption_ms.add(now, took_ms)
        spoken_until = self._track.last_speech(_covers_until(said)) if said.is_final else None
        if spoken_until is not None:
            tally.final_ms.add(now, self._since(spoken_until, now))

    def _since(self, position: int, now: float) -> float:
        """Return the milliseconds since the sample at ``position`` was played."""
        return 1000 * (now - self._begun_at - position / SAMPLE_RATE)

    def _close(self) -> None:
        self._tally.reconnects += self._recogniser.reconnects
        for number, reference in self._track.whole_references():
            self._tally.texts.append((reference, " ".join(self._finals.get(number, ()))))


def _covers_until(said: Hypothesis) -> int:
    """Return up to where a final has words: their end where it is told, else what was heard."""
    if said.words and said.words[-1].end_ms > 0:
        return ms_to_samples(said.words[-1].end_ms)
    return ms_to_samples(1000 * said.audio_processed_s)
