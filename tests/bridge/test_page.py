"""The page, in a real browser whose microphone is a recording."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from captioner.settings.models import Settings
from tests.support.bridge import TOKEN, ServedBridge, serve_bridge
from tests.support.chromium import Tab, chromium
from tests.support.clips import BECKETT

_SAID: Final = "`${finals.innerText} ${partial.innerText}`"
_STATUS: Final = "document.getElementById('status').innerText"
_PRESS: Final = "document.getElementById('record').click()"
_LABEL: Final = "document.getElementById('record').innerText"
_MICROPHONE: Final = (
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    f"--use-file-for-fake-audio-capture={BECKETT.path}%noloop",
)


async def opened(tab: Tab, served: ServedBridge, *, token: str = TOKEN) -> None:
    await tab.open(served.address.page_url(SecretStr(token)))
    await tab.wait_for("document.readyState === 'complete'")


async def test_it_shows_the_words_of_the_microphone(tmp_path: Path) -> None:
    settings = Settings.model_validate({"bridge": {"port": 0}})
    async with (
        serve_bridge(settings) as served,
        chromium(tmp_path, *_MICROPHONE, width=900, height=600) as tab,
    ):
        await opened(tab, served)
        await tab.value(_PRESS)
        await tab.wait_for(f"/ever tried/i.test({_SAID})")
        await tab.wait_for(f"/fail better/i.test({_SAID})")
        assert await tab.value(_STATUS) == "Listening."
        assert await tab.value("document.getElementById('level').value") >= 0
        if picture := os.environ.get("CAPTIONER_TEST_PICTURES"):
            await tab.picture(Path(picture) / "bridge-page.png")
        await tab.value(_PRESS)
        await tab.wait_for(f"{_STATUS} === 'Stopped.' && {_LABEL} === 'Start captions'")
        words = (await tab.value("document.getElementById('finals').innerText")).lower()
        assert "try again" in words.replace("\n", " ")
        assert tab.complaints == []
