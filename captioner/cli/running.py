"""How a command runs a session: on one loop, until it ends or Ctrl-C asks it to."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable

from captioner.session.controller import CaptionSession


@contextlib.asynccontextmanager
async def stop_on_signals(stop: Callable[[], Awaitable[None]]) -> AsyncIterator[asyncio.Event]:
    """Call ``stop`` once on Ctrl-C, SIGTERM, or when the terminal closes.

    A second signal ends the program at once.

    Yields:
        An event that is set once a signal came.
    """
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    stopping: set[asyncio.Task[None]] = set()

    async def orderly() -> None:
        await stop()

    def on_signal() -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        stopping.add(asyncio.create_task(orderly(), name="stop-on-signal"))

    signals = [signal.SIGINT, signal.SIGTERM]
    # Under nohup a closing terminal is ignored, and shall be.
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signals.append(signal.SIGHUP)
    # Windows' loop has no signal handlers; there Ctrl-C cancels the main task by itself.
    with contextlib.suppress(NotImplementedError):
        for number in signals:
            loop.add_signal_handler(number, on_signal)
    try:
        yield asked
    finally:
        with contextlib.suppress(NotImplementedError):
            for number in signals:
                loop.remove_signal_handler(number)
        if stopping:
            await asyncio.wait(stopping)


async def run_session(session: CaptionSession) -> bool:
    """Run ``session`` until it ends; close it whatever happens.

    Returns:
        True when a signal ended it.

    Raises:
        CaptionerError: What made it fail.
    """
    try:
        async with stop_on_signals(session.stop) as asked:
            await session.start()
            await session.wait()
            return asked.is_set()
    finally:
        await session.close()
