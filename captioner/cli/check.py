"""What a check of ``captioner doctor`` is, and what it finds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from captioner.core.errors import CaptionerError

CHECK_LIMIT_S: Final = 30.0
"""A check that takes longer has failed."""


class CheckStatus(StrEnum):
    """How a check ended. A warning names something that Captioner can do without."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found.

    Attributes:
        name: What was checked.
        status: How it ended.
        detail: What was found, in a sentence or less.
        fix: What to do; empty when all is well.
    """

    name: str
    status: CheckStatus
    detail: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A check that has not run yet.

    Attributes:
        title: What it looks at, for the progress line.
        run: Does it.
    """

    title: str
    run: Callable[[], Awaitable[Sequence[CheckResult]]]

    async def results(self, *, limit_s: float = CHECK_LIMIT_S) -> Sequence[CheckResult]:
        """Run the check, for at most ``limit_s`` seconds."""
        try:
            async with asyncio.timeout(limit_s):
                return await self.run()
        except CaptionerError as error:
            return [CheckResult(self.title, CheckStatus.FAILED, error.message, error.hint)]
        except TimeoutError:
            detail = f"There was no answer within {limit_s:g} seconds."
            return [CheckResult(self.title, CheckStatus.FAILED, detail, "Try it once more.")]
