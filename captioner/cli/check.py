"""What a check of ``captioner doctor`` is, and what it finds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from captioner.core.errors import CaptionerError, ErrorRecord, error_record
from captioner.telemetry.logs import FILE_ONLY

_log = logging.getLogger(__name__)

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
        error: The error that it met; None where it met none.
    """

    name: str
    status: CheckStatus
    detail: str
    fix: str = ""
    error: ErrorRecord | None = None

    @classmethod
    def of_error(
        cls, name: str, status: CheckStatus, error: CaptionerError, *, fix: str | None = None
    ) -> CheckResult:
        """Return what a check found that met ``error``; ``fix`` goes before that of the error."""
        hint = error.hint if fix is None else fix
        return cls(name, status, error.message, hint, error.as_record())


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
            return [CheckResult.of_error(self.title, CheckStatus.FAILED, error)]
        except TimeoutError:
            detail = f"There was no answer within {limit_s:g} seconds."
            return [CheckResult(self.title, CheckStatus.FAILED, detail, "Try it once more.")]
        except Exception as fault:  # noqa: BLE001  # what the other checks find shall be told
            _log.error("The check %r broke", self.title, exc_info=True, extra=FILE_ONLY)
            detail = f"The check itself broke: {fault}"
            fix, record = "The log has the details.", error_record(fault)
            return [CheckResult(self.title, CheckStatus.FAILED, detail, fix, record)]


async def results_of(
    checks: Sequence[Check], *, begins: Callable[[int, Check], None] = lambda _number, _check: None
) -> list[CheckResult]:
    """Run the checks one after the other, so that none disturbs what another measures.

    Args:
        checks: In their order.
        begins: Told of each check when it begins, with its number, from 1 on.
    """
    results: list[CheckResult] = []
    for number, check in enumerate(checks, start=1):
        begins(number, check)
        results += await check.results()
    return results
