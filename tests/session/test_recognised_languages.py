"""What a recogniser says that it understands."""

from __future__ import annotations

from captioner.riva.models import ServerModel
from captioner.session.examination import recognised_languages
from captioner.settings.endpoints import EndpointSettings
from captioner.settings.models import Settings
from tests.support.riva_server import ServedStream, serve_riva


async def hear(stream: ServedStream) -> None:
    raise AssertionError("nobody sends audio to learn of languages")


async def test_the_languages_of_its_models_for_streams_are_listed_once() -> None:
    models = (
        ServerModel("parakeet", "de-DE, en-US"),
        ServerModel("canary", "en-US"),
        ServerModel("whisper", "fr-FR", "offline"),
    )
    async with serve_riva(hear, models=models) as server:
        listed = await recognised_languages(
            Settings(endpoints=(EndpointSettings(host="127.0.0.1", port=server.port),))
        )

    assert listed == ("de-DE", "en-US")


async def test_a_server_that_is_not_there_lists_none() -> None:
    absent = EndpointSettings(host="127.0.0.1", port=1)

    assert await recognised_languages(Settings(endpoints=(absent,))) == ()


async def test_the_embedded_engine_understands_english() -> None:
    assert await recognised_languages(Settings()) == ("en-US",)
