"""Pages for browsers, as OBS and others show them."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from pydantic import SecretStr

from captioner.settings.models import Settings
from scripts.pictures.studio import DICKENS, keep
from tests.support.bridge import TOKEN as BRIDGE_TOKEN
from tests.support.bridge import serve_bridge
from tests.support.chromium import chromium
from tests.support.clips import TWO_CITIES
from tests.support.feed import TOKEN, caption, serve_feed

_CALM = {"name": "prefers-reduced-motion", "value": "reduce"}
_MICROPHONE = (
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    f"--use-file-for-fake-audio-capture={TWO_CITIES.path}",
)
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


def bridge_page(folder: Path) -> None:
    """The page of the bridge with the words of the browser's microphone."""
    asyncio.run(_bridge_page(folder / "bridge-page.png"))


async def _bridge_page(path: Path) -> None:
    settings = Settings.model_validate({"bridge": {"port": 0}})
    with tempfile.TemporaryDirectory() as private:
        async with (
            serve_bridge(settings) as served,
            chromium(Path(private), *_MICROPHONE, width=900, height=360) as tab,
        ):
            await tab.open(served.address.page_url(SecretStr(BRIDGE_TOKEN)))
            await tab.wait_for("document.readyState === 'complete'")
            await tab.value("document.getElementById('record').click()")
            await tab.wait_for("finals.children.length >= 2 && partial.innerText.length > 8")
            await tab.picture(path)
    keep(path)


SCENES = (obs_page, bridge_page)
