"""From what the recogniser said to what listeners are told, for one channel."""

from __future__ import annotations

from captioner.core.counts import ErasureCounts
from captioner.core.events import CaptionChanged
from captioner.core.hypothesis import Hypothesis
from captioner.core.segment import Segment
from captioner.core.stability import StabilityMode
from captioner.transcript.erasure import ErasureMeter
from captioner.transcript.reducer import TranscriptReducer
from captioner.transcript.replacements import Reading, Replacements
from captioner.transcript.stability import StabilityPolicy


class CaptionTrack:
    """Reducer, stability policy and erasure meter of one channel, kept in step.

    Attributes:
        channel: Whose captions they are.
        replacements: How what is said from now on is written; finals stay as they are.
    """

    def __init__(
        self,
        reducer: TranscriptReducer,
        mode: StabilityMode,
        channel: str = "",
        *,
        replacements: Replacements | None = None,
    ) -> None:
        """Begin a channel. Channels of one session share the reducer, and so the ids."""
        self._reducer = reducer
        self._policy = StabilityPolicy(mode)
        self.channel = channel
        self.replacements = replacements or Replacements()
        self._changed_at: float | None = None
        self.erasure = ErasureMeter()

    @property
    def mode(self) -> StabilityMode:
        """How much of an unsteady partial is shown; may be changed at any time."""
        return self._policy.mode

    @mode.setter
    def mode(self, mode: StabilityMode) -> None:
        self._policy.mode = mode

    @property
    def said(self) -> str:
        """The newest caption in the recogniser's own words."""
        return self._reading.heard

    @property
    def _reading(self) -> Reading:
        return self._reducer.reading(self.channel)

    def heard(
        self, hypothesis: Hypothesis, *, processing_ms: float, now: float
    ) -> CaptionChanged | None:
        """Take in a hypothesis at monotonic time ``now``; return what changed for listeners."""
        segment = self._reducer.apply(
            hypothesis,
            self.channel,
            processing_ms=processing_ms,
            replacements=self.replacements,
        )
        if segment is None:
            return None
        self._changed_at = now
        # What was promoted before is missing at the front of the segment's text.
        missing_chars = len(hypothesis.text) - len(self.said)
        stable_chars = max(0, hypothesis.stable_chars - missing_chars)
        return self._show(segment, self._reading.stable_chars(stable_chars), told_at=now)

    def promote(self) -> CaptionChanged | None:
        """Make the open segment final with the text it has."""
        segment = self._reducer.promote(self.channel)
        return None if segment is None else self._show(segment, len(segment.text))

    def promote_if_quiet(self, quiet_gap_s: float, *, now: float) -> CaptionChanged | None:
        """Make the open segment final when nothing about it has changed for ``quiet_gap_s``."""
        if self._changed_at is None or now - self._changed_at < quiet_gap_s:
            return None
        self._changed_at = None
        return self.promote()

    def new_stream(self, *, now: float) -> None:
        """Note that the recogniser starts afresh at monotonic time ``now``."""
        if self._changed_at is not None:
            self._changed_at = now
        self._reducer.new_stream(self.channel)

    def _show(self, segment: Segment, stable_chars: int, *, told_at: float = 0.0) -> CaptionChanged:
        shown = self._policy.shown(
            segment.id,
            segment.text,
            is_final=segment.is_final,
            stable_chars=stable_chars,
            settled_words=self._reading.settled,
        )
        self.erasure.update(segment.id, shown, is_final=segment.is_final)
        return CaptionChanged(segment=segment, shown=shown, told_at=told_at)


class CaptionTracks:
    """The tracks of a session, which last longer than its channels: ids are never used twice."""

    def __init__(self, mode: StabilityMode, replacements: Replacements) -> None:
        """Begin without any; see `CaptionTrack`."""
        self._reducer = TranscriptReducer()
        self._mode, self._replacements = mode, replacements
        self._tracks: dict[str, CaptionTrack] = {}

    @property
    def erasure(self) -> ErasureCounts:
        """What readers saw change, in all channels."""
        return sum((track.erasure.counts for track in self._tracks.values()), ErasureCounts())

    def of(self, channel: str) -> CaptionTrack:
        """Return the track of ``channel``, a new one if it had none."""
        if channel not in self._tracks:
            self._tracks[channel] = CaptionTrack(
                self._reducer, self._mode, channel, replacements=self._replacements
            )
        return self._tracks[channel]

    def follow(self, mode: StabilityMode, replacements: Replacements) -> None:
        """Show and write what is said from now on in another way."""
        self._mode, self._replacements = mode, replacements
        for track in self._tracks.values():
            track.mode, track.replacements = mode, replacements
