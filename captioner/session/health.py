"""Why there are, or are not, captions: one sentence from everything the session knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from captioner.core.errors import CaptionerError
from captioner.core.health import Health, HealthState
from captioner.core.state import SessionState

SILENCE_DBFS: Final = -65.0
"""Quieter than this for a while is taken for no sound at all: a muted or wrong device."""

NO_AUDIO_AFTER_S: Final = 5.0
_LAGGING_S: Final = 5.0


@dataclass(slots=True)
class HealthInputs:
    """What the verdict rests on; the controller keeps it current.

    Attributes:
        state: The session's state.
        source_kind: "system", "microphone", "file" or "stdin"; empty before the first opening.
        source_name: The device's name.
        device_error: Why the device is away, while it is.
        server_error: Why the recogniser is away, while it is.
        quiet_since: Monotonic seconds since when only silence was heard; None when there is sound.
        last_audio_at: Monotonic seconds of the newest chunk, or of the opening; None before it.
        lag_s: Seconds of audio that the recogniser is behind.
        engine_name: Who recognises.
    """

    state: SessionState = SessionState.IDLE
    source_kind: str = ""
    source_name: str = ""
    device_error: CaptionerError | None = None
    server_error: CaptionerError | None = None
    quiet_since: float | None = None
    last_audio_at: float | None = None
    lag_s: float = 0.0
    engine_name: str = ""


def judge(inputs: HealthInputs, now: float) -> Health:
    """Return the state of the dot and its sentence at monotonic time ``now``."""
    error = inputs.device_error or inputs.server_error
    match inputs.state:
        case SessionState.IDLE:
            return Health(HealthState.STOPPED, "Captions are stopped.", "Start them from the menu.")
        case SessionState.STOPPING:
            return Health(HealthState.STOPPED, "Captions are stopping.")
        case SessionState.FAILED:
            if error is None:
                return Health(HealthState.FAILED, "Captions have stopped.", "Start them again.")
            return Health(HealthState.FAILED, error.message, error.hint)
        case SessionState.STARTING | SessionState.RECONNECTING if error is not None:
            return Health(HealthState.RECONNECTING, error.message, error.hint)
        case SessionState.STARTING:
            return Health(HealthState.STARTING, "Captions are starting.")
        case SessionState.RECONNECTING:
            return Health(HealthState.RECONNECTING, "The recogniser is being reconnected.")
        case SessionState.STREAMING:
            return _while_streaming(inputs, now)


def _while_streaming(inputs: HealthInputs, now: float) -> Health:
    if inputs.device_error is not None:
        error = inputs.device_error
        return Health(HealthState.RECONNECTING, error.message, error.hint)
    # Some devices send silence, others send nothing at all.
    silent_since = inputs.quiet_since if inputs.quiet_since is not None else inputs.last_audio_at
    if silent_since is not None and now - silent_since >= NO_AUDIO_AFTER_S:
        return _no_sound(inputs)
    if inputs.lag_s > _LAGGING_S:
        return Health(
            HealthState.LISTENING,
            f"{inputs.engine_name} is {inputs.lag_s:.0f} seconds behind.",
            "Close other programs, or use a faster server.",
        )
    return Health(HealthState.LISTENING, f"Listening to {inputs.source_name}.")


def _no_sound(inputs: HealthInputs) -> Health:
    if inputs.source_kind == "system":
        return Health(
            HealthState.NO_AUDIO,
            f"Nothing is playing on {inputs.source_name}.",
            "Captions appear as soon as something plays. If you hear sound, choose another output.",
        )
    if inputs.source_kind == "microphone":
        return Health(
            HealthState.NO_AUDIO,
            f"No sound reaches {inputs.source_name}.",
            "Check that the microphone is not muted, or choose another one.",
        )
    return Health(HealthState.NO_AUDIO, f"{inputs.source_name} is silent here.")
