"""What is seen of a line: its look may leave out the speaker, or words that may still change."""

from __future__ import annotations

from captioner.gui.overlay.look import Look
from captioner.transcript.shown_lines import Run, RunKind, ShownLine


def as_seen(line: ShownLine, look: Look) -> ShownLine:
    """Return ``line`` without what ``look`` leaves out."""
    runs = [
        run
        for run in line.runs
        if (look.shows_labels or run.kind is not RunKind.LABEL)
        and (look.shows_partials or run.kind is not RunKind.PARTIAL)
    ]
    if len(runs) == len(line.runs):
        return line
    if runs:
        runs[0] = Run(runs[0].text.lstrip(), runs[0].kind)
    return ShownLine(line.serial, tuple(runs), continues=line.continues)
