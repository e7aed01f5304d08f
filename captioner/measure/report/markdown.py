"""A report as Markdown, its drawings beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from captioner.measure.report.blocks import Block, Grid, Heading, Paragraph, Plot


def markdown(blocks: Iterable[Block]) -> str:
    """Return the report; drawings are files beside it, named like the plots with ``.svg``."""
    return "\n\n".join(map(_written, blocks)) + "\n"


def _written(block: Block) -> str:
    match block:
        case Heading(text=text, level=level):
            return f"{'#' * level} {_plain(text)}"
        case Paragraph(text=text, is_weighty=is_weighty):
            return f"**{_plain(text)}**" if is_weighty else _plain(text)
        case Plot(name=name, title=title):
            return f"![{_plain(title)}]({name}.svg)"
        case Grid():
            return "\n".join(_rows(block))


def _rows(grid: Grid) -> Iterator[str]:
    yield _row(grid.header)
    figures = len(grid.header) - grid.labels
    yield _row([":--"] * grid.labels + ["--:"] * figures)
    for row in grid.rows:
        yield _row([_plain(cell) for cell in row])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """Keep names of files and servers from meaning anything to Markdown."""
    for sign in "\\`*_[]<>|":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())
