"""Words found in lines that come and change."""

from __future__ import annotations

from captioner.gui.transcript.finder import Finder, Match

LINES = ["The best of times", "😀 the BEST", "nothing", "best best"]


def test_capitals_spaces_and_pictures_do_not_matter() -> None:
    finder = Finder()

    finder.search("  best ", LINES)
    assert finder.matches == [Match(0, 4, 4), Match(1, 7, 4), Match(3, 0, 4), Match(3, 5, 4)]
    finder.search("the  best", LINES)
    assert finder.matches == [Match(0, 0, 8), Match(1, 3, 8)]
    finder.search("b.st", LINES)
    assert finder.matches == []
    finder.search(" ", LINES)
    assert finder.matches == []


def test_going_on_and_back_goes_around() -> None:
    finder = Finder()
    finder.search("best", LINES)

    assert finder.next_from(0, 0) == Match(0, 4, 4)
    assert finder.next_from(0, 8) == Match(1, 7, 4)
    assert finder.next_from(3, 9) == Match(0, 4, 4)
    assert finder.next_from(1, 7, backwards=True) == Match(0, 4, 4)
    assert finder.next_from(0, 4, backwards=True) == Match(3, 5, 4)
    assert [finder.number_of(each) for each in finder.matches] == [1, 2, 3, 4]
    assert finder.between(1, 2) == [Match(1, 7, 4)]


def test_lines_that_come_and_change_are_searched_too() -> None:
    finder = Finder()
    finder.search("best", LINES)

    finder.changed(4, "at best")
    finder.changed(1, "no more")

    assert finder.matches == [Match(0, 4, 4), Match(3, 0, 4), Match(3, 5, 4), Match(4, 3, 4)]
