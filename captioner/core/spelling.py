"""Words as they are compared: without case and punctuation."""

from __future__ import annotations


def bare(token: str) -> str:
    """Return the letters and digits of ``token`` in one case; all of it when it has none."""
    folded = token.casefold()
    if folded.isalnum():
        return folded
    return "".join(code for code in folded if code.isalnum()) or token
