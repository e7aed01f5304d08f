"""Masks swear words as a Riva server does when it is asked to: "f***".

The list is short on purpose: common English words that are hardly ever meant otherwise. Names and
everyday words that some also swear with ("Dick", "cock", "damn") stay.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from captioner.core.hypothesis import Hypothesis

_WORDS: Final = re.compile(
    r"""\b(?:
        (?:mother|cluster|mind)?fuck(?:s|ed|er|ers|in|ing|face|head|heads|up|ups|wit|wits)?
      | (?:bull|horse|bat|dip|chicken)?shit(?:s|ty|ted|ting|ter|head|heads|hole|holes|load|show)?
      | bitch(?:es|y|ed|ing)? | bastard(?:s|ly)?
      | (?:ass|arse)holes? | (?:dumb|smart|fat)ass(?:es)? | dickheads? | cocksuck(?:er|ers|ing)
      | cunts? | twats? | wank(?:s|ed|er|ers|ing)? | bollocks | whores? | slut(?:s|ty)?
      | piss(?:ed|es|er|ing)? | god(?:damn|dammit|damned) | douchebags?
      | nigg(?:er|ers|a|as) | fagg?ots? | kikes? | trann(?:y|ies)
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_LETTERS_BEHIND: Final = re.compile(r"(?<=\w)\w")


def mask(text: str) -> str:
    """Return ``text`` with each swear word as its first letter and an asterisk for each other."""
    return _WORDS.sub(lambda found: _LETTERS_BEHIND.sub("*", found.group()), text)


def masked(hypothesis: Hypothesis) -> Hypothesis:
    """Return the same with swear words masked, in its words as well."""
    words = tuple(replace(word, text=mask(word.text)) for word in hypothesis.words)
    return replace(hypothesis, text=mask(hypothesis.text), words=words)
