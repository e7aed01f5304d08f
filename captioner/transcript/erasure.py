"""How much of what was shown had to be taken back.

Normalized erasure: tokens deleted from the end of what was shown until the rest agrees with the
next text, summed over all updates, divided by the tokens of the final texts (Arivazhagan et al.,
"Re-translation versus Streaming for Simultaneous Translation", 2020). Below 0.2 counts as few
revisions. A final that changes what a partial showed counts like any other update.
"""

from __future__ import annotations

from itertools import takewhile

from captioner.core.counts import ErasureCounts


class ErasureMeter:
    """Counts tokens over a session; holds the shown text of open segments only."""

    def __init__(self) -> None:
        """Begin with nothing shown."""
        self._shown: dict[int, list[str]] = {}
        self.revisions = 0
        self.deleted_tokens = 0
        self.final_tokens = 0

    def update(self, segment_id: int, shown: str, *, is_final: bool) -> None:
        """Take in that the reader now sees ``shown`` for this segment."""
        tokens = shown.split()
        before = self._shown.pop(segment_id, [])
        kept = sum(
            1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, tokens, strict=False))
        )
        deleted = len(before) - kept
        self.revisions += deleted > 0
        self.deleted_tokens += deleted
        if is_final:
            self.final_tokens += len(tokens)
        else:
            self._shown[segment_id] = tokens

    @property
    def counts(self) -> ErasureCounts:
        """What was counted so far."""
        return ErasureCounts(self.revisions, self.deleted_tokens, self.final_tokens)

    @property
    def normalized(self) -> float:
        """Deleted tokens for each final token; 0.0 before the first final."""
        return self.counts.normalized
