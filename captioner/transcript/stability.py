"""The policy between recogniser and eye: how much of an unsteady partial is shown.

* ``responsive`` shows every partial whole: fastest, and it flickers.
* ``balanced`` shows a partial except the words that the newest audio may still change: the last
  word, until a second hypothesis agrees with it.
* ``steady`` shows only what two hypotheses in a row agreed on, and once shown takes a word back
  only when the final says otherwise.

Neither shows the beginning of words that a replacement may turn into others. Finals are always
shown whole.
"""

from __future__ import annotations

from captioner.core.stability import StabilityMode


class StabilityPolicy:
    """Decides for each open segment what its reader sees now. Holds open segments only."""

    def __init__(self, mode: StabilityMode) -> None:
        """Begin with nothing shown; ``mode`` may be changed at any time."""
        self.mode = mode
        self._before: dict[int, list[str]] = {}
        self._shown: dict[int, list[str]] = {}

    def shown(
        self,
        segment_id: int,
        text: str,
        *,
        is_final: bool,
        stable_chars: int = 0,
        settled_words: int | None = None,
    ) -> str:
        """Return what to show of ``text``.

        Args:
            segment_id: The segment that it is the newest reading of.
            text: The whole reading.
            is_final: True when it will not change again.
            stable_chars: Leading characters that the recogniser itself marks as stable.
            settled_words: Leading words that no replacement can change any more; None for all.
        """
        tokens = text.split()
        if is_final:
            self._before.pop(segment_id, None)
            self._shown.pop(segment_id, None)
            return text
        before = self._before.get(segment_id, [])
        self._before[segment_id] = tokens
        agreed = max(_agreeing(before, tokens), len(text[:stable_chars].split()))
        settled = len(tokens) if settled_words is None else settled_words
        shown = self._choose(tokens, agreed, settled, self._shown.get(segment_id, []))
        self._shown[segment_id] = shown
        return " ".join(shown)

    def _choose(
        self, tokens: list[str], agreed: int, settled: int, already: list[str]
    ) -> list[str]:
        if self.mode is StabilityMode.RESPONSIVE:
            return tokens
        if self.mode is StabilityMode.BALANCED:
            return tokens[: min(max(agreed, len(tokens) - 1), settled)]
        # What is shown stays, even where the reading of it has changed since.
        return [*already, *tokens[len(already) : min(agreed, settled)]]


def _agreeing(before: list[str], now: list[str]) -> int:
    """Return how many leading tokens are the same but for case and punctuation."""
    count = 0
    for old, new in zip(before, now, strict=False):
        if _bare(old) != _bare(new):
            break
        count += 1
    return count


def _bare(token: str) -> str:
    return "".join(character for character in token.casefold() if character.isalnum())
