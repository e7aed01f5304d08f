"""How the examined servers are, for ``captioner doctor``: in a line each, or all that is known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from captioner.asr.verdict import EndpointReport
from captioner.cli.check import CheckResult, CheckStatus
from captioner.core.health import EndpointState
from captioner.session.examination import ExaminedEndpoint

_STATUSES: Final = {
    EndpointState.UNKNOWN: CheckStatus.OK,
    EndpointState.STARTING: CheckStatus.WARNING,
    EndpointState.READY: CheckStatus.OK,
    EndpointState.DEGRADED: CheckStatus.WARNING,
    EndpointState.DOWN: CheckStatus.FAILED,
}


def call_time(report: EndpointReport) -> str:
    """Return how long a small call takes, in brackets; nothing where it is not known."""
    return "" if report.round_trip_ms is None else f"({report.round_trip_ms:.1f} ms a call)"


def verdict(found: ExaminedEndpoint) -> CheckResult:
    """Return the verdict as one check."""
    health = found.health
    is_missing = found.missing is not None and found.report.is_usable
    detail = health.reason if is_missing else f"{health.reason} {call_time(found.report)}".strip()
    name, status = f"Server: {found.account}", _STATUSES[health.state]
    return CheckResult(name, status, detail, health.fix, health.error)


def details(found: ExaminedEndpoint) -> Iterator[CheckResult]:
    """Yield everything else, a check each."""
    for step in found.steps:
        status = CheckStatus.WARNING if step.is_good is False else CheckStatus.OK
        yield CheckResult(step.kind, status, step.said, step.fix)
    for model in found.report.models:
        kind = "for streams" if model.is_streaming else "for whole recordings"
        yield CheckResult("Model", CheckStatus.OK, f"{model}, {kind}")
    for insecurity in found.insecure:
        yield CheckResult("Insecure", CheckStatus.WARNING, insecurity.sentence, insecurity.fix)


def as_record(found: ExaminedEndpoint) -> dict[str, object]:
    """Return it for programs."""
    report, certificate = found.report, found.report.certificate
    result = verdict(found)
    return {
        "server": report.endpoint.title,
        "address": report.endpoint.address,
        "state": report.state,
        "status": result.status,
        "reason": found.health.reason,
        "fix": result.fix,
        "error": result.error,
        "round_trip_ms": report.round_trip_ms,
        "models": [
            {"name": model.name, "language": model.language, "kind": model.kind}
            for model in report.models
        ],
        "probes": [
            {"name": step.kind, "ok": step.is_good, "said": step.said} for step in found.steps
        ],
        "certificate": certificate
        and {
            "names": certificate.names,
            "issuer": certificate.issuer,
            "valid_until": certificate.valid_until.isoformat(),
            "days_left": certificate.days_left,
        },
        "insecure": [{"what": each.sentence, "fix": each.fix} for each in found.insecure],
    }
