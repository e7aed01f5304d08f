"""What a query of Prometheus names: metrics with labels, and labels that results keep."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NAME = re.compile(r"(?<![\w.:])([a-zA-Z_:][\w:]*)\s*(\(|\{[^}]*\})?")
_MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"')
_LABEL_LIST = re.compile(r"\b(by|without|on|ignoring)\s*\(([^)]*)\)")
_OPERATORS = {"or", "and", "unless", "offset", "bool"}


@dataclass(frozen=True, slots=True)
class Selector:
    """A metric that is asked for.

    Attributes:
        metric: Its name.
        matchers: The labels that choose among its series, each with the value that is written.
    """

    metric: str
    matchers: tuple[tuple[str, str], ...]


def selectors(expression: str) -> Iterator[Selector]:
    """Yield what ``expression`` asks for."""
    for found in _NAME.finditer(_LABEL_LIST.sub(" ", expression)):
        name, follows = found[1], found[2] or ""
        if follows != "(" and name not in _OPERATORS:
            yield Selector(name, tuple(_MATCHER.findall(follows)))


def groupings(expression: str) -> Iterator[tuple[list[str], str]]:
    """Yield the labels of each list of labels, and the part of ``expression`` that must have them.

    A sum names its labels before what it sums; a comparison has all around it to compare.
    """
    for found in _LABEL_LIST.finditer(expression):
        rest = expression[found.end() :].lstrip()
        is_sum = found[1] in {"by", "without"} and rest.startswith("(")
        yield re.findall(r"\w+", found[2]), _in_brackets(rest) if is_sum else expression


def _in_brackets(text: str) -> str:
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return text[1:place]
    return text
