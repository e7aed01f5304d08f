"""Which words of the microphone only repeat what the loudspeaker said.

A microphone beside a loudspeaker hears what the others say, a moment later, and a recogniser reads
it nearly as it reads the others themselves. The rule, held by property tests:

* a word can only be an echo of the same word, or one that reads much like it, that the others said
  at most two seconds before;
* such words only count where they follow each other as the others said them: three of them, or the
  two that are all that was said, at the very same time. One word alone is a coincidence;
* what stands between two echoed words is misheard where it is one word in the place of others,
  reads much like what the others said there, or is a little word that says nothing alone.
  Everything else is the speaker's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise
from typing import Final

LATEST_MS: Final = 2_000
"""What is said later than this after the others repeats them on purpose."""

_EARLIEST_MS: Final = -700
"""Two recognisers, on two clocks, may place one moment so far apart."""

_SAME_TIME_MS: Final = 300
_FEWEST: Final = 3
_FEWEST_OF_GROWING: Final = 2
_LONGEST_MISHEARING: Final = 3
_ALIKE_FROM: Final = 4
"""Shorter words that differ in a letter are different words."""

_ALIKE: Final = 0.75
_MISHEARD: Final = 0.6
_LITTLE_WORDS: Final = (
    " a an and are as at be by for from had has have he her his i in is it its my of on or our she "
    "so that the their them they this to uh um was we were which who will with you your "
)
"""What recognisers put in between words of English that nobody said; nobody says only that."""


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word as it is compared.

    Attributes:
        text: Without case and punctuation.
        at_ms: When it was said, in milliseconds of the session.
        unsure_ms: How much earlier it may have been, where the recogniser gave no time.
    """

    text: str
    at_ms: int
    unsure_ms: int = 0


def find_echo(
    mine: Sequence[TimedWord], theirs: Sequence[TimedWord], *, is_growing: bool = False
) -> list[bool]:
    """Tell for each word of the microphone whether it is an echo.

    Args:
        mine: Words of one utterance, as the microphone heard them.
        theirs: Words of the others around that time, in the order of their speech.
        is_growing: Whether the utterance goes on: then words are also taken for an echo where they
            are too few to be sure, at its end and beside what is one.
    """
    is_echo = [False] * len(mine)
    fewest = _FEWEST
    unclear = [range(len(mine))]
    while unclear:
        places = unclear.pop()
        found = _echo_in(
            mine[places.start : places.stop],
            theirs,
            fewest=fewest,
            is_growing=is_growing and places.stop == len(mine),
            is_whole=len(places) == len(mine),
        )
        for place in found:
            is_echo[places.start + place] = True
        if found:
            # A recogniser that loops says the same words once more.
            fewest = _FEWEST_OF_GROWING if is_growing else _FEWEST
            unclear += _stretches(is_echo, places, fewest)
    if is_growing and any(is_echo):
        own = [place for part in _stretches(is_echo, range(len(mine)), 2) for place in part]
        return [place not in own for place in range(len(mine))]
    return is_echo


def _echo_in(
    mine: Sequence[TimedWord],
    theirs: Sequence[TimedWord],
    *,
    fewest: int,
    is_growing: bool,
    is_whole: bool,
) -> set[int]:
    """Return the places of echoed words, each word of the others taken for one echo at most."""
    found: set[int] = set()
    for run in _runs(_pairs(mine, theirs)):
        sure = len(run) >= fewest or (is_growing and run[-1][0] >= len(mine) - 2)
        if sure or (is_whole and _is_all_at_once(run, mine, theirs)):
            found.update(index for index, _ in run)
            found.update(_misheard(run, mine, theirs))
    return found


def _stretches(is_echo: Sequence[bool], places: range, fewest: int) -> list[range]:
    """Return the stretches of ``places`` that are no echo and have ``fewest`` words or more."""
    found: list[range] = []
    begin = places.start
    for place in [*(place for place in places if is_echo[place]), places.stop]:
        if place - begin >= fewest:
            found.append(range(begin, place))
        begin = place + 1
    return found


_Run = list[tuple[int, int]]
"""Places in the two texts that agree, rising in both."""


def _pairs(mine: Sequence[TimedWord], theirs: Sequence[TimedWord]) -> _Run:
    """Return the longest common run of words, those that follow each other preferred."""
    rows, columns = len(mine), len(theirs)
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    matched = [[False] * (columns + 1) for _ in range(rows + 1)]
    for row, word in enumerate(mine, start=1):
        for column, other in enumerate(theirs, start=1):
            score = max(best[row - 1][column], best[row][column - 1])
            if _may_repeat(word, other):
                follows = 0.1 if matched[row - 1][column - 1] else 0.0
                through = best[row - 1][column - 1] + 1 + follows
                if through >= score:
                    score, matched[row][column] = through, True
            best[row][column] = score
    pairs: _Run = []
    row, column = rows, columns
    while row and column:
        if matched[row][column]:
            row, column = row - 1, column - 1
            pairs.append((row, column))
        elif best[row][column] == best[row - 1][column]:
            row -= 1
        else:
            column -= 1
    return pairs[::-1]


def _may_repeat(word: TimedWord, other: TimedWord) -> bool:
    return _is_near(word, other) and _alike(word.text, other.text)


def _runs(pairs: _Run) -> list[_Run]:
    """Cut ``pairs`` where more stands in between than a recogniser mishears."""
    runs: list[_Run] = []
    for pair in pairs:
        last = runs[-1][-1] if runs else None
        if (
            last is not None
            and pair[0] - last[0] <= _LONGEST_MISHEARING + 1
            and pair[1] - last[1] <= _LONGEST_MISHEARING + 1
        ):
            runs[-1].append(pair)
        else:
            runs.append([pair])
    return runs


def _is_all_at_once(run: _Run, mine: Sequence[TimedWord], theirs: Sequence[TimedWord]) -> bool:
    """Tell whether two words were all that was said, by both at the very same time."""
    return len(run) == len(mine) > 1 and all(
        abs(mine[index].at_ms - theirs[place].at_ms) <= _SAME_TIME_MS for index, place in run
    )


def _misheard(run: _Run, mine: Sequence[TimedWord], theirs: Sequence[TimedWord]) -> list[int]:
    """Return the places in ``mine`` that are what became of other words of ``theirs``."""
    found: list[int] = []
    for (begin, from_), (end, to) in pairwise(run):
        inside = range(begin + 1, end)
        said = theirs[from_ + 1 : to]
        heard = [mine[place] for place in inside]
        telling = _telling(heard)
        if (
            not telling
            or (said and (len(telling) == 1 or _sounds_like(heard, said)))
            or _is_part(mine[begin], theirs[from_], [mine[begin], *heard])
            or _is_part(mine[end], theirs[to], [*heard, mine[end]])
        ):
            found += inside
    (first, to), (last, from_) = run[0], run[-1]
    before = range(max(0, first - _LONGEST_MISHEARING), first)
    delay_ms = mine[first].at_ms - theirs[to].at_ms
    if before.start == 0 and _is_edge([mine[n] for n in before], theirs[:to][::-1], delay_ms):
        found += before
    after = range(last + 1, min(len(mine), last + 1 + _LONGEST_MISHEARING))
    delay_ms = mine[last].at_ms - theirs[from_].at_ms
    if after.stop == len(mine) and _is_edge(
        [mine[n] for n in after], theirs[from_ + 1 :], delay_ms
    ):
        found += after
    return found


def _is_edge(heard: Sequence[TimedWord], said: Sequence[TimedWord], delay_ms: int) -> bool:
    """Tell whether an utterance begins or ends with what became of the next words of the others.

    Args:
        heard: Words at the edge of the utterance.
        said: Words of the others there, the nearest first.
        delay_ms: How much later the microphone hears.
    """
    if len(_telling(heard)) == 1 and said:
        # One word in the place of one other, at the very moment.
        off_ms = (abs(word.at_ms - said[0].at_ms - delay_ms) for word in heard)
        if min(off_ms) <= _SAME_TIME_MS:
            return True
    for count in range(max(1, len(heard) - 1), len(heard) + 2):
        near = [word for word in said[:count] if heard and _is_near(heard[0], word)]
        near.sort(key=lambda word: word.at_ms)
        if near and _sounds_like(heard, near):
            return True
    return False


def _telling(words: Sequence[TimedWord]) -> list[TimedWord]:
    return [word for word in words if f" {word.text} " not in _LITTLE_WORDS]


def _is_near(word: TimedWord, other: TimedWord) -> bool:
    after_ms = word.at_ms - other.at_ms
    return after_ms + other.unsure_ms >= _EARLIEST_MS and after_ms - word.unsure_ms <= LATEST_MS


def _is_part(word: TimedWord, other: TimedWord, whole: Sequence[TimedWord]) -> bool:
    """Tell whether ``other`` was heard as several words, of which ``word`` is only the likest."""
    joined = "".join(each.text for each in whole)
    return _ratio(joined, other.text) > max(_ALIKE, _ratio(word.text, other.text))


def _sounds_like(heard: Sequence[TimedWord], said: Sequence[TimedWord]) -> bool:
    one = "".join(word.text for word in heard)
    other = "".join(word.text for word in said)
    return _ratio(one, other) >= _MISHEARD


def _alike(word: str, other: str) -> bool:
    if word == other:
        return True
    return min(len(word), len(other)) >= _ALIKE_FROM and _ratio(word, other) >= _ALIKE


@lru_cache(maxsize=4096)
def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
