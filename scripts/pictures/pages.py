"""Pages for browsers, as OBS and others show them."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from pydantic import SecretStr

from scripts.pictures.studio import DICKENS, keep
from tests.support.chromium import chromium
from tests.support.feed import TOKEN, caption, serve_feed

_CALM = {"name": "prefers-reduced-motion", "value": "reduce"}
_LOOK = "?size=44&lines=2&background=101418d0"


def obs_page(folder: Path) -> None:
    """The page for OBS while somebody speaks."""
    asyncio.run(_obs_page(folder / "obs-page.png"))


async def _obs_page(path: Path) -> None:
    with tempfile.TemporaryDirectory() as private:
        async with serve_feed() as served, chromium(Path(private), width=1280, height=200) as tab:
            await tab.call("Emulation.setEmulatedMedia", features=[_CALM])
            before, _, after = served.address.page_url(SecretStr(TOKEN)).partition("#")
            await tab.open(f"{before}{_LOOK}#{after}")
            served.feed(caption(0, DICKENS[0], final=True))
            served.feed(caption(1, DICKENS[1]))
            await tab.wait_for("document.querySelectorAll('.line').length === 2")
            await tab.picture(path)
    keep(path)


SCENES = (obs_page,)
