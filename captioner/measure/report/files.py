"""Writes a report into a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from captioner.core.errors import ConfigurationError
from captioner.measure.captioned import Captioned
from captioner.measure.report.blocks import Plot
from captioner.measure.report.content import content
from captioner.measure.report.markdown import markdown
from captioner.measure.report.page import page
from captioner.measure.result import Measurement

MARKDOWN: Final = "report.md"
PAGE: Final = "report.html"


def write_report(results: Sequence[Measurement | Captioned], folder: Path) -> list[Path]:
    """Write Markdown with its drawings, and the page that holds all; return the two documents.

    Raises:
        ConfigurationError: They cannot be written.
    """
    blocks = list(content(results))
    documents = {folder / MARKDOWN: markdown(blocks), folder / PAGE: page(blocks)}
    drawings = {
        folder / f"{block.name}.svg": block.svg for block in blocks if isinstance(block, Plot)
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in (drawings | documents).items():
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f'The report cannot be written into "{folder}": {error.strerror}.',
            hint="Choose another folder with --out, or make room on the disk.",
        ) from error
    return list(documents)
