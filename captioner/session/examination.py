"""Whether a server could caption with the settings as they are, found out without sending audio.

`captioner doctor` and the windows ask here, so that they say the same.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from captioner.asr.certificates import channel_credentials
from captioner.asr.endpoint import Endpoint
from captioner.asr.probe import probe
from captioner.asr.verdict import EndpointReport, Progress, unwatched
from captioner.asr.x509 import Certificate
from captioner.core.errors import CaptionerError, RequestError, UnavailableError
from captioner.core.health import EndpointHealth, EndpointState, ProbeKind, ProbeOutcome
from captioner.riva.models import ServerModel, missing_model
from captioner.session.embedded import EMBEDDED_LANGUAGES
from captioner.session.endpoints import endpoint_with_key, server_endpoint
from captioner.session.recognition import recognition_options
from captioner.settings.endpoints import EndpointSettings
from captioner.settings.insecurities import Insecurity, insecurities
from captioner.settings.models import Settings

EXAMINATION_LIMIT_S: Final = 60.0
"""Each step has a limit of its own; this one is for a server that comes near to it every time."""

_SOON_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class ExaminedEndpoint:
    """A server, and what all probes said.

    Attributes:
        account: Its host and port.
        report: What the probes said.
        missing: Why it would refuse the model or the language of the settings.
        steps: All outcomes, also of the looks at what the settings ask for.
        insecure: What is insecure about the way to it.
    """

    account: str
    report: EndpointReport
    missing: CaptionerError | None
    steps: tuple[ProbeOutcome, ...]
    insecure: tuple[Insecurity, ...]

    @property
    def health(self) -> EndpointHealth:
        """The verdict: a server without the model or the language is of no use."""
        if self.missing is None or not self.report.is_usable:
            return self.report.health
        missing = self.missing
        title = self.report.endpoint.title
        down = EndpointState.DOWN
        return EndpointHealth(title, down, missing.message, missing.hint, missing.as_record())

    @property
    def is_usable(self) -> bool:
        """Whether captions could come from it now."""
        return self.health.state not in {EndpointState.DOWN, EndpointState.STARTING}

    @property
    def models(self) -> tuple[ServerModel, ...]:
        """The models that take streams."""
        return self.report.streaming_models


async def examine(
    server: EndpointSettings,
    settings: Settings,
    *,
    thorough: bool,
    progress: Progress = unwatched,
    asks_keyring: bool = True,
    limit_s: float = EXAMINATION_LIMIT_S,
) -> ExaminedEndpoint:
    """Probe ``server``, which need not be one of ``settings``; may be cancelled at any time.

    Args:
        server: With its key, or without.
        settings: What captions would be asked for.
        thorough: As in `probe`.
        progress: Is told of each step as it is made.
        asks_keyring: Whether a key is looked for where ``server`` has none; the keyring may ask its
            user.
        limit_s: How long all of it may take in seconds, not counting the keyring.
    """
    endpoint = await endpoint_with_key(server) if asks_keyring else server_endpoint(server)
    steps: list[ProbeOutcome] = []

    def note(kind: ProbeKind, outcome: ProbeOutcome | None) -> None:
        if outcome is not None:
            steps.append(outcome)
        progress(kind, outcome)

    step_s = settings.connection.connect_timeout_s
    try:
        async with asyncio.timeout(limit_s):
            report = await probe(endpoint, limit_s=step_s, thorough=thorough, progress=note)
    except TimeoutError:
        report = _too_slow(endpoint, limit_s)
    asked = recognition_options(settings).with_model(endpoint.model)
    missing = missing_model(
        report.models, model=asked.model, language=asked.language, server=endpoint.title
    )
    if thorough:
        for outcome in _looks(report, missing, asked.language):
            note(outcome.kind, outcome)
    return ExaminedEndpoint(server.account, report, missing, tuple(steps), insecurities(server))


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be asked of a recogniser.

    Attributes:
        server: What a person calls it; empty for the embedded engine.
        models: Names of its models for streams.
        languages: Their languages as BCP 47 tags.
    """

    server: str
    models: tuple[str, ...]
    languages: tuple[str, ...]


def offer_of(found: ExaminedEndpoint) -> Offer:
    """Return what the server lists; nothing where it lists nothing."""
    return Offer(
        found.report.endpoint.title,
        tuple(dict.fromkeys(model.name for model in found.models)),
        tuple(dict.fromkeys(tag for model in found.models for tag in model.languages)),
    )


async def recogniser_offer(settings: Settings) -> Offer:
    """Return what the preferred recogniser lists; see `examine`."""
    if (server := settings.endpoint) is None:
        return Offer("", (), EMBEDDED_LANGUAGES)
    return offer_of(await examine(server, settings, thorough=False))


async def recognised_languages(settings: Settings) -> tuple[str, ...]:
    """Return the languages that the preferred recogniser lists; none if it cannot."""
    return (await recogniser_offer(settings)).languages


def check_files(server: EndpointSettings) -> None:
    """Refuse certificates and keys that cannot be used. Blocks on files.

    Raises:
        ConfigurationError: One is missing, or is not what it must be.
    """
    channel_credentials(server_endpoint(server))


def _too_slow(endpoint: Endpoint, limit_s: float) -> EndpointReport:
    error = UnavailableError(
        f"{endpoint.title} could not be examined within {limit_s:g} seconds.",
        hint="Look at the load of the server and of the network in between.",
    )
    return EndpointReport(endpoint, EndpointState.DOWN, error.message, error.hint, error)


def _looks(
    report: EndpointReport, missing: RequestError | None, language: str
) -> list[ProbeOutcome]:
    """Return what follows from the answers, besides the verdict."""
    found = []
    if missing is not None:
        found.append(ProbeOutcome(ProbeKind.CHOICE, is_good=False, said=missing.message))
    elif report.streaming_models:
        said = f"It recognises {language} as the settings ask for it."
        found.append(ProbeOutcome(ProbeKind.CHOICE, is_good=True, said=said))
    if report.certificate is not None:
        found.append(_validity(report.certificate))
    return found


def _validity(certificate: Certificate) -> ProbeOutcome:
    until = f"{certificate.valid_until:%Y-%m-%d}"
    names = ", ".join(certificate.names)
    if certificate.has_expired:
        said = f"It expired on {until}; it is for {names}."
        return ProbeOutcome(ProbeKind.CERTIFICATE, is_good=False, said=said)
    said = f"It is valid for {certificate.days_left} more days, until {until}; it is for {names}."
    if certificate.days_left < _SOON_DAYS:
        fix = "Have it renewed on the server: without it, no connection can be made."
        return ProbeOutcome(ProbeKind.CERTIFICATE, is_good=False, said=said, fix=fix)
    return ProbeOutcome(ProbeKind.CERTIFICATE, is_good=True, said=said)
