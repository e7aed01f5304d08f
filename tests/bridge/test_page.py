"""The page, in a real browser whose microphone is a recording."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest
from pydantic import SecretStr

from captioner.settings.models import Settings
from tests.feed.test_page import languages_agree
from tests.support.bridge import TOKEN, ServedBridge, serve_bridge, settings_for
from tests.support.chromium import Tab, chromium
from tests.support.clips import BECKETT
from tests.support.riva_handlers import refuse_key
from tests.support.riva_server import serve_riva

_SAID: Final = "`${finals.innerText} ${partial.innerText}`"
_STATUS: Final = "document.getElementById('status').innerText"
_PRESS: Final = "document.getElementById('record').click()"
_LABEL: Final = "document.getElementById('record').innerText"
_MICROPHONE: Final = (
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    f"--use-file-for-fake-audio-capture={BECKETT.path}",
)


async def opened(tab: Tab, served: ServedBridge, *, token: str = TOKEN) -> None:
    await tab.open(served.address.page_url(SecretStr(token)))
    await tab.wait_for("document.readyState === 'complete'")


@pytest.mark.slow
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


@pytest.mark.slow
async def test_it_comes_back_by_itself_and_says_what_is_wrong_meanwhile(tmp_path: Path) -> None:
    mock = {"engine": {"backend": "mock"}}
    script = "Nothing is recognised: a script gives the words."

    async with chromium(tmp_path, *_MICROPHONE) as tab, serve_riva(refuse_key) as riva:
        async with serve_bridge(Settings.model_validate({**mock, "bridge": {"port": 0}})) as served:
            port = served.address.port
            await opened(tab, served, token="")
            await tab.wait_for(f"{_STATUS}.includes('lacks its token') && record.disabled")
            await tab.open("about:blank")
            await opened(tab, served, token="of-another-start")  # noqa: S106  # not the token
            await tab.value(_PRESS)
            await tab.wait_for(f"{_STATUS}.includes('copy the address again')")
            await tab.value(_PRESS)
            await tab.wait_for(f"{_STATUS} === 'Stopped.'")
            await tab.open("about:blank")
            await opened(tab, served)
            await tab.value(_PRESS)
            await tab.wait_for(f"{_STATUS} === 'Listening. {script}' && {_SAID}.trim() !== ''")
        await tab.wait_for(f"{_STATUS} === 'Captioner does not answer; trying again…'")
        before = await tab.value("finals.children.length")
        assert before > 0  # what was shown stays
        settings = Settings.model_validate({**mock, "bridge": {"port": port}})
        async with serve_bridge(settings):
            await tab.wait_for(f"finals.children.length > {before}")
        # What trying again cannot mend ends it, and the reason stays to be read.
        async with serve_bridge(settings_for(riva.port, port=port)):
            await tab.wait_for(f"{_LABEL} === 'Start captions'")
            assert "key" in await tab.value(_STATUS)


async def test_who_reads_back_is_not_taken_along(tmp_path: Path) -> None:
    async with (
        serve_bridge(Settings.model_validate({"bridge": {"port": 0}})) as served,
        chromium(tmp_path, height=300) as tab,
    ):
        await opened(tab, served)
        say = "onEvent({type: 'transcription', text: 'Something was said.'})"
        await tab.value(f"for (let n = 0; n < 20; n += 1) {say}")
        await tab.wait_for("isAtEnd() && liveButton.hidden")
        # Less room all at once is no wish to stay.
        await tab.value("say('A sentence that takes several lines. '.repeat(20), true)")
        await tab.value("new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))")
        await tab.wait_for("isAtEnd() && liveButton.hidden")
        await tab.value("captions.scrollTop = 40")
        await tab.wait_for("!liveButton.hidden")
        await tab.value(say)
        assert await tab.value("captions.scrollTop") == 40
        await tab.value("liveButton.click()")
        await tab.wait_for("isAtEnd() && liveButton.hidden")
        # Without a microphone it says so, in the language of the browser.
        await tab.value(_PRESS)
        await tab.wait_for("statusLine.className === 'warning' && !recordButton.disabled")
        assert "microphone" in await tab.value(_STATUS)
        await languages_agree(tab)
        await tab.call("Emulation.setUserAgentOverride", userAgent="Test", acceptLanguage="de-DE")
        await tab.open("about:blank")
        await opened(tab, served)
        assert await tab.value(_LABEL) == "Untertitel starten"
        await tab.value(_PRESS)
        await tab.wait_for(f"{_STATUS}.includes('ikrofon') && !recordButton.disabled")
