"""The states of a caption session and the moves between them that are allowed."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class SessionState(StrEnum):
    """Where a session stands."""

    IDLE = "idle"
    STARTING = "starting"
    STREAMING = "streaming"
    RECONNECTING = "reconnecting"
    STOPPING = "stopping"
    FAILED = "failed"


_S = SessionState

TRANSITIONS: Final[dict[SessionState, frozenset[SessionState]]] = {
    _S.IDLE: frozenset({_S.STARTING}),
    _S.STARTING: frozenset({_S.STREAMING, _S.RECONNECTING, _S.STOPPING, _S.FAILED}),
    _S.STREAMING: frozenset({_S.RECONNECTING, _S.STOPPING, _S.FAILED}),
    _S.RECONNECTING: frozenset({_S.STREAMING, _S.STOPPING, _S.FAILED}),
    _S.STOPPING: frozenset({_S.IDLE, _S.FAILED}),
    _S.FAILED: frozenset({_S.STARTING, _S.IDLE}),
}
"""For each state, the states that may follow it."""


def check_transition(old: SessionState, new: SessionState) -> None:
    """Raise ``ValueError`` when ``new`` may not follow ``old``: a fault in our own code."""
    if new not in TRANSITIONS[old]:
        message = f"a session cannot go from {old} to {new}"
        raise ValueError(message)
