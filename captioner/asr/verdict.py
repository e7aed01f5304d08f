"""What the answers of a server add up to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from captioner.asr.endpoint import Endpoint
from captioner.asr.peer import HttpAnswer
from captioner.asr.x509 import Certificate
from captioner.core.errors import CaptionerError, RequestError, UnavailableError
from captioner.core.health import EndpointHealth, EndpointState, ProbeKind, ProbeOutcome
from captioner.riva.models import ServerModel, for_streams, listed

SLOW_MS: Final = 3000.0
"""A server that takes longer than this is degraded: captions are late by as much."""

_HTTP_OK: Final = 200
_HTTP_NOT_YET: Final = 503
_READY: Final = "ready"
_WAIT: Final = (
    "Wait: its models are being loaded, and the first start of a NIM takes up to 30 minutes."
)


Progress: TypeAlias = Callable[[ProbeKind, ProbeOutcome | None], None]
"""Is told of each step when it begins, with None, and of what it met."""


def unwatched(_kind: ProbeKind, _outcome: ProbeOutcome | None) -> None:
    """Take no notice of the progress."""


@dataclass(frozen=True, slots=True)
class EndpointReport:
    """What is known of a server after all probes.

    Attributes:
        endpoint: The server.
        state: The verdict.
        reason: The verdict in a sentence.
        fix: What the user can do; empty when all is well.
        error: Why it is down; None while it is not.
        models: What it lists.
        round_trip_ms: Median time of a small call over a standing connection; None without one.
        outcomes: What each probe met.
        certificate: What the server showed, where it was looked at.
    """

    endpoint: Endpoint
    state: EndpointState
    reason: str
    fix: str = ""
    error: CaptionerError | None = None
    models: tuple[ServerModel, ...] = ()
    round_trip_ms: float | None = None
    outcomes: tuple[ProbeOutcome, ...] = ()
    certificate: Certificate | None = None

    @property
    def is_usable(self) -> bool:
        """Whether it is worth while to open a stream."""
        return self.state not in {EndpointState.DOWN, EndpointState.STARTING}

    @property
    def streaming_models(self) -> tuple[ServerModel, ...]:
        """The models that take streams."""
        return for_streams(self.models)

    @property
    def health(self) -> EndpointHealth:
        """The verdict alone."""
        record = self.error.as_record() if self.error else None
        return EndpointHealth(self.endpoint.title, self.state, self.reason, self.fix, record)


@dataclass(slots=True)
class Findings:
    """The answers of one server so far.

    Attributes:
        progress: Follows the steps.
        current: The step that began last.
        obstacle: What a look at the way met, before gRPC went it.
        is_connected: Whether gRPC's connection stands.
        error: Why a probe over gRPC failed for good.
        serves: What the health service says; None where it says nothing.
        models: What is listed; None where the server does not tell.
        http: What the HTTP port answered; None where it did not.
        round_trip_ms: Median time of a small call.
        certificate: What the server showed.
        outcomes: What each probe met.
    """

    progress: Progress = unwatched
    current: ProbeKind = ProbeKind.CONNECTION
    obstacle: CaptionerError | None = None
    is_connected: bool = False
    error: CaptionerError | None = None
    serves: bool | None = None
    models: tuple[ServerModel, ...] | None = None
    http: HttpAnswer | None = None
    round_trip_ms: float | None = None
    certificate: Certificate | None = None
    outcomes: list[ProbeOutcome] = field(default_factory=list)

    def begin(self, kind: ProbeKind) -> None:
        """Note that a step begins."""
        self.current = kind
        self.progress(kind, None)

    def add(self, kind: ProbeKind, said: str, *, is_good: bool | None = None) -> None:
        """Note what a step met."""
        outcome = ProbeOutcome(kind, is_good, said)
        self.outcomes.append(outcome)
        self.progress(kind, outcome)

    @property
    def has_streaming_model(self) -> bool:
        """Whether a model that takes streams is listed."""
        return bool(for_streams(self.models or ()))

    @property
    def http_says_ready(self) -> bool:
        """Whether the HTTP port says that the server is ready."""
        return self.http is not None and self.http.status == _HTTP_OK and self.http.state == _READY

    @property
    def http_says_not_yet(self) -> bool:
        """Whether the HTTP port says that the server lives, but is not ready."""
        return self.http is not None and (
            self.http.status == _HTTP_NOT_YET
            or (self.http.status == _HTTP_OK and self.http.state not in {"", _READY})
        )


def judge(found: Findings, endpoint: Endpoint) -> EndpointReport:
    """Return what the answers of ``endpoint`` add up to."""
    state, reason, fix, error = _verdict(found, endpoint)
    return EndpointReport(
        endpoint=endpoint,
        state=state,
        reason=reason,
        fix=fix,
        error=error,
        models=found.models or (),
        round_trip_ms=found.round_trip_ms,
        outcomes=tuple(found.outcomes),
        certificate=found.certificate,
    )


_Verdict: TypeAlias = tuple[EndpointState, str, str, CaptionerError | None]


def _verdict(found: Findings, endpoint: Endpoint) -> _Verdict:
    server = endpoint.title
    if found.error is not None:
        return _out_of_reach(found, endpoint, found.error)
    if found.serves is False:
        return EndpointState.STARTING, f"{server} says that it is not ready to serve.", _WAIT, None
    if found.models is None:
        reason = f"{server} answers, but tells nothing of itself; a stream shows whether it works."
        return EndpointState.UNKNOWN, reason, "", None
    if not found.models and not found.http_says_ready:
        return EndpointState.STARTING, f"{server} runs, but has no model loaded.", _WAIT, None
    if not found.has_streaming_model:
        return _down(_no_streaming_model(found.models, server))
    models = listed(for_streams(found.models))
    if found.round_trip_ms is not None and found.round_trip_ms > SLOW_MS:
        reason = (
            f"{server} is ready, but takes {found.round_trip_ms / 1000:.1f} s for a small call."
        )
        fix = "Look at the load of the server and of the network in between."
        return EndpointState.DEGRADED, reason, fix, None
    return EndpointState.READY, f"{server} is ready: {models}.", "", None


def _out_of_reach(found: Findings, endpoint: Endpoint, error: CaptionerError) -> _Verdict:
    """Judge a server whose gRPC port does not serve, with what its HTTP port says."""
    if isinstance(error, UnavailableError):
        if found.http_says_not_yet:
            return EndpointState.STARTING, f"{endpoint.title} is starting.", _WAIT, None
        if found.http_says_ready:
            hint = (
                f"Its HTTP port {endpoint.http_port} says that it is ready: check the gRPC port "
                "(RIVA_PORT), and that a container publishes it."
            )
            return EndpointState.DOWN, error.message, hint, error
    return _down(error)


def _no_streaming_model(models: tuple[ServerModel, ...], server: str) -> RequestError:
    fix = "Start it with a streaming profile; for a NIM, mode=str in NIM_TAGS_SELECTOR."
    if not models:
        return RequestError(f"{server} is ready, but has no speech model.", hint=fix)
    return RequestError(
        f"{server} has models for whole recordings only: {listed(models)}.", hint=fix
    )


def _down(error: CaptionerError) -> _Verdict:
    return EndpointState.DOWN, error.message, error.hint, error
