"""The sentence that says why there are no captions, with a real sound server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from captioner.core.health import Concern, HealthState
from captioner.session.controller import CaptionSession
from captioner.settings.models import AudioSettings
from tests.session.test_channels_sound import clip, listen
from tests.session.test_session import settings_for
from tests.support.pulse import SoundServer
from tests.support.riva_server import serve_riva
from tests.support.wait import until

__all__ = ["clip"]

pytestmark = pytest.mark.sound


@asynccontextmanager
async def hearing(source: str) -> AsyncIterator[CaptionSession]:
    async with serve_riva(listen) as server:
        settings = settings_for(server).model_copy(update={"audio": AudioSettings(source=source)})
        session = CaptionSession(settings, patient=True)
        await session.start()
        try:
            yield session
        finally:
            await session.close()


async def says(session: CaptionSession, sentence: str, *, limit_s: float = 5.0) -> None:
    await until(lambda: session.health.sentence == sentence, limit_s=limit_s)


async def test_a_muted_microphone_is_named_within_seconds_and_so_is_its_return(
    sound_server: SoundServer, clip: Path
) -> None:
    async with hearing("mic") as session:
        sound_server.play(clip, sink="mic_sink")
        await says(session, "Listening to virtual_mic.")
        sound_server.pactl("set-source-mute", "virtual_mic", "1")
        await says(session, "virtual_mic is muted: no sound comes through.", limit_s=3.0)
        assert session.health.state is HealthState.NO_AUDIO
        assert session.health.concern is Concern.SOURCE
        sound_server.pactl("set-source-mute", "virtual_mic", "0")
        sound_server.play(clip, sink="mic_sink")
        await says(session, "Listening to virtual_mic.", limit_s=3.0)
        sound_server.pactl("set-source-volume", "virtual_mic", "0")
        await says(session, "The volume of virtual_mic is zero.", limit_s=3.0)


async def test_an_output_is_muted_or_another_one_plays(
    sound_server: SoundServer, clip: Path
) -> None:
    async with hearing("system") as session:
        player = sound_server.play(clip)
        await says(session, "Listening to speakers.")
        sound_server.pactl("set-sink-mute", "speakers", "1")
        await says(session, "speakers is muted: no sound comes through.", limit_s=3.0)
        player.terminate()
        sound_server.pactl("set-sink-mute", "speakers", "0")
        await says(session, "Nothing is playing on speakers.", limit_s=15.0)
        player = sound_server.play(clip, sink="headphones")
        elsewhere = "Nothing is playing on speakers, but something plays on headphones."
        await says(session, elsewhere, limit_s=3.0)
        assert "Choose headphones" in session.health.hint
        assert session.health.other_output == "headphones"
        player.terminate()
        await says(session, "Nothing is playing on speakers.")
