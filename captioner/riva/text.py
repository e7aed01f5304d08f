"""Text from the other side of the wire, made fit to be shown."""

from __future__ import annotations

import unicodedata


def plain(text: str) -> str:
    """Return ``text`` on one line: single spaces, and no control characters.

    A server's text reaches terminals, where an escape sequence would do more than be read.
    """
    if text.isprintable():
        # Nearly all text is, and each character need not be looked at by itself.
        return " ".join(text.split())
    words = ("".join(filter(_is_shown, word)) for word in text.split())
    return " ".join(word for word in words if word)


def _is_shown(character: str) -> bool:
    return unicodedata.category(character) != "Cc"
