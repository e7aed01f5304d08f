"""Keeps what the loudspeaker says out of the microphone's captions.

The system audio's channel tells what it hears; the microphone's words wait until it is known
whether they only repeat that. Where nothing plays, nothing waits. All of it runs on the session's
loop, and holds a minute of words at most.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Final

from captioner.asr.events import Heard
from captioner.core.hypothesis import Hypothesis, Word
from captioner.core.spelling import bare
from captioner.transcript.echo import LATEST_MS, TimedWord, find_echo

_WORD_MS: Final = 400
"""From the beginning of a word to where it can be read."""

_TAIL_MS: Final = 400
"""What is loud so shortly after an utterance is the end of it."""

_FINAL_WAITS_S: Final = 1.5
"""So long a final waits for the final of the others, which reads better than their partial."""

_LONGEST_WAIT_S: Final = 5.0
"""Nothing waits longer for a recogniser that does not get on with the others' audio."""

_MS_PER_WORD: Final = 300

_LONGEST_UNREAD_MS: Final = 2_000
"""A recogniser with too much to do says nothing for so long; what it then says may be as old."""

_KEPT_MS: Final = 60_000
_MOST_WAITING: Final = 16


class ChannelFilter:
    """What stands between a recogniser and the captions of its channel; this one lets all pass."""

    def sound(self, end_ms: int, *, is_loud: bool, done_ms: int) -> None:
        """Note that audio was heard; times are milliseconds of the session.

        Args:
            end_ms: Where the newest audio ends.
            is_loud: Whether it may be speech.
            done_ms: Up to where the recogniser has worked.
        """

    def silence(self) -> None:
        """Note that nothing is heard until there is sound again: the device is away."""

    def heard(self, news: Heard, *, now: float) -> list[Heard]:
        """Take in what the recogniser said at monotonic time ``now``; return what is to be shown.

        What is not returned now is returned later by `due` or `flush`, unless it is an echo.
        """
        del now
        return [news]

    def due(self, *, now: float) -> list[Heard]:
        """Return what has waited long enough."""
        del now
        return []

    def flush(self, *, now: float) -> list[Heard]:
        """Return what still waits, because no more will be known."""
        del now
        return []

    @property
    def is_waiting(self) -> bool:
        """Whether a final still waits."""
        return False


@dataclass(slots=True)
class EchoCount:
    """What was left out of a run.

    Attributes:
        words: Words of the microphone that were an echo.
        utterances: Utterances that were nothing else.
    """

    words: int = 0
    utterances: int = 0


class _Utterance:
    """The open utterance of a channel, with the time of each of its words.

    Attributes:
        words: When each was said, by all that is known.
        read_at_ms: Up to where the recogniser had to listen to read each, in milliseconds.
        seen_at: Since when each is there, in monotonic seconds.
    """

    def __init__(self) -> None:
        self.words: list[TimedWord] = []
        self.read_at_ms: list[int] = []
        self.seen_at: list[float] = []
        self._heard_ms = 0

    def take(self, hypothesis: Hypothesis, now: float) -> list[TimedWord]:
        """Return the words of ``hypothesis``; those without a time were said when they appeared."""
        tokens = [bare(token) for token in hypothesis.text.split()]
        now_ms = round(1000 * hypothesis.audio_processed_s)
        kept = 0
        for token, word in zip(tokens, self.words, strict=False):
            if token != word.text:
                break
            kept += 1
        if len(hypothesis.words) == len(tokens):
            starts = [word.start_ms for word in hypothesis.words]
            words = [TimedWord(*pair) for pair in zip(tokens, starts, strict=True)]
        else:
            words = self.words[:kept] + self._new(tokens[kept:], kept, now_ms)
        self._heard_ms = now_ms
        self.words = [] if hypothesis.is_final else words
        self.read_at_ms = self.read_at_ms[:kept] + [now_ms] * (len(self.words) - kept)
        self.seen_at = self.seen_at[:kept] + [now] * (len(self.words) - kept)
        return words

    def _new(self, tokens: list[str], kept: int, now_ms: int) -> list[TimedWord]:
        """Place words that appeared: at a usual pace before now, or as early as the last news."""
        earliest = self.words[kept - 1].at_ms if kept else 0
        last_news_ms = max(earliest, self._heard_ms - _WORD_MS, now_ms - _LONGEST_UNREAD_MS)
        found: list[TimedWord] = []
        for left, token in zip(range(len(tokens), 0, -1), tokens, strict=True):
            at_ms = max(earliest, now_ms - _MS_PER_WORD * left)
            found.append(TimedWord(token, at_ms, max(0, at_ms - last_news_ms)))
        return found


class SystemSide(ChannelFilter):
    """Remembers what the others said; lets all of it pass."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self._open = _Utterance()
        self._said: deque[TimedWord] = deque()
        self._heard_until_ms = 0
        self._loud_until_ms = 0
        self._is_away = True
        self._done_ms = 0

    def sound(self, end_ms: int, *, is_loud: bool, done_ms: int) -> None:
        """Note until when something played, and until when it is recognised."""
        self._heard_until_ms = end_ms
        self._is_away = False
        self._done_ms = max(self._done_ms, done_ms)
        if is_loud:
            self._loud_until_ms = end_ms

    def silence(self) -> None:
        """Note that nothing plays that could be heard again."""
        self._is_away = True

    def heard(self, news: Heard, *, now: float) -> list[Heard]:
        """Remember the words."""
        words = self._open.take(news.hypothesis, now)
        read_ms = round(1000 * news.hypothesis.audio_processed_s)
        if news.hypothesis.is_final:
            read_ms += _TAIL_MS
            self._said.extend(words)
            while self._said and self._said[0].at_ms < self._said[-1].at_ms - _KEPT_MS:
                self._said.popleft()
        self._done_ms = max(self._done_ms, read_ms)
        return [news]

    def words_around(self, begin_ms: int, end_ms: int) -> list[TimedWord]:
        """Return what was said between the two, and two seconds before and after."""
        return [
            word
            for word in (*self._said, *self._open.words)
            if begin_ms - LATEST_MS <= word.at_ms <= end_ms + LATEST_MS
        ]

    def is_read(self, until_ms: int) -> bool:
        """Whether all that was said up to ``until_ms`` is recognised."""
        if self._heard_until_ms >= until_ms or self._is_away:
            # What is quiet is not waited for: some recognisers say nothing about silence.
            until_ms = min(until_ms, self._loud_until_ms)
        return self._done_ms >= until_ms

    @property
    def is_open(self) -> bool:
        """Whether an utterance goes on, whose words may still change."""
        return bool(self._open.words)


@dataclass(slots=True)
class _Waiting:
    news: Heard
    words: list[TimedWord]
    since: float


class MicrophoneSide(ChannelFilter):
    """Leaves out of the microphone's words what only repeats the others."""

    def __init__(self, system: SystemSide, count: EchoCount) -> None:
        """Compare with what ``system`` hears; what is left out is added to ``count``."""
        self._system = system
        self._open = _Utterance()
        self._finals: deque[_Waiting] = deque()
        self._partial: _Waiting | None = None
        self._shown = ""
        self._count = count

    @property
    def is_waiting(self) -> bool:
        """Whether a final still waits."""
        return bool(self._finals)

    def heard(self, news: Heard, *, now: float) -> list[Heard]:
        """Take in a hypothesis; return what may be shown, finals before what follows them."""
        waiting = _Waiting(news, self._open.take(news.hypothesis, now), now)
        if news.hypothesis.is_final:
            self._finals.append(waiting)
            self._partial = None
        else:
            self._partial = waiting
            self._shown = ""
        return self._decide(now=now, force=len(self._finals) > _MOST_WAITING)

    def due(self, *, now: float) -> list[Heard]:
        """Return what is decided by now."""
        return self._decide(now=now)

    def flush(self, *, now: float) -> list[Heard]:
        """Decide about everything with what is known."""
        return self._decide(now=now, force=True)

    def _decide(self, *, now: float, force: bool = False) -> list[Heard]:
        decided: list[Heard] = []
        while self._finals and (force or self._is_decided(self._finals[0], now)):
            decided.append(self._final(self._finals.popleft(), now))
        if self._finals or self._partial is None:
            return decided
        text = self._partial_text(self._partial, now, force=force)
        if text is not None:
            decided.append(text)
        return decided

    def _is_decided(self, final: _Waiting, now: float) -> bool:
        waited_s = now - final.since
        if not final.words or waited_s >= _LONGEST_WAIT_S:
            return True
        last_ms = final.words[-1].at_ms
        if self._system.is_open:
            return waited_s >= _FINAL_WAITS_S and self._system.is_read(last_ms + _WORD_MS)
        return self._system.is_read(last_ms)

    def _final(self, final: _Waiting, now: float) -> Heard:
        is_echo = self._echo(final.words, is_growing=False)
        echoed = sum(is_echo)
        self._count.words += echoed
        self._count.utterances += bool(echoed) and all(is_echo)
        return _without(final, [not each for each in is_echo], now)

    def _partial_text(self, partial: _Waiting, now: float, *, force: bool) -> Heard | None:
        """Return the partial with the words that may be shown; None when it is shown already."""
        # What the others' recogniser has not reached yet can be compared with nothing.
        can_be_told = takewhile(
            lambda word: force or self._system.is_read(word[0]) or now - word[1] >= _LONGEST_WAIT_S,
            zip(self._open.read_at_ms, self._open.seen_at, strict=True),
        )
        told = partial.words[: sum(1 for _ in can_be_told)]
        is_echo = self._echo(told, is_growing=not force)
        shown = [not echo for echo in is_echo] + [False] * (len(partial.words) - len(told))
        news = _without(partial, shown, now)
        if news.hypothesis.text == self._shown:
            return None
        self._shown = news.hypothesis.text
        return news

    def _echo(self, words: Sequence[TimedWord], *, is_growing: bool) -> list[bool]:
        if not words:
            return []
        theirs = self._system.words_around(words[0].at_ms, words[-1].at_ms)
        return find_echo(words, theirs, is_growing=is_growing)


def _without(waiting: _Waiting, is_kept: Sequence[bool], now: float) -> Heard:
    """Return the news with the kept words alone; as it is where all are kept."""
    news = waiting.news
    waited_ms = 1000 * (now - waiting.since)
    if all(is_kept):
        return replace(news, processing_ms=news.processing_ms + waited_ms)
    hypothesis = news.hypothesis
    tokens = hypothesis.text.split()
    stable = len(hypothesis.text[: hypothesis.stable_chars].split())
    kept = [token for token, keep in zip(tokens, is_kept, strict=True) if keep]
    kept_stable = [token for token, keep in zip(tokens[:stable], is_kept, strict=False) if keep]
    words: tuple[Word, ...] = ()
    if len(hypothesis.words) == len(tokens):
        words = tuple(word for word, keep in zip(hypothesis.words, is_kept, strict=True) if keep)
    thinned = replace(
        hypothesis, text=" ".join(kept), words=words, stable_chars=len(" ".join(kept_stable))
    )
    return replace(news, hypothesis=thinned, processing_ms=news.processing_ms + waited_ms)
