"""The settings as immutable snapshots. A change makes a new snapshot; nothing is set in place."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field, field_validator

from captioner.core.stability import StabilityMode
from captioner.settings.base import SettingsModel
from captioner.settings.bridge import BridgeSettings
from captioner.settings.desktop import DesktopSettings, ShortcutSettings
from captioner.settings.endpoints import EMBEDDED, ConnectionSettings, EndpointSettings
from captioner.settings.feed import FeedSettings
from captioner.settings.history import HistorySettings
from captioner.settings.overlay import OverlaySettings
from captioner.settings.recognition import RecognitionSettings
from captioner.settings.updates import UpdateSettings
from captioner.settings.vocabulary import Replacement, VocabularySettings

SETTINGS_VERSION: Final = 2
"""Written into the settings file; raised when a field changes its meaning."""

_SOURCES: Final = ("auto", "system", "mic", "both", "-")
_FILE: Final = "file:"


class AudioSettings(SettingsModel):
    """What is heard.

    Attributes:
        source: ``auto`` (system audio where there is any, else the microphone), ``system``,
            ``mic``, ``both`` (microphone and system audio, told apart), ``file:PATH``, or ``-``
            (raw PCM on standard input).
        device: Name of the output or microphone to use; None follows the system's default. With
            ``both`` the next two count instead.
        mic_device: The same for the microphone of ``both``.
        system_device: The same for the output of ``both``.
        echo_cancelled: Whether a microphone is heard through the sound server's echo canceller,
            where one is loaded for it; ``both`` always does.
        chunk_ms: Length of the pieces that are sent, in milliseconds.
    """

    source: str = "auto"
    device: str | None = None
    mic_device: str | None = None
    system_device: str | None = None
    echo_cancelled: bool = False
    chunk_ms: int = Field(default=100, ge=20, le=500)

    @property
    def is_device(self) -> bool:
        """Whether sound is heard as it happens; a file or a pipe can be waited with."""
        return self.source != "-" and not self.source.startswith(_FILE)

    @field_validator("source")
    @classmethod
    def _is_a_source(cls, value: str) -> str:
        if value not in _SOURCES and not (value.startswith(_FILE) and value != _FILE):
            raise ValueError(f"choose one of {', '.join(_SOURCES)}, or {_FILE}PATH")
        return value


class CaptionSettings(SettingsModel):
    """How partials become what the reader sees.

    Attributes:
        stability: How much of an unsteady partial is shown.
        quiet_gap_s: After so long without news an open caption is made final.
        suppress_echo: Whether, with ``both``, the microphone's words are left out that only repeat
            what the loudspeaker said.
        replacements: Words that the recogniser gets wrong, and what to show for them; those of
            the chosen vocabulary come first.
    """

    stability: StabilityMode = StabilityMode.BALANCED
    quiet_gap_s: float = Field(default=5.0, ge=1.0, le=30.0)
    suppress_echo: bool = True
    replacements: tuple[Replacement, ...] = ()


class EngineSettings(SettingsModel):
    """The embedded engine.

    Attributes:
        backend: ``moonshine`` recognises; ``mock`` plays a script and says so everywhere.
        mock_script: File for the mock back end.
    """

    backend: Literal["moonshine", "mock"] = "moonshine"
    mock_script: str | None = None


class Settings(SettingsModel):
    """All settings of one profile.

    Attributes:
        version: Of the settings file.
        audio: What is heard.
        endpoints: Servers in the order in which they are preferred; none uses the embedded engine.
            `servers` has them as `ConnectionSettings.recogniser` wants them.
        connection: How a connection is kept.
        recognition: What is asked of the server.
        captions: How partials become what the reader sees.
        overlay: How the overlay looks.
        engine: The embedded engine.
        vocabularies: Named sets of phrases and replacements, one of which may be chosen.
        history: What is kept of the captions.
        feed: Captions for other programs.
        bridge: Captions of audio that other programs send.
        shortcuts: Keys that work everywhere.
        desktop: The program as a whole.
        updates: The look for newer versions.
    """

    version: int = SETTINGS_VERSION
    audio: AudioSettings = AudioSettings()
    endpoints: tuple[EndpointSettings, ...] = ()
    connection: ConnectionSettings = ConnectionSettings()
    recognition: RecognitionSettings = RecognitionSettings()
    captions: CaptionSettings = CaptionSettings()
    overlay: OverlaySettings = OverlaySettings()
    engine: EngineSettings = EngineSettings()
    vocabularies: tuple[VocabularySettings, ...] = ()
    history: HistorySettings = HistorySettings()
    feed: FeedSettings = FeedSettings()
    bridge: BridgeSettings = BridgeSettings()
    shortcuts: ShortcutSettings = ShortcutSettings()
    desktop: DesktopSettings = DesktopSettings()
    updates: UpdateSettings = UpdateSettings()

    @field_validator("vocabularies")
    @classmethod
    def _names_differ(
        cls, vocabularies: tuple[VocabularySettings, ...]
    ) -> tuple[VocabularySettings, ...]:
        names = [each.name.casefold() for each in vocabularies]
        if len(set(names)) < len(names):
            raise ValueError("each vocabulary needs a name of its own")
        return vocabularies

    @property
    def vocabulary(self) -> VocabularySettings | None:
        """The chosen vocabulary; None where none is chosen, or where it is gone."""
        wanted = self.recognition.vocabulary.casefold()
        return next((each for each in self.vocabularies if each.name.casefold() == wanted), None)

    @property
    def servers(self) -> tuple[EndpointSettings, ...]:
        """The servers to be used, the chosen one first; none where the embedded engine is."""
        chosen = self.connection.recogniser
        if chosen == EMBEDDED:
            return ()
        return tuple(sorted(self.endpoints, key=lambda each: each.account != chosen))

    @property
    def endpoint(self) -> EndpointSettings | None:
        """The preferred server; None means the embedded engine."""
        return next(iter(self.servers), None)

    @property
    def recogniser(self) -> str:
        """Who is preferred, named as in `ConnectionSettings.recogniser`."""
        return EMBEDDED if self.endpoint is None else self.endpoint.account
