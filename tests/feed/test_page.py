"""The page for OBS, in a real browser."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from captioner.core.events import HealthChanged
from captioner.core.health import Health, HealthState
from captioner.core.hypothesis import Word
from tests.support.chromium import Tab, chromium
from tests.support.feed import TOKEN, Served, caption, serve_feed
from tests.support.wait import until

_LINES: Final = "[...document.querySelectorAll('.line')].map(line => line.innerText)"
_STATUS: Final = "document.getElementById('status').innerText.trim()"
"""Empty while it is hidden."""
_WEB: Final = Path(__file__).parents[2] / "resources" / "web"
_LONG: Final = "it was the best of times it was the worst of times it was the age of wisdom"


def page_of(served: Served, query: str = "", *, token: str = TOKEN) -> str:
    before, _, after = served.address.page_url(SecretStr(token)).partition("#")
    return f"{before}{query}#{after}"


async def opened(tab: Tab, served: Served, query: str = "") -> None:
    await tab.open("about:blank")
    await until(lambda: served.feed.clients == 0)
    await tab.open(page_of(served, query))
    await until(lambda: served.feed.clients == 1)


async def lines(tab: Tab) -> list[str]:
    found: list[str] = await tab.value(_LINES)
    return found


async def test_it_shows_what_is_said_in_the_look_that_its_address_asks_for(
    tmp_path: Path,
) -> None:
    async with serve_feed() as served, chromium(tmp_path) as tab:
        await opened(tab, served, "?size=50&lines=3&colour=ffff00&align=center&edge=outline")
        served.feed(caption(0, "so far"))
        await tab.wait_for(f"{_LINES}.join() === 'so far'")
        served.feed(caption(0, "So far.", final=True, channel="Others"))
        await tab.wait_for(f"{_LINES}.join() === 'Others: So far.'")
        words = tuple(
            Word(text, 0, 1, speaker=speaker)
            for text, speaker in (("Are", 1), ("you", 1), ("there?", 1), ("Yes.", 2))
        )
        served.feed(caption(1, "Are you there? Yes.", final=True, words=words))
        served.feed(caption(2, "שלום לכולם", channel="You"))
        await tab.wait_for(f"{_LINES}.length === 4")
        assert (await lines(tab))[1:3] == ["Speaker 1: Are you there?", "Speaker 2: Yes."]
        segments = "document.getElementById('text').children.length"
        assert await tab.value(segments) == 3  # two speakers are lines of one segment
        style = "getComputedStyle(document.querySelector('.line'))"
        assert await tab.value(f"[{style}.fontSize, {style}.color, {style}.textAlign]") == [
            "50px",
            "rgb(255, 255, 0)",
            "center",
        ]
        assert await tab.value("document.getElementById('captions').offsetHeight") == 210
        # From right to left: the first word is further right than the last.
        assert await tab.value(
            "getComputedStyle(document.querySelectorAll('.line')[3]).unicodeBidi"
        ) == ("plaintext")
        assert tab.complaints == []

        # Whatever a stranger might get into the page is not run: the policy forbids it.
        await tab.value(
            "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"stolen=1\">');"
            "document.body.append(Object.assign(document.createElement('script'),"
            " {textContent: 'stolen = 1'}))"
        )
        assert await tab.value("typeof stolen") == "undefined"
        assert await tab.value("location.search.includes('token')") is False
        assert any("Content Security Policy" in each for each in tab.complaints)


async def test_text_is_text_and_never_markup(tmp_path: Path) -> None:
    async with serve_feed() as served, chromium(tmp_path) as tab:
        await opened(tab, served)
        markup = "<b>bold</b> <script>stolen = 1</script>"
        served.feed(caption(0, markup, final=True, channel="<i>You</i>"))
        await tab.wait_for(f"{_LINES}.length === 1")
        assert await lines(tab) == [f"<i>You</i>: {markup}"]


async def test_it_speaks_the_language_of_the_browser_or_of_the_address(tmp_path: Path) -> None:
    async with serve_feed() as served, chromium(tmp_path) as tab:
        for accepted, query, speaker in (
            ("de-AT,en", "", "Person 2: Hallo."),
            ("de", "?lang=en", "Speaker 2: Hallo."),
            ("fr,de", "", "Person 2: Hallo."),
            ("fr", "", "Speaker 2: Hallo."),
        ):
            await tab.call(
                "Emulation.setUserAgentOverride", userAgent="Browser", acceptLanguage=accepted
            )
            await opened(tab, served, query)
            served.feed(caption(0, "Hallo.", final=True, words=(Word("Hallo.", 0, 1, speaker=2),)))
            await tab.wait_for(f"{_LINES}.join() === '{speaker}'")
            language = "de" if speaker.startswith("P") else "en"
            assert await tab.value("document.documentElement.lang") == language
        await opened(tab, served, "?lang=de&size=huge&linse=3")
        await tab.wait_for(f"{_STATUS}.includes('muss so sein: eine Zahl von 8 bis 400')")
        assert "„linse“ gibt es nicht" in await tab.value(_STATUS)
        await languages_agree(tab)


async def languages_agree(tab: Tab) -> None:
    """Each language has the same texts, with the same gaps."""
    texts: dict[str, dict[str, str]] = await tab.value("TEXTS")
    assert set(texts) == {"en", "de"}
    gaps = {
        language: {key: sorted(re.findall(r"{\w+}", text)) for key, text in known.items()}
        for language, known in texts.items()
    }
    assert gaps["de"] == gaps["en"]
    assert all(text.strip() for known in texts.values() for text in known.values())
    name = await tab.value("document.scripts[1].getAttribute('src')")
    script = (_WEB / name).read_text(encoding="utf-8")
    assert set(re.findall(r'\btr\("(\w+)"', script)) <= set(texts["en"])
    assert [key for key in texts["en"] if f'"{key}"' not in script] == [], "nothing asks for it"


async def test_nothing_jumps_when_a_final_is_shorter_than_its_partial(tmp_path: Path) -> None:
    top = "document.querySelector('.line').getBoundingClientRect().top"
    async with serve_feed() as served, chromium(tmp_path, width=700) as tab:
        await tab.call("Emulation.setEmulatedMedia", features=[_CALM])
        await opened(tab, served, "?lines=8&size=30")
        served.feed(caption(0, "First.", final=True))
        served.feed(caption(1, _LONG))
        await tab.wait_for(f"{_LINES}.length === 2")
        before = await tab.value(top)
        served.feed(caption(1, "Short.", final=True))
        await tab.wait_for(f"{_LINES}[1] === 'Short.'")
        assert await tab.value(top) == before
        served.feed(caption(2, "next"))  # takes the place that was kept
        await tab.wait_for(f"{_LINES}.length === 3")
        assert await tab.value(top) == before


async def test_it_comes_back_by_itself_and_repeats_nothing(tmp_path: Path) -> None:
    async with serve_feed() as served, chromium(tmp_path) as tab:
        await opened(tab, served, "?lines=6")
        served.feed(caption(0, "One.", final=True))
        served.feed(caption(1, "two"))
        await tab.wait_for(f"{_LINES}.length === 2")
        hang_up(served)
        await until(lambda: served.feed.clients == 0)
        served.feed(caption(1, "Two.", final=True))  # told once it is back
        await tab.wait_for(f"{_LINES}.join() === 'One.,Two.'")
        port = served.address.port
        await served.feed.close()
        async with serve_feed(port=port) as again:
            await until(lambda: again.feed.clients == 1)
            again.feed(caption(0, "Another run.", final=True))
            await tab.wait_for(f"{_LINES}.join() === 'One.,Two.,Another run.'")


async def test_it_says_what_is_wrong(tmp_path: Path) -> None:
    async with serve_feed() as served, chromium(tmp_path) as tab:
        await tab.open(page_of(served).partition("#")[0])
        await tab.wait_for(f"{_STATUS}.includes('lacks its token')")
        await tab.open(page_of(served, token="x" * 20))
        await tab.wait_for(f"{_STATUS}.includes('copy the address again')")
        await opened(tab, served, "?size=huge&linse=3")
        await tab.wait_for(f"{_STATUS}.includes('must be a number from 8 to 400')")
        assert "There is no “linse”" in await tab.value(_STATUS)
        await opened(tab, served)
        served.feed(HealthChanged(Health(HealthState.FAILED, "The server refused the key.")))
        await tab.wait_for(f"{_STATUS} === 'The server refused the key.'")
        served.feed(caption(0, "it works again"))
        await tab.wait_for(f"{_STATUS} === ''")


_CALM: Final = {"name": "prefers-reduced-motion", "value": "reduce"}


def hang_up(served: Served) -> None:
    """Break all connections, as a network does."""
    loop, server = served.feed._loop, served.feed._server._server
    assert loop is not None
    assert server is not None

    async def abort() -> None:
        for connection in server.connections:
            connection.transport.abort()

    asyncio.run_coroutine_threadsafe(abort(), loop).result(10)
