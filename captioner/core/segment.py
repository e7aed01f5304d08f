"""What a reader is shown and what history keeps: segments and gaps."""

from __future__ import annotations

from dataclasses import dataclass

from captioner.core.hypothesis import Word


@dataclass(frozen=True, slots=True)
class Segment:
    """One utterance in the transcript.

    The transcript promises: a segment is never removed, a final never changes, an id is never
    reused, and at most one segment a channel is open (not final).

    Attributes:
        id: Rises by one with each segment of a session, starting at 0.
        text: Full reading of the utterance. For an open segment this is the newest partial.
        is_final: True when the text will not change again.
        start_ms: Where the speech begins, in milliseconds since the first audio of the session.
        end_ms: Where it ends (so far), on the same scale.
        revision: Rises by one each time the text of this segment changes.
        channel: Which source said it ("" with one source, else "You" or "Others").
        confidence: The recogniser's own number; 0.0 means that it gave none.
        words: Word times of a final, when asked for.
        promoted: True for a final made by us from the last partial (quiet gap, stop, lost server).
        processing_ms: From the newest audio that the text rests on, as it was heard, to the text.
    """

    id: int
    text: str
    is_final: bool
    start_ms: int
    end_ms: int
    revision: int = 0
    channel: str = ""
    confidence: float = 0.0
    words: tuple[Word, ...] = ()
    promoted: bool = False
    processing_ms: float = 0.0

    @property
    def labelled_text(self) -> str:
        """The text with its speaker in front, where it has one."""
        return f"{self.channel}: {self.text}" if self.channel else self.text


@dataclass(frozen=True, slots=True)
class Gap:
    """Audio that was lost and will not be captioned.

    Attributes:
        start_ms: Where it begins, in milliseconds since the first audio of the session.
        end_ms: Where it ends.
        reason: A short sentence for the reader, such as "The microphone was unplugged".
        channel: The channel that lost it.
    """

    start_ms: int
    end_ms: int
    reason: str
    channel: str = ""
