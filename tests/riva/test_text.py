"""Text from the other side of the wire."""

from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from captioner.core.spelling import bare
from captioner.riva.text import plain

_WRITTEN = st.text(st.sampled_from("ab é9 ß,'- \t\n\x00\x1b\x85\xa0\u200b\u2028\u3000"))


@settings(derandomize=True)
@given(st.text() | _WRITTEN)
def test_text_keeps_its_words_and_loses_its_controls(text: str) -> None:
    def is_shown(character: str) -> bool:
        return unicodedata.category(character) != "Cc"

    words = ["".join(filter(is_shown, word)) for word in text.split()]
    assert plain(text) == " ".join(filter(None, words))


@settings(derandomize=True)
@given(st.text(min_size=1) | _WRITTEN.filter(len))
def test_a_bare_word_has_letters_and_digits_alone_if_it_has_any(token: str) -> None:
    spoken = [code for code in token.casefold() if code.isalnum()]
    assert bare(token) == ("".join(spoken) or token)
