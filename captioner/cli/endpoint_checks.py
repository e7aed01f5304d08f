"""How the listed servers are, for ``captioner doctor``: in a line each, or all that is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from captioner.asr.probe import probe
from captioner.asr.verdict import EndpointReport
from captioner.asr.x509 import Certificate
from captioner.cli.check import CheckResult, CheckStatus
from captioner.core.errors import CaptionerError
from captioner.core.health import EndpointState
from captioner.riva.models import missing_model
from captioner.session.endpoints import endpoint_with_key
from captioner.session.recognition import recognition_options
from captioner.settings.endpoints import EndpointSettings
from captioner.settings.insecurities import Insecurity, insecurities
from captioner.settings.models import Settings

_SOON_DAYS: Final = 14
_STATUSES: Final = {
    EndpointState.UNKNOWN: CheckStatus.OK,
    EndpointState.STARTING: CheckStatus.WARNING,
    EndpointState.READY: CheckStatus.OK,
    EndpointState.DEGRADED: CheckStatus.WARNING,
    EndpointState.DOWN: CheckStatus.FAILED,
}


@dataclass(frozen=True, slots=True)
class ExaminedEndpoint:
    """A listed server, and what all probes said.

    Attributes:
        account: Its host and port.
        report: What the probes said.
        missing: Why it would refuse the model or the language of the settings.
        insecure: What is insecure about the way to it.
    """

    account: str
    report: EndpointReport
    missing: CaptionerError | None
    insecure: tuple[Insecurity, ...]

    @property
    def verdict(self) -> CheckResult:
        """The verdict as one check."""
        if self.missing is not None and self.report.is_usable:
            failed = CheckStatus.FAILED
            return CheckResult(self._name, failed, self.missing.message, self.missing.hint)
        report = self.report
        detail = f"{report.reason} {call_time(report)}".strip()
        return CheckResult(self._name, _STATUSES[report.state], detail, report.fix)

    def details(self) -> Iterator[CheckResult]:
        """Yield everything else, a check each."""
        for outcome in self.report.outcomes:
            status = CheckStatus.WARNING if outcome.is_good is False else CheckStatus.OK
            yield CheckResult(outcome.kind, status, outcome.said)
        for model in self.report.models:
            kind = "for streams" if model.is_streaming else "for whole recordings"
            yield CheckResult("Model", CheckStatus.OK, f"{model}, {kind}")
        if self.report.certificate is not None:
            yield _validity(self.report.certificate)
        for insecurity in self.insecure:
            status = CheckStatus.WARNING
            yield CheckResult("Insecure", status, insecurity.sentence, insecurity.fix)

    def as_record(self) -> dict[str, object]:
        """Return it for programs."""
        report, certificate = self.report, self.report.certificate
        verdict = self.verdict
        return {
            "server": report.endpoint.title,
            "address": report.endpoint.address,
            "state": report.state,
            "status": verdict.status,
            "reason": self.missing.message if self.missing else report.reason,
            "fix": verdict.fix,
            "error": report.error.as_record() if report.error else None,
            "round_trip_ms": report.round_trip_ms,
            "models": [
                {"name": model.name, "language": model.language, "kind": model.kind}
                for model in report.models
            ],
            "probes": [
                {"name": outcome.kind, "ok": outcome.is_good, "said": outcome.said}
                for outcome in report.outcomes
            ],
            "certificate": certificate
            and {
                "names": certificate.names,
                "issuer": certificate.issuer,
                "valid_until": certificate.valid_until.isoformat(),
                "days_left": certificate.days_left,
            },
            "insecure": [{"what": each.sentence, "fix": each.fix} for each in self.insecure],
        }

    @property
    def _name(self) -> str:
        return f"Server: {self.account}"


def call_time(report: EndpointReport) -> str:
    """Return how long a small call takes, in brackets; nothing where it is not known."""
    return "" if report.round_trip_ms is None else f"({report.round_trip_ms:.1f} ms a call)"


async def examine(
    server: EndpointSettings, settings: Settings, *, thorough: bool
) -> ExaminedEndpoint:
    """Probe ``server``, which is one of ``settings``; see `probe` for ``thorough``."""
    endpoint = await endpoint_with_key(server)
    limit_s = settings.connection.connect_timeout_s
    report = await probe(endpoint, limit_s=limit_s, thorough=thorough)
    asked = recognition_options(settings).with_model(endpoint.model)
    missing = missing_model(
        report.models, model=asked.model, language=asked.language, server=endpoint.title
    )
    return ExaminedEndpoint(server.account, report, missing, insecurities(server))


def _validity(certificate: Certificate) -> CheckResult:
    until = f"{certificate.valid_until:%Y-%m-%d}"
    names = ", ".join(certificate.names)
    if certificate.has_expired:
        return CheckResult("Certificate", CheckStatus.WARNING, f"expired on {until}; for {names}")
    detail = f"{certificate.days_left} days left, until {until}; for {names}"
    if certificate.days_left < _SOON_DAYS:
        fix = "Have it renewed on the server: without it, no connection can be made."
        return CheckResult("Certificate", CheckStatus.WARNING, detail, fix)
    return CheckResult("Certificate", CheckStatus.OK, detail)
