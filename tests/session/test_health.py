"""The one sentence: a table of everything the session may know."""

from __future__ import annotations

from collections import deque

import pytest

from captioner.core.audio import SourceCondition
from captioner.core.errors import (
    AudioDeviceError,
    CaptionerError,
    CredentialsError,
    UnavailableError,
)
from captioner.core.health import EndpointHealth, EndpointState, Health, HealthState
from captioner.core.state import SessionState
from captioner.session.health import ChannelInputs, HealthInputs, endpoint_health, judge

NOW = 1000.0
DEVICE = AudioDeviceError("The microphone was unplugged.", hint="Plug it in.")
SERVER = UnavailableError("The server is gone.", hint="Wait.", code="UNAVAILABLE")
NO_HINT = UnavailableError("The server broke off.")
S, H = SessionState, HealthState


def inputs(state: SessionState, **known: object) -> HealthInputs:
    usual: dict[str, object] = {
        "source_kind": "microphone",
        "source_name": "Desk mic",
        "last_audio_at": NOW,
    }
    channel = ChannelInputs(**(usual | known))  # type: ignore[arg-type]  # names of fields
    return HealthInputs(state, {"": channel}, engine_name="Embedded engine")


@pytest.mark.parametrize(
    ("known", "state", "sentence", "hint"),
    [
        (inputs(S.IDLE), H.STOPPED, "Captions are stopped.", "Start them from the menu."),
        (
            inputs(S.IDLE, server_error=SERVER),
            H.STOPPED,
            "Captions are stopped.",
            "Start them from the menu.",
        ),
        (inputs(S.STARTING), H.STARTING, "Captions are starting.", ""),
        (inputs(S.STARTING, server_error=SERVER), H.RECONNECTING, "The server is gone.", "Wait."),
        (inputs(S.STOPPING), H.STOPPED, "Captions are stopping.", ""),
        (inputs(S.FAILED), H.FAILED, "Captions have stopped.", "Start them again."),
        (HealthInputs(S.FAILED, failure=SERVER), H.FAILED, "The server is gone.", "Wait."),
        (inputs(S.RECONNECTING), H.RECONNECTING, "The recogniser is being reconnected.", ""),
        (
            inputs(S.RECONNECTING, device_error=DEVICE, server_error=SERVER),
            H.RECONNECTING,
            "The microphone was unplugged.",
            "Plug it in.",
        ),
        (inputs(S.STREAMING), H.LISTENING, "Listening to Desk mic.", ""),
        (
            inputs(S.STREAMING, device_error=DEVICE),
            H.RECONNECTING,
            "The microphone was unplugged.",
            "Plug it in.",
        ),
        (inputs(S.STREAMING, quiet_since=NOW - 4.9), H.LISTENING, "Listening to Desk mic.", ""),
        (
            inputs(S.STREAMING, quiet_since=NOW - 5),
            H.NO_AUDIO,
            "No sound reaches Desk mic.",
            "Check that the microphone is not muted, or choose another one.",
        ),
        (
            inputs(S.STREAMING, last_audio_at=NOW - 5),
            H.NO_AUDIO,
            "No sound reaches Desk mic.",
            "Check that the microphone is not muted, or choose another one.",
        ),
        (
            inputs(S.STREAMING, quiet_since=NOW - 60, source_kind="system", source_name="HDMI"),
            H.NO_AUDIO,
            "Nothing is playing on HDMI.",
            (
                "Captions appear as soon as something plays. "
                "If you hear sound, choose another output."
            ),
        ),
        (
            inputs(S.STREAMING, quiet_since=NOW - 60, source_kind="file", source_name="talk.wav"),
            H.NO_AUDIO,
            "talk.wav is silent here.",
            "",
        ),
        (
            inputs(S.STREAMING, lag_s=12.4),
            H.DEGRADED,
            "Embedded engine is 12 seconds behind.",
            "Close other programs, or use a faster server.",
        ),
        (inputs(S.STREAMING, lag_s=3.0), H.LISTENING, "Listening to Desk mic.", ""),
        (
            inputs(S.STREAMING, lag_s=3.6),
            H.DEGRADED,
            "Embedded engine is 4 seconds behind.",
            "Close other programs, or use a faster server.",
        ),
        (
            inputs(S.STREAMING, drops=deque([(NOW - 61, 9.0), (NOW - 59, 1.0), (NOW, 0.5)])),
            H.DEGRADED,
            (
                "1.5 seconds of audio were lost in the last minute, because Embedded engine did "
                "not take them."
            ),
            "Close other programs, check the network, or use a faster server.",
        ),
        (
            inputs(S.STREAMING, retries=deque([(NOW - 61, DEVICE), (NOW - 1, SERVER)])),
            H.DEGRADED,
            (
                "Captions go on. In the last minute the stream to Embedded engine broke once: "
                "The server is gone."
            ),
            "Wait.",
        ),
        (
            inputs(S.STREAMING, retries=deque([(NOW - 59, DEVICE), (NOW - 1, SERVER)])),
            H.DEGRADED,
            (
                "Captions go on. In the last minute the stream to Embedded engine broke 2 times: "
                "The server is gone."
            ),
            "Wait.",
        ),
        (
            inputs(S.STREAMING, retries=deque([(NOW - 60, SERVER)]), drops=deque([(NOW, 0.1)])),
            H.LISTENING,
            "Listening to Desk mic.",
            "",
        ),
        (
            inputs(S.STREAMING, lag_s=12.4, quiet_since=NOW - 6),
            H.NO_AUDIO,
            "No sound reaches Desk mic.",
            "Check that the microphone is not muted, or choose another one.",
        ),
    ],
)
def test_verdicts(known: HealthInputs, state: HealthState, sentence: str, hint: str) -> None:
    health = judge(known, NOW)
    assert (health.state, health.sentence, health.hint) == (state, sentence, hint)


@pytest.mark.parametrize("state", SessionState)
def test_there_is_a_sentence_for_every_state_at_the_very_beginning(state: SessionState) -> None:
    health = judge(HealthInputs(state, {"": ChannelInputs()}), 0.0)
    assert health.sentence.endswith(".")


def both(you: dict[str, object], others: dict[str, object]) -> HealthInputs:
    mic: dict[str, object] = {"source_kind": "microphone", "source_name": "Desk mic"}
    out: dict[str, object] = {"source_kind": "system", "source_name": "HDMI"}
    usual: dict[str, object] = {"last_audio_at": NOW}
    channels = {
        "You": ChannelInputs(**(usual | mic | you)),  # type: ignore[arg-type]  # names of fields
        "Others": ChannelInputs(**(usual | out | others)),  # type: ignore[arg-type]  # see above
    }
    return HealthInputs(S.STREAMING, channels, engine_name="Embedded engine")


@pytest.mark.parametrize(
    ("you", "others", "state", "sentence", "hint"),
    [
        ({}, {}, H.LISTENING, "Listening to Desk mic. Listening to HDMI.", ""),
        (
            {"device_error": DEVICE},
            {},
            H.RECONNECTING,
            "You: The microphone was unplugged.",
            "Plug it in.",
        ),
        ({}, {"server_error": SERVER}, H.RECONNECTING, "Others: The server is gone.", "Wait."),
        (
            {"quiet_since": NOW - 60},
            {},
            H.LISTENING,
            "Listening to HDMI. No sound reaches Desk mic.",
            "",
        ),
        (
            {"quiet_since": NOW - 60},
            {"quiet_since": NOW - 60},
            H.NO_AUDIO,
            "No sound reaches Desk mic. Nothing is playing on HDMI.",
            "Check that the microphone is not muted, or choose another one.",
        ),
        (
            {"quiet_since": NOW - 60},
            {"quiet_since": NOW - 60, "condition": SourceCondition(plays_elsewhere="USB")},
            H.NO_AUDIO,
            "No sound reaches Desk mic. Nothing is playing on HDMI, but something plays on USB.",
            "Choose USB as what is heard, or let the program play on HDMI.",
        ),
        (
            {"quiet_since": NOW - 2, "condition": SourceCondition("mute")},
            {},
            H.LISTENING,
            "Listening to HDMI. Desk mic is muted: no sound comes through.",
            "",
        ),
        (
            {"lag_s": 12.4},
            {},
            H.DEGRADED,
            "Embedded engine is 12 seconds behind. Listening to HDMI.",
            "Close other programs, or use a faster server.",
        ),
        (
            {"quiet_since": NOW - 60},
            {"lag_s": 12.4},
            H.DEGRADED,
            "Embedded engine is 12 seconds behind. No sound reaches Desk mic.",
            "Close other programs, or use a faster server.",
        ),
        (
            {"has_ended": True},
            {"quiet_since": NOW - 60},
            H.NO_AUDIO,
            "Nothing is playing on HDMI.",
            "Captions appear as soon as something plays. If you hear sound, choose another output.",
        ),
    ],
)
def test_verdicts_on_two_channels(
    you: dict[str, object], others: dict[str, object], state: HealthState, sentence: str, hint: str
) -> None:
    health = judge(both(you, others), NOW)
    assert (health.state, health.sentence, health.hint) == (state, sentence, hint)


@pytest.mark.parametrize(
    ("known", "error"),
    [
        (inputs(S.STREAMING), None),
        (inputs(S.STREAMING, quiet_since=NOW - 60), None),
        (inputs(S.STREAMING, lag_s=12.4), None),
        (inputs(S.STARTING, server_error=SERVER), SERVER),
        (inputs(S.RECONNECTING, device_error=DEVICE, server_error=SERVER), DEVICE),
        (inputs(S.STREAMING, retries=deque([(NOW - 2, DEVICE), (NOW - 1, SERVER)])), SERVER),
        (HealthInputs(S.FAILED, failure=SERVER), SERVER),
        (HealthInputs(S.FAILED), None),
        (both({"device_error": DEVICE}, {}), DEVICE),
        (both({}, {"retries": deque([(NOW, SERVER)])}), SERVER),
        (both({"retries": deque([(NOW, NO_HINT)])}, {"lag_s": 12.4}), NO_HINT),
        (both({"retries": deque([(NOW, NO_HINT)])}, {}), NO_HINT),
    ],
)
def test_the_error_behind_it_goes_along(known: HealthInputs, error: CaptionerError | None) -> None:
    assert judge(known, NOW).error == (error and error.as_record())


STARTING = EndpointHealth("riva", EndpointState.STARTING, "riva is starting.", "Wait a while.")
DOWN = EndpointHealth(
    *("riva", EndpointState.DOWN, "riva wants a key.", "Give it."),
    CredentialsError("riva wants a key.", hint="Give it.").as_record(),
)
READY = EndpointHealth("riva", EndpointState.READY, "riva is ready.")


@pytest.mark.parametrize("state", [S.STARTING, S.RECONNECTING])
@pytest.mark.parametrize("probed", [STARTING, DOWN])
def test_a_probe_says_more_than_a_failed_call(state: S, probed: EndpointHealth) -> None:
    known = inputs(state, server_error=SERVER)
    known.probed = probed
    health = judge(known, NOW)
    assert health == Health(H.RECONNECTING, probed.reason, probed.fix)
    assert health.error == (probed.error or SERVER.as_record())
    assert endpoint_health(known, health) == probed


def test_a_probe_that_explains_nothing_leaves_the_error() -> None:
    known = inputs(S.RECONNECTING, server_error=SERVER)
    known.probed = READY
    assert judge(known, NOW).sentence == "The server is gone."
    known = inputs(S.RECONNECTING, server_error=SERVER, device_error=DEVICE)
    known.probed = DOWN
    assert judge(known, NOW).sentence == "The microphone was unplugged."


def test_a_server_that_recognises_is_ready_or_degraded() -> None:
    known = inputs(S.STREAMING)
    ready = EndpointHealth("Embedded engine", EndpointState.READY, "Embedded engine recognises.")
    assert endpoint_health(known, judge(known, NOW)) == ready
    known = inputs(S.STREAMING, lag_s=12.4)
    assert endpoint_health(known, judge(known, NOW)) == EndpointHealth(
        "Embedded engine",
        EndpointState.DEGRADED,
        "Embedded engine is 12 seconds behind.",
        "Close other programs, or use a faster server.",
    )
    known = inputs(S.STREAMING, retries=deque([(NOW - 1, SERVER)]))
    degraded = endpoint_health(known, judge(known, NOW))
    assert degraded is not None
    assert degraded.error == SERVER.as_record()
    assert endpoint_health(inputs(S.STARTING), judge(inputs(S.STARTING), NOW)) is None
