"""Every error that a user can meet, as one tree.

Each error knows its category, says what happened in a sentence that needs no manual, and names a
fix. ``CaptionerError`` itself is never raised.

::

    CaptionerError
    ├── ConfigurationError      settings, options, or environment that make no sense
    ├── CredentialsError        the server refused the key                     (never retried)
    ├── RequestError            the server refused the request                 (never retried)
    ├── TlsError                the secure connection could not be made        (never retried)
    ├── UnavailableError        the server cannot be reached, or broke off     (retried)
    ├── OverloadedError         the server has no room now                     (retried slowly)
    ├── ProtocolError           the other side does not speak the protocol     (never retried)
    ├── AudioDeviceError        a microphone or output that cannot be opened   (retried)
    ├── InputFileError          a file that cannot be read as audio
    ├── EngineError             the embedded engine did not start or died      (retried)
    ├── UnsupportedError        this computer or build lacks what is asked for
    └── FaultError              a mistake of our own; the log has the details
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, TypedDict


class ErrorCategory(StrEnum):
    """Coarse kind of an error; decides retries and exit codes."""

    CONFIGURATION = "configuration"
    CREDENTIALS = "credentials"
    REQUEST = "request"
    TLS = "tls"
    UNAVAILABLE = "unavailable"
    OVERLOADED = "overloaded"
    PROTOCOL = "protocol"
    AUDIO_DEVICE = "audio_device"
    INPUT_FILE = "input_file"
    ENGINE = "engine"
    UNSUPPORTED = "unsupported"
    FAULT = "fault"


class ErrorRecord(TypedDict):
    """An error as plain data: one for ``--json``, logs, health and events over WebSocket."""

    category: str
    code: str
    message: str
    hint: str
    retryable: bool


class CaptionerError(Exception):
    """Base of all errors that are fit to be shown to a user.

    Args:
        message: What happened, one sentence in plain words.
        hint: What to do about it; empty when nothing can be done.
        code: Machine-readable detail, such as a gRPC status name; empty when there is none.
    """

    category: ClassVar[ErrorCategory]
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "", code: str = "") -> None:
        """Keep the parts; the exception's text is the message alone."""
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code

    def as_record(self) -> ErrorRecord:
        """Return the error as plain data."""
        return {
            "category": self.category.value,
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "retryable": self.retryable,
        }


class ConfigurationError(CaptionerError):
    """Settings, options, or environment that make no sense."""

    category = ErrorCategory.CONFIGURATION


class CredentialsError(CaptionerError):
    """The server refused the key."""

    category = ErrorCategory.CREDENTIALS


class RequestError(CaptionerError):
    """The server refused the request as such: unknown model, language, or rate."""

    category = ErrorCategory.REQUEST


class TlsError(CaptionerError):
    """The secure connection could not be made."""

    category = ErrorCategory.TLS


class UnavailableError(CaptionerError):
    """The server cannot be reached, or broke off."""

    category = ErrorCategory.UNAVAILABLE
    retryable = True


class OverloadedError(CaptionerError):
    """The server has no room for another stream now."""

    category = ErrorCategory.OVERLOADED
    retryable = True


class ProtocolError(CaptionerError):
    """The other side does not speak the Riva protocol."""

    category = ErrorCategory.PROTOCOL


class AudioDeviceError(CaptionerError):
    """A microphone or output that cannot be opened, or that went away."""

    category = ErrorCategory.AUDIO_DEVICE
    retryable = True


class InputFileError(CaptionerError):
    """A file that cannot be read as audio."""

    category = ErrorCategory.INPUT_FILE


class EngineError(CaptionerError):
    """The embedded engine did not start, or died."""

    category = ErrorCategory.ENGINE
    retryable = True


class UnsupportedError(CaptionerError):
    """This computer or build lacks what is asked for."""

    category = ErrorCategory.UNSUPPORTED


class FaultError(CaptionerError):
    """A mistake of our own; the log has the details."""

    category = ErrorCategory.FAULT


def error_record(error: BaseException) -> ErrorRecord:
    """Return ``error`` as plain data; what no user was to meet is a fault, its code the type."""
    if isinstance(error, CaptionerError):
        return error.as_record()
    return {
        "category": ErrorCategory.FAULT.value,
        "code": type(error).__name__,
        "message": str(error),
        "hint": "",
        "retryable": False,
    }
