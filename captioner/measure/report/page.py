"""A report as one page that needs nothing else: no scripts, no fonts, no other files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final

from captioner.measure.report.blocks import Block, Grid, Heading, Paragraph, Plot

_STYLE: Final = """
:root { color-scheme: light; }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem; background: #fff; color: #1a1a1a;
  font: 1rem/1.5 system-ui, sans-serif; }
h1, h2, h3 { line-height: 1.25; }
h2 { margin-top: 2.5rem; padding-top: 1rem; border-top: 2px solid #d4d4d4; }
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { padding: .35rem .75rem .35rem 0; border-bottom: 1px solid #d4d4d4; text-align: left;
  vertical-align: top; }
.figure { text-align: right; font-variant-numeric: tabular-nums; }
td.figure { white-space: nowrap; }
td:first-child { font-weight: 600; white-space: nowrap; }
.weighty { font-weight: 700; }
figure { margin: 1.5rem 0; }
figure svg { width: 100%; height: auto; }
"""
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


def page(blocks: Iterable[Block]) -> str:
    """Return the report."""
    body = list(blocks)
    titles = (block.text for block in body if isinstance(block, Heading))
    return "\n".join(
        (
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(next(titles))}</title>",
            f"<style>{_STYLE}</style>",
            "</head>",
            "<body>",
            *map(_written, body),
            "</body>",
            "</html>",
            "",
        )
    )


def _written(block: Block) -> str:
    match block:
        case Heading(text=text, level=level):
            return f"<h{level}>{escape(text)}</h{level}>"
        case Paragraph(text=text, is_weighty=is_weighty):
            kind = ' class="weighty"' if is_weighty else ""
            return f"<p{kind}>{escape(text)}</p>"
        case Plot(title=title, svg=svg):
            return f'<figure role="img" aria-label="{escape(title)}">{svg}</figure>'
        case Grid():
            return "\n".join(_table(block))


def _table(grid: Grid) -> Iterator[str]:
    # Reached with the keyboard, so that a table wider than the screen can be scrolled.
    yield '<div class="scroll" tabindex="0"><table>'
    header = "".join(_cells(grid.header, grid.labels, "th", ' scope="col"'))
    yield f"<thead><tr>{header}</tr></thead><tbody>"
    for row in grid.rows:
        yield f"<tr>{''.join(_cells(row, grid.labels, 'td'))}</tr>"
    yield "</tbody></table></div>"


def _cells(cells: Sequence[str], labels: int, tag: str, attribute: str = "") -> Iterator[str]:
    for number, cell in enumerate(cells):
        kind = "" if number < labels else ' class="figure"'
        yield f"<{tag}{attribute}{kind}>{escape(cell)}</{tag}>"
