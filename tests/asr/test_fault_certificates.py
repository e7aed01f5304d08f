"""Encrypted streams: breaks lose nothing, and a certificate that turns bad is told at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from captioner.core.errors import TlsError
from tests.asr.test_fault_strangers import back, move_to
from tests.support.coded_speech import speak
from tests.support.fault_outcome import numbers_in
from tests.support.fault_run import caption, reference
from tests.support.fault_stage import Fault, Stage
from tests.support.riva_server import ServedStream, serve_riva

SPEECH = speak(14, seed=12)
DAY = timedelta(days=1)
MID_WORD = SPEECH.middle_of(1, 1)


class Papers:
    """Files of one authority and of a client that it knows, as fields of an endpoint."""

    def __init__(self, authority: trustme.CA, folder: Path) -> None:
        issued = authority.issue_cert("captioner.example")
        authority.cert_pem.write_to_path(folder / "ca.pem")
        issued.private_key_pem.write_to_path(folder / "client.key")
        chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
        (folder / "client.pem").write_bytes(chain)
        self.server = {"tls": True, "ca_file": str(folder / "ca.pem")}
        self.both = self.server | {
            "client_cert_file": str(folder / "client.pem"),
            "client_key_file": str(folder / "client.key"),
        }


@pytest.fixture
def papers(authority: trustme.CA, tmp_path: Path) -> Papers:
    return Papers(authority, tmp_path)


async def _nobody(_stream: ServedStream) -> None:
    raise AssertionError("nobody gets here")


@asynccontextmanager
async def other_server(**options: Any) -> AsyncIterator[int]:  # noqa: ANN401 - those of `RivaServer`
    """Run a server that nobody must reach, and yield its port."""
    async with serve_riva(_nobody, **options) as server:
        yield server.port


def bad_servers(authority: trustme.CA) -> dict[str, dict[str, Any]]:
    ended = datetime.now(UTC) - DAY
    return {
        "unknown authority": {"authority": trustme.CA()},
        "expired": {"authority": authority, "validity": (ended - DAY, ended)},
        "another host": {"authority": authority, "certified": ["other.example"]},
    }


BAD = {
    "unknown authority": "not trusted",
    "expired": "expired",
    "another host": "is not for 127.0.0.1",
}


async def test_breaks_of_an_encrypted_stream_lose_nothing(
    authority: trustme.CA, papers: Papers
) -> None:
    def reset(stage: Stage) -> None:
        stage.proxy.reset()

    breaks = [Fault(SPEECH.middle_of(n, 0), reset) for n in (1, 2, 3)]
    outcome = await caption(
        SPEECH,
        breaks,
        serve={"authority": authority, "wants_client": True},
        reach=papers.both,
    )
    outcome.require(await reference(SPEECH))
    assert len(outcome.streams) >= 3


@pytest.mark.parametrize("why", BAD)
async def test_a_certificate_that_is_bad_from_the_start(
    why: str, authority: trustme.CA, papers: Papers
) -> None:
    outcome = await caption(SPEECH, serve=bad_servers(authority)[why], reach=papers.server)
    assert isinstance(outcome.error, TlsError), outcome.error
    assert BAD[why] in outcome.error.message
    assert outcome.error.hint
    assert outcome.finals == []
    assert outcome.connections <= 3, "not tried again"


@pytest.mark.parametrize("why", BAD)
async def test_a_certificate_that_turns_bad(
    why: str, authority: trustme.CA, papers: Papers
) -> None:
    """The server is replaced by another: the audio does not go there, and what was shown stays."""
    async with other_server(**bad_servers(authority)[why]) as port:
        outcome = await caption(
            SPEECH,
            [Fault(MID_WORD, move_to(port))],
            serve={"authority": authority},
            reach=papers.server,
        )
    assert isinstance(outcome.error, TlsError), outcome.error
    assert BAD[why] in outcome.error.message
    shown = [word.number for word in SPEECH.words if word.end <= MID_WORD]
    assert numbers_in(" ".join(segment.text for segment in outcome.finals)) == shown
    assert outcome.connections <= 5, "not tried again and again"


async def test_a_client_certificate_that_is_missing_is_named(
    authority: trustme.CA, papers: Papers
) -> None:
    """GRPC's server hangs up without a reason, so it is tried again, and the reason looked for."""
    outcome = await caption(
        SPEECH,
        serve={"authority": authority, "wants_client": True},
        reach=papers.server,
        max_retries=2,
    )
    assert outcome.error is not None
    assert "client certificate" in outcome.error.hint
    assert outcome.streams == []


async def test_a_server_that_wants_client_certificates_for_a_while(
    authority: trustme.CA, papers: Papers
) -> None:
    async with other_server(authority=authority, wants_client=True) as port:
        outcome = await caption(
            SPEECH,
            [Fault(MID_WORD, move_to(port)), Fault(MID_WORD + 48_000, back)],
            serve={"authority": authority},
            reach=papers.server,
        )
    outcome.require(await reference(SPEECH))
