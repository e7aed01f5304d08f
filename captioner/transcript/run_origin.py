"""Where a run begins on the scale of a session, whose times go on over its runs."""

from __future__ import annotations

from captioner.core.segment import Segment


def run_origin_ms(first: Segment, *, said_before_ms: int, run_age_ms: float) -> int:
    """Return the time of the session, in milliseconds, at which its newest run began.

    A session counts the audio that it hears, not the pauses between its runs. So the beginning is
    as long before the first words as the run is old, but not before the words of the runs before.

    Args:
        first: The run's first segment, just said.
        said_before_ms: Where the last words of the runs before ended; 0 if there are none.
        run_age_ms: How long ago the run began, by the clock.
    """
    if not said_before_ms:
        return 0
    guess = round(first.end_ms + first.processing_ms - run_age_ms)
    return max(0, min(max(said_before_ms, guess), first.start_ms))
