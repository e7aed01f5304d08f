"""The faults that happen to a server and to the way there: how each begins, and how it ends."""

from __future__ import annotations

from typing import Final

import grpc

from tests.support.fault_stage import Act, Stage

Code = grpc.StatusCode


async def die(stage: Stage) -> None:
    """End as a killed process does: what stands is reset, and nothing listens."""
    stage.proxy.refuse()
    stage.proxy.reset()
    await stage.server.stop()


async def come_back(stage: Stage) -> None:
    """End what `die` began."""
    await stage.server.start()
    await stage.proxy.start()


def _ends(code: grpc.StatusCode, *, once: bool) -> Act:
    def act(stage: Stage) -> None:
        stage.end_streams(code, once=once)

    return act


def _lets_be(stage: Stage) -> None:
    stage.ends_with = None


def _passes(stage: Stage) -> None:
    stage.proxy.passes()


def _says(*, mute: bool) -> Act:
    def act(stage: Stage) -> None:
        stage.mute = mute

    return act


def _nothing(_stage: Stage) -> None:
    """Some faults end by themselves."""


_CODES: Final = (
    Code.UNAVAILABLE,
    Code.INTERNAL,
    Code.UNKNOWN,
    Code.RESOURCE_EXHAUSTED,
    Code.DEADLINE_EXCEEDED,
    Code.ABORTED,
    Code.OK,
)
KINDS: dict[str, tuple[Act, Act]] = {
    "reset": (lambda stage: stage.proxy.reset(), _nothing),
    "half closed": (lambda stage: stage.proxy.half_close(), _nothing),
    "paused": (lambda stage: stage.proxy.pause(), _passes),
    "held": (lambda stage: stage.proxy.hold(), _passes),
    "frozen": (lambda stage: stage.proxy.freeze(), _passes),
    "slow": (lambda stage: stage.proxy.slow_down(100_000), _passes),
    "killed": (die, come_back),
    "shut down": (lambda stage: stage.server.stop(), lambda stage: stage.server.start()),
    "mute": (_says(mute=True), _says(mute=False)),
    **{f"{code.name} once": (_ends(code, once=True), _nothing) for code in _CODES},
    **{f"{code.name} for a while": (_ends(code, once=False), _lets_be) for code in _CODES},
}
"""By name."""
