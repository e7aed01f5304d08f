"""The settings as immutable snapshots. A change makes a new snapshot; nothing is set in place."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from captioner.core.stability import StabilityMode

SETTINGS_VERSION: Final = 1
"""Written into the settings file; raised when a field changes its meaning."""


class SettingsModel(BaseModel):
    """Base of all settings: frozen, and unknown names are errors, so that a typo is not silent."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AudioSettings(SettingsModel):
    """What is heard.

    Attributes:
        source: ``auto`` (system audio where there is any, else the microphone), ``system``,
            ``mic``, ``file:PATH``, or ``-`` (raw PCM on standard input).
        device: Name of the output or microphone to use; None follows the system's default.
        chunk_ms: Length of the pieces that are sent, in milliseconds.
    """

    source: str = Field(default="auto", pattern=r"^(auto|system|mic|file:.+|-)$")
    device: str | None = None
    chunk_ms: int = Field(default=100, ge=20, le=500)


class ServerSettings(SettingsModel):
    """Where speech is recognised.

    Attributes:
        host: Name or address of a Riva server; None uses the embedded engine.
        port: Its gRPC port.
        tls: Whether the connection is encrypted.
        ca_file: PEM file with the authority to trust; None trusts the system's.
        api_key: Bearer token; comes from the environment or the keyring, never from a file.
        model: Name of the model; empty lets the server choose.
        language: BCP 47 tag of the spoken language.
        punctuation: Whether the server is asked for punctuation.
        word_times: Whether the server is asked for the times of words.
        connect_timeout_s: How long a connection may take.
        response_timeout_s: How long the first answer to speech may take before the stream is
            taken for dead.
        drain_timeout_s: How long to wait for the last words after stop.
        max_retries: Tries in a row without an answer before giving up; 0 tries for ever.
        retry_delay_s: Upper bound of the first delay between two tries.
    """

    host: str | None = Field(default=None, min_length=1)
    port: int = Field(default=50051, ge=1, le=65535)
    tls: bool = False
    ca_file: str | None = None
    api_key: SecretStr | None = Field(default=None, exclude=True, repr=False)
    model: str = ""
    language: str = "en-US"
    punctuation: bool = True
    word_times: bool = True
    connect_timeout_s: float = Field(default=5.0, gt=0, le=120)
    response_timeout_s: float = Field(default=15.0, gt=0, le=600)
    drain_timeout_s: float = Field(default=3.0, gt=0, le=60)
    max_retries: int = Field(default=0, ge=0)
    retry_delay_s: float = Field(default=0.25, gt=0, le=60)


class CaptionSettings(SettingsModel):
    """How partials become what the reader sees.

    Attributes:
        stability: How much of an unsteady partial is shown.
        quiet_gap_s: After so long without news an open caption is made final.
    """

    stability: StabilityMode = StabilityMode.BALANCED
    quiet_gap_s: float = Field(default=5.0, ge=1.0, le=30.0)


class WindowGeometry(SettingsModel):
    """Where the overlay was left, in logical pixels of the virtual desktop."""

    x: int
    y: int
    width: int = Field(ge=160)
    height: int = Field(ge=24)


class OverlaySettings(SettingsModel):
    """How the overlay looks.

    Attributes:
        lines: Lines of text that are visible.
        columns: Characters that fit on a line of the default width; lines break at the real one.
        font_family: Name of the font; empty takes the system's.
        font_px: Height of the font in logical pixels.
        background_opacity: 0.0 (none) to 1.0 (solid).
        geometry: Where it was left; None puts it at the bottom of the main screen.
    """

    lines: int = Field(default=2, ge=1, le=8)
    columns: int = Field(default=42, ge=20, le=120)
    font_family: str = ""
    font_px: int = Field(default=28, ge=12, le=120)
    background_opacity: float = Field(default=0.75, ge=0.0, le=1.0)
    geometry: WindowGeometry | None = None


class EngineSettings(SettingsModel):
    """The embedded engine.

    Attributes:
        backend: ``moonshine`` recognises; ``mock`` plays a script and says so everywhere.
        mock_script: File for the mock back end.
    """

    backend: Literal["moonshine", "mock"] = "moonshine"
    mock_script: str | None = None


class Settings(SettingsModel):
    """All settings of one profile."""

    version: int = SETTINGS_VERSION
    audio: AudioSettings = AudioSettings()
    server: ServerSettings = ServerSettings()
    captions: CaptionSettings = CaptionSettings()
    overlay: OverlaySettings = OverlaySettings()
    engine: EngineSettings = EngineSettings()
