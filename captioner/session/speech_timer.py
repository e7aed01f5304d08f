"""How long captions take as the speaker's listener feels it: from speech to words."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Final

from captioner.core.audio import SAMPLE_RATE, AudioChunk
from captioner.core.events import CaptionChanged

_PAUSE: Final = SAMPLE_RATE // 2
"""Loud audio after a longer pause, in samples, is speech that begins anew."""

_KEPT: Final = 512


@dataclass(slots=True)
class _Stretch:
    """Loud audio without a pause in it: where it is in the session, and when its end was heard."""

    start: int
    end: int
    heard_at: float

    def heard_at_position(self, position: int) -> float:
        return self.heard_at - (self.end - position) / SAMPLE_RATE


class SpeechTimer:
    """Follows one channel: which of its audio was loud, and which captions came of that."""

    def __init__(self) -> None:
        """Begin in silence."""
        self._stretches: deque[_Stretch] = deque(maxlen=_KEPT)
        self._newest_id = -1
        self._settled = 0

    def note_loud(self, chunk: AudioChunk) -> None:
        """Note that ``chunk`` may be speech."""
        last = self._stretches[-1] if self._stretches else None
        if last is not None and chunk.start - last.end <= _PAUSE:
            last.end, last.heard_at = chunk.end, chunk.captured_at
        else:
            self._stretches.append(_Stretch(chunk.start, chunk.end, chunk.captured_at))

    def timed(self, change: CaptionChanged, *, processed: int, now: float) -> CaptionChanged:
        """Return ``change`` with the time since speech, where it is one that is measured.

        Args:
            change: A caption that rests on what the recogniser said.
            processed: How far the recogniser was with it, as a session position in samples.
            now: Monotonic time.
        """
        segment = change.segment
        is_first = segment.id != self._newest_id
        if not (segment.is_final or (is_first and change.shown)):
            return change
        self._newest_id = segment.id
        moment = self._end(processed) if segment.is_final else self._begin(processed)
        if segment.is_final:
            self._settled = max(self._settled, processed)
        if moment is None or not segment.text:
            return change
        return replace(change, since_speech_s=max(0.0, now - moment))

    def _begin(self, processed: int) -> float | None:
        stretch = self._before(processed)
        if stretch is None or stretch.end <= self._settled:
            return None
        return stretch.heard_at_position(max(stretch.start, self._settled))

    def _end(self, processed: int) -> float | None:
        stretch = self._before(processed)
        if stretch is None:
            return None
        return stretch.heard_at_position(min(stretch.end, processed))

    def _before(self, position: int) -> _Stretch | None:
        return next((each for each in reversed(self._stretches) if each.start < position), None)
