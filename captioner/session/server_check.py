"""Whether a server could caption with the settings as they are, asked without sending audio."""

from __future__ import annotations

from captioner.asr.probe import probe
from captioner.core.health import EndpointHealth, EndpointState
from captioner.riva.models import for_streams, missing_model
from captioner.session.embedded import EMBEDDED_LANGUAGES
from captioner.session.endpoints import endpoint_with_key
from captioner.session.recognition import recognition_options
from captioner.settings.endpoints import EndpointSettings
from captioner.settings.models import Settings


async def check_server(server: EndpointSettings, settings: Settings) -> EndpointHealth:
    """Return how ``server`` is, which need not be one of ``settings``.

    Raises:
        CaptionerError: Its files or its key cannot be read.
    """
    endpoint = await endpoint_with_key(server)
    report = await probe(endpoint, limit_s=settings.connection.connect_timeout_s)
    asked = recognition_options(settings).with_model(endpoint.model)
    missing = missing_model(
        report.models, model=asked.model, language=asked.language, server=endpoint.title
    )
    if missing is None or not report.is_usable:
        return report.health
    return EndpointHealth(endpoint.title, EndpointState.DOWN, missing.message, missing.hint)


async def recognised_languages(settings: Settings) -> tuple[str, ...]:
    """Return the languages, as BCP 47 tags, that the preferred recogniser lists; none if it cannot.

    Raises:
        CaptionerError: The server's files or its key cannot be read.
    """
    if (server := settings.endpoint) is None:
        return EMBEDDED_LANGUAGES
    endpoint = await endpoint_with_key(server)
    report = await probe(endpoint, limit_s=settings.connection.connect_timeout_s)
    tags = [tag for model in for_streams(report.models) for tag in model.languages]
    return tuple(dict.fromkeys(tags))
