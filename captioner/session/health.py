"""Why there are, or are not, captions: one sentence from everything the session knows."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Final

from captioner.core.audio import SourceCondition
from captioner.core.errors import CaptionerError, ErrorCategory
from captioner.core.health import Concern, EndpointHealth, EndpointState, Health, HealthState
from captioner.core.state import SessionState

SILENCE_DBFS: Final = -65.0
"""Quieter than this for a while is taken for no sound at all: a muted or wrong device."""

NO_AUDIO_AFTER_S: Final = 5.0
_SILENCED_AFTER_S: Final = 1.0
"""Where the system says that a device is muted, nobody needs to wait for the silence to last."""

_LAGGING_S: Final = 3.0
_LATELY_S: Final = 60.0
"""Trouble is worth a mention for so long after it has passed."""

_MENTIONED_DROP_S: Final = 0.2
_NEWEST: Final = 100
_EXPLAINING: Final = (EndpointState.STARTING, EndpointState.DOWN)
_OF_SOURCE: Final = (ErrorCategory.AUDIO_DEVICE, ErrorCategory.INPUT_FILE)
_FOREMOST: Final = (HealthState.DEGRADED, HealthState.LISTENING, HealthState.NO_AUDIO)


@dataclass(slots=True)
class ChannelInputs:
    """What the verdict rests on, of one channel.

    Attributes:
        source_kind: "system", "microphone", "file" or "stdin"; empty before the first opening.
        source_name: The device's name.
        condition: What the system knows of the device.
        device_error: Why the device is away, while it is.
        server_error: Why the recogniser is away, while it is.
        broken_by: Why it was away first, while it is.
        is_connected: Whether a stream to a recogniser stands.
        quiet_since: Monotonic seconds since when only silence was heard; None when there is sound.
        last_audio_at: Monotonic seconds of the newest chunk, or of the opening; None before it.
        lag_s: Seconds of audio that the recogniser is behind.
        retries: When the stream broke, and why; the newest ones.
        drops: When audio was dropped unrecognised, and how many seconds; the newest ones.
        has_ended: Whether it brings no more audio; only its last words are waited for.
    """

    source_kind: str = ""
    source_name: str = ""
    condition: SourceCondition = field(default_factory=SourceCondition)
    device_error: CaptionerError | None = None
    server_error: CaptionerError | None = None
    broken_by: CaptionerError | None = None
    is_connected: bool = False
    quiet_since: float | None = None
    last_audio_at: float | None = None
    lag_s: float = 0.0
    retries: deque[tuple[float, CaptionerError]] = field(
        default_factory=lambda: deque(maxlen=_NEWEST)
    )
    drops: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=_NEWEST))
    has_ended: bool = False

    @property
    def error(self) -> CaptionerError | None:
        """Why it cannot be captioned now; None while nothing is known to be wrong."""
        return self.device_error or self.server_error

    @property
    def works(self) -> bool:
        """True while it is heard and recognised."""
        is_heard = bool(self.source_kind) and self.device_error is None
        return self.is_connected and is_heard and not self.has_ended


@dataclass(slots=True)
class HealthInputs:
    """What the verdict rests on; the session's condition keeps it current.

    Attributes:
        state: The session's state.
        channels: Each channel by its name; "" is the only one of a session with one source.
        failure: Why the session has failed, when it has.
        engine_name: Who recognises.
        away_because: Why the preferred server is not used; None while it is.
        probed: What the last probe says of the server in use, while no stream to it stands.
        reconnects: How often a stream stood again after one had broken.
    """

    state: SessionState = SessionState.IDLE
    channels: dict[str, ChannelInputs] = field(default_factory=dict)
    failure: CaptionerError | None = None
    engine_name: str = ""
    away_because: CaptionerError | None = None
    probed: EndpointHealth | None = None
    reconnects: int = 0

    @property
    def lag_s(self) -> float:
        """Seconds of audio that the recogniser is behind, where it is furthest."""
        return max((channel.lag_s for channel in self.channels.values()), default=0.0)


def judge(inputs: HealthInputs, now: float) -> Health:
    """Return the state of the dot and its sentence at monotonic time ``now``."""
    match inputs.state:
        case SessionState.IDLE:
            return Health(HealthState.STOPPED, "Captions are stopped.", "Start them from the menu.")
        case SessionState.STOPPING:
            return Health(HealthState.STOPPED, "Captions are stopping.")
        case SessionState.FAILED:
            if (failure := inputs.failure) is None:
                return Health(HealthState.FAILED, "Captions have stopped.", "Start them again.")
            return of_error(HealthState.FAILED, failure)
        case SessionState.STARTING | SessionState.RECONNECTING:
            if (trouble := _trouble(inputs)) is not None:
                return trouble
            if inputs.state is SessionState.STARTING:
                return Health(HealthState.STARTING, "Captions are starting.")
            return Health(HealthState.RECONNECTING, "The recogniser is being reconnected.")
        case SessionState.STREAMING:
            return _while_streaming(inputs, now)


def of_error(state: HealthState, error: CaptionerError) -> Health:
    """Return the health that ``error`` makes."""
    is_of_source = error.category in _OF_SOURCE
    concern: Concern | None = Concern.SOURCE if is_of_source else Concern.RECOGNISER
    if error.category is ErrorCategory.FAULT:
        concern = None
    return Health(state, error.message, error.hint, concern, error=error.as_record())


def endpoint_health(inputs: HealthInputs, health: Health) -> EndpointHealth | None:
    """Return how the server in use is; None where nothing is known of it.

    Args:
        inputs: What is known.
        health: The session's own health at the same moment.
    """
    if inputs.state is not SessionState.STREAMING:
        return inputs.probed
    if health.state is HealthState.DEGRADED:
        degraded = EndpointState.DEGRADED
        return EndpointHealth(
            inputs.engine_name, degraded, health.sentence, health.hint, health.error
        )
    reason = f"{inputs.engine_name} recognises."
    return EndpointHealth(inputs.engine_name, EndpointState.READY, reason)


def _trouble(inputs: HealthInputs) -> Health | None:
    """Return why nothing is captioned: a device before a server, a probe before a failed call."""
    channels = inputs.channels.values()
    device_error = next((found.device_error for found in channels if found.device_error), None)
    error = device_error or next(
        (found.server_error for found in channels if found.server_error), None
    )
    if error is None:
        return None
    probed = inputs.probed
    if error is not device_error and probed is not None and probed.state in _EXPLAINING:
        reconnecting = HealthState.RECONNECTING
        record = probed.error or error.as_record()
        return Health(reconnecting, probed.reason, probed.fix, Concern.RECOGNISER, error=record)
    return of_error(HealthState.RECONNECTING, error)


def _while_streaming(inputs: HealthInputs, now: float) -> Health:
    verdicts = {
        name: _of_channel(channel, inputs, now)
        for name, channel in inputs.channels.items()
        if not channel.has_ended
    }
    if len(verdicts) == 1:
        return next(iter(verdicts.values()))
    for name, health in verdicts.items():
        if health.state is HealthState.RECONNECTING:
            return replace(health, sentence=f"{name}: {health.sentence}")
    silent = [found for found in verdicts.values() if found.state is HealthState.NO_AUDIO]
    listening = [found for found in verdicts.values() if found.state is not HealthState.NO_AUDIO]
    # That one of two is silent is how people talk; it is said, and is no reason to worry.
    sentence = " ".join(dict.fromkeys(found.sentence for found in [*listening, *silent]))
    states = {found.state for found in verdicts.values()}
    state = next(state for state in _FOREMOST if state in states)
    # What the system knows of a device says more than that it is silent.
    known = [verdicts[name] for name in verdicts if inputs.channels[name].condition.is_telling]
    hinting = next((found for found in listening or [*known, *silent] if found.hint), None)
    error = next((found.error for found in listening if found.error), None)
    if hinting is None:
        return Health(state, sentence, error=error)
    return replace(hinting, state=state, sentence=sentence, error=error)


def _of_channel(channel: ChannelInputs, inputs: HealthInputs, now: float) -> Health:
    if (error := channel.error) is not None:
        return of_error(HealthState.RECONNECTING, error)
    # Some devices send silence, others send nothing at all.
    silent_since = channel.quiet_since if channel.quiet_since is not None else channel.last_audio_at
    silent_s = 0.0 if silent_since is None else now - silent_since
    if channel.condition.silenced_by and silent_s >= _SILENCED_AFTER_S:
        return _silenced(channel)
    if silent_s >= NO_AUDIO_AFTER_S:
        return _no_sound(channel)
    if (degraded := _degraded(channel, inputs, now)) is not None:
        return degraded
    return Health(HealthState.LISTENING, f"Listening to {channel.source_name}.")


def _degraded(channel: ChannelInputs, inputs: HealthInputs, now: float) -> Health | None:
    """Return what is wrong with captions that go on, the worst first."""
    engine_name = inputs.engine_name
    if channel.lag_s > _LAGGING_S:
        return Health(
            HealthState.DEGRADED,
            f"{engine_name} is {channel.lag_s:.0f} seconds behind.",
            "Close other programs, or use a faster server.",
            Concern.RECOGNISER,
        )
    dropped_s = sum(seconds for moment, seconds in channel.drops if now - moment < _LATELY_S)
    if dropped_s >= _MENTIONED_DROP_S:
        return Health(
            HealthState.DEGRADED,
            f"{dropped_s:.1f} seconds of audio were lost in the last minute, because {engine_name} "
            "did not take them.",
            "Close other programs, check the network, or use a faster server.",
            Concern.RECOGNISER,
        )
    if (error := inputs.away_because) is not None:
        return Health(
            HealthState.DEGRADED,
            f"{engine_name} stands in. {error.message}",
            error.hint,
            Concern.RECOGNISER,
            error=error.as_record(),
        )
    retries = [error for moment, error in channel.retries if now - moment < _LATELY_S]
    if retries:
        times = "once" if len(retries) == 1 else f"{len(retries)} times"
        return Health(
            HealthState.DEGRADED,
            f"Captions go on. In the last minute the stream to {engine_name} broke {times}: "
            f"{retries[-1].message}",
            retries[-1].hint,
            Concern.RECOGNISER,
            error=retries[-1].as_record(),
        )
    return None


def _silenced(channel: ChannelInputs) -> Health:
    name = channel.source_name
    if channel.condition.silenced_by == "mute":
        sentence = f"{name} is muted: no sound comes through."
    else:
        sentence = f"The volume of {name} is zero."
    if channel.source_kind == "system":
        # Who does not hear has no use for loud speakers, and yet needs them for captions.
        hint = "Turn it on again, or choose another output: captions hear no more than it plays."
    else:
        hint = "Turn it on again in the sound settings or by its own switch, or choose another one."
    return Health(HealthState.NO_AUDIO, sentence, hint, Concern.SOURCE)


def _no_sound(channel: ChannelInputs) -> Health:
    if channel.source_kind == "system" and (other := channel.condition.plays_elsewhere):
        return Health(
            HealthState.NO_AUDIO,
            f"Nothing is playing on {channel.source_name}, but something plays on {other}.",
            f"Choose {other} as what is heard, or let the program play on {channel.source_name}.",
            Concern.SOURCE,
            other,
        )
    if channel.source_kind == "system":
        return Health(
            HealthState.NO_AUDIO,
            f"Nothing is playing on {channel.source_name}.",
            "Captions appear as soon as something plays. If you hear sound, choose another output.",
            Concern.SOURCE,
        )
    if channel.source_kind == "microphone":
        return Health(
            HealthState.NO_AUDIO,
            f"No sound reaches {channel.source_name}.",
            "Check that the microphone is not muted, or choose another one.",
            Concern.SOURCE,
        )
    return Health(HealthState.NO_AUDIO, f"{channel.source_name} is silent here.")
