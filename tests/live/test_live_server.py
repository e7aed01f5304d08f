"""Streaming, breaks and encryption with a real server. `pytest -m live` runs them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from captioner.asr.endpoint import Endpoint
from captioner.asr.probe import probe
from captioner.asr.verdict import EndpointReport
from captioner.core.errors import TlsError
from captioner.session.endpoints import endpoint_with_key
from captioner.settings.endpoints import EndpointSettings
from captioner.settings.models import Settings
from tests.support.clip_run import ClipOutcome, caption_clip
from tests.support.clips import BECKETT, TWO_CITIES
from tests.support.fault_proxy import FaultProxy

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]

INTELLIGIBLE = 0.35
"""Word error rate below which a recogniser has understood: whichever it is, and in English."""

ALLOWED = 0.05
LIMIT_S = 180.0


@pytest.fixture
async def endpoint(live_server: EndpointSettings) -> Endpoint:
    return await endpoint_with_key(live_server)


def require_order(outcome: ClipOutcome) -> None:
    ends_ms = 0
    for segment in outcome.finals:
        assert segment.start_ms >= ends_ms - 1
        assert segment.end_ms >= segment.start_ms
        ends_ms = segment.end_ms


async def down(endpoint: Endpoint) -> EndpointReport:
    report = await probe(endpoint, limit_s=10.0)
    assert report.error is not None, f"{report.state}: {report.reason}"
    return report


async def test_it_is_ready_and_lists_models(endpoint: Endpoint) -> None:
    report = await probe(endpoint, limit_s=10.0)
    assert report.is_usable, f"{report.reason} {report.fix}"
    assert report.error is None


async def test_speech_is_captioned_while_it_is_spoken(live_settings: Settings) -> None:
    outcome = await caption_clip(BECKETT, live_settings, realtime=True)
    assert outcome.error_rate <= INTELLIGIBLE, "the clip was not understood"
    assert outcome.partials > 0
    assert outcome.gaps == []
    require_order(outcome)
    # The clip lasts ten seconds, and nobody speaks in the last moment of it.
    assert outcome.finals[-1].end_ms <= 10_100


async def test_breaks_cost_hardly_a_word(
    live_settings: Settings, through_proxy: Settings, proxy: FaultProxy
) -> None:
    async def reset() -> None:
        proxy.reset()

    async def pause() -> None:
        proxy.pause()
        asyncio.get_running_loop().call_later(5.0, proxy.passes)

    wanted = await caption_clip(TWO_CITIES, live_settings, limit_s=LIMIT_S)
    assert wanted.error_rate <= INTELLIGIBLE, "the clip was not understood"
    outcome = await caption_clip(
        TWO_CITIES, through_proxy, {14.0: reset, 24.0: pause, 35.0: reset}, limit_s=LIMIT_S
    )
    assert proxy.accepted >= 3
    assert outcome.gaps == []
    assert outcome.error_rate <= wanted.error_rate + ALLOWED
    require_order(outcome)


async def test_the_other_kind_of_connection_is_named(endpoint: Endpoint) -> None:
    """Plain text to a server that wants TLS, or TLS to one that does not."""
    # A key must not be sent where the connection may not be encrypted.
    other = replace(endpoint, tls=not endpoint.tls, token=None)
    report = await down(other)
    assert "RIVA_SSL" in report.fix


async def test_a_certificate_of_an_authority_that_is_not_trusted_is_refused(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    if not endpoint.tls:
        pytest.skip("RIVA_SSL is not true: this server is reached in plain text")
    path = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(path)
    report = await down(replace(endpoint, ca_file=str(path)))
    assert isinstance(report.error, TlsError)
    assert "RIVA_SSL_CERT" in report.fix


async def test_a_certificate_for_another_name_is_refused(endpoint: Endpoint) -> None:
    if not endpoint.tls:
        pytest.skip("RIVA_SSL is not true: this server is reached in plain text")
    report = await down(replace(endpoint, target_name="nobody.example"))
    assert isinstance(report.error, TlsError)
