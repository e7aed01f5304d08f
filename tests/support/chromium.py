"""A real browser without a window, driven over its own debugging protocol."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

from websockets.asyncio.client import ClientConnection, connect

from tests.support.wait import until

_LIMIT_S: Final = 30.0
_COMMAND: Final = (
    "chromium",
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
    "--remote-allow-origins=*",
)


class Tab:
    """One page of the browser.

    Attributes:
        complaints: What the browser wrote to its console: errors of scripts and of the policy.
    """

    def __init__(self, connection: ClientConnection) -> None:
        """Drive the page behind ``connection``."""
        self._connection = connection
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.complaints: list[str] = []
        self._reading = asyncio.create_task(self._read(), name="read-browser")

    async def open(self, url: str) -> None:
        """Go to ``url``."""
        self.complaints.clear()
        await self.call("Page.navigate", url=url)

    async def value(self, script: str) -> Any:  # noqa: ANN401  # whatever the script returns
        """Return the value of an expression in the page."""
        result = await self.call("Runtime.evaluate", expression=script, returnByValue=True)
        return result["result"].get("value")

    async def wait_for(self, script: str) -> None:
        """Return as soon as the expression is true.

        Raises:
            TimeoutError: It did not become true in time.
        """
        async with asyncio.timeout(_LIMIT_S):
            while not await self.value(script):  # noqa: ASYNC110  # it is in another process
                await asyncio.sleep(0.02)

    async def picture(self, path: Path) -> None:
        """Save what is seen."""
        result = await self.call("Page.captureScreenshot", format="png")
        await asyncio.to_thread(path.write_bytes, base64.b64decode(result["data"]))

    async def call(self, method: str, **params: object) -> dict[str, Any]:
        """Call a method of the debugging protocol and return its result."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._connection.send(json.dumps({"id": number, "method": method, "params": params}))
        async with asyncio.timeout(_LIMIT_S):
            told = await answer
        assert "error" not in told, told
        result: dict[str, Any] = told["result"]
        return result

    async def close(self) -> None:
        """Stop reading."""
        await self._connection.close()
        await self._reading

    async def _read(self) -> None:
        async for message in self._connection:
            told = json.loads(message)
            if "id" in told:
                self._answers.pop(told["id"]).set_result(told)
            elif told["method"] == "Log.entryAdded":
                self.complaints.append(told["params"]["entry"]["text"])
            elif told["method"] == "Runtime.exceptionThrown":
                self.complaints.append(str(told["params"]["exceptionDetails"]))


@asynccontextmanager
async def chromium(
    folder: Path, *options: str, width: int = 1280, height: int = 360
) -> AsyncIterator[Tab]:
    """Run a browser with a profile of its own below ``folder``, and yield its page."""
    profile = folder / "chromium"
    child = await asyncio.create_subprocess_exec(
        *_COMMAND,
        *options,
        f"--user-data-dir={profile}",
        f"--window-size={width},{height}",
        "about:blank",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        port_file = profile / "DevToolsActivePort"
        await until(lambda: port_file.exists() and port_file.read_text(), limit_s=_LIMIT_S)
        port = port_file.read_text().splitlines()[0]
        tab = await _first_tab(port)
        await tab.call("Page.enable")
        await tab.call("Log.enable")
        await tab.call("Runtime.enable")
        await tab.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        try:
            yield tab
        finally:
            await tab.close()
    finally:
        child.terminate()
        async with asyncio.timeout(_LIMIT_S):
            await child.wait()


async def _first_tab(port: str) -> Tab:
    def pages() -> list[dict[str, str]]:
        with urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
            return [each for each in json.load(answer) if each["type"] == "page"]

    found = await asyncio.to_thread(pages)
    connection = await connect(found[0]["webSocketDebuggerUrl"], max_size=None, proxy=None)
    return Tab(connection)
