"""Where the reader is: held, the words in the first row stay, whatever comes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from captioner.gui.overlay.scroll import ScrollPosition
from captioner.transcript.lines import CaptionLines
from captioner.transcript.shown_lines import ShownLine

_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.integers(1, 6)),
        st.tuples(st.just("scroll"), st.integers(-9, 9)),
        st.tuples(st.just("rows"), st.integers(1, 8)),
        st.tuples(st.just("live"), st.just(0)),
    ),
    max_size=40,
)


@given(_STEPS)
def test_only_the_reader_moves_a_held_view(steps: list[tuple[str, int]]) -> None:
    position, count = ScrollPosition(), 0
    for action, amount in steps:
        top, was_held = position.top, position.is_held
        match action:
            case "say":
                count += amount
                moved = position.keep(range(count))
                if was_held:
                    assert position.top == top
                    assert moved == 0
                else:
                    assert position.top == top + moved
            case "scroll":
                position.scroll(amount)
                assert position.is_held
            case "rows":
                position.show_rows(amount)
                assert not was_held or position.top == top
            case "live":
                position.go_live()
        assert position.is_held or position.top == max(0, count - position.rows)
        assert 0 <= position.top <= count
        assert 0 <= position.new_lines <= count


@given(
    st.lists(st.text("abcdefg", min_size=1, max_size=30), min_size=1, max_size=60),
    st.integers(3, 40),
    st.integers(3, 40),
    st.data(),
)
def test_lines_broken_anew_keep_the_first_word_in_sight(
    words: list[str], width: int, other: int, data: st.DataObject
) -> None:
    lines = CaptionLines(width)
    lines.update(0, " ".join(words), is_final=True)
    before = lines.tail(1000)
    position = ScrollPosition()
    position.keep(lines.serials)
    position.scroll(-data.draw(st.integers(0, len(before))))
    kept = _letters_from(before, position.top)

    lines.set_width(other, len)
    after = lines.tail(1000)
    position.broken_anew(before, after)

    row = next(line for line in after if line.serial == position.top)
    below = _letters_from(after, position.top)
    assert below.endswith(kept)
    assert len(below) - len(kept) < len(row.text)


def _letters_from(lines: tuple[ShownLine, ...], serial: int) -> str:
    texts = (line.text for line in lines if line.serial >= serial)
    return "".join(texts).replace(" ", "")
