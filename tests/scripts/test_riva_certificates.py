"""095: certificates as clients and OpenSSL see them, and the profile that Captioner reads."""

from __future__ import annotations

import ipaddress
import json
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509

from tests.support.server_scripts import ServerScripts


@pytest.fixture
def deployment(server_scripts: ServerScripts) -> ServerScripts:
    """A machine that is there, without certificates."""
    server_scripts.environ["CAPTIONER"] = str(Path(sys.executable).with_name("captioner"))
    server_scripts.env_file.write_text(
        "DEPLOYMENT_ID=demo\nDEPLOY_ON=host\nRIVA_HOST=192.0.2.7\nTLS_MODE=mtls\n"
    )
    return server_scripts


def _server(scripts: ServerScripts) -> Path:
    return Path(scripts.environ["HOME"], ".config/captioner-demo-server")


def _client(scripts: ServerScripts) -> Path:
    return Path(scripts.environ["HOME"], ".config/captioner-demo")


def _read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def _verify(authority: Path, certificate: Path, *arguments: str) -> None:
    command = ["openssl", "verify", "-CAfile", str(authority), *arguments, str(certificate)]
    subprocess.run(command, check=True, capture_output=True, timeout=10)


def _contents(*folders: Path) -> dict[str, bytes]:
    return {
        str(file): file.read_bytes()
        for folder in folders
        for file in folder.glob("*")
        if file.is_file()
    }


def test_certificates_are_made_once_and_renewed_by_the_same_authority(
    deployment: ServerScripts,
) -> None:
    server, client = _server(deployment), _client(deployment)
    deployment.must("095", "--dry-run")
    assert not server.exists()
    assert not client.exists()
    shown = deployment.must("095", TLS_NAMES="gpu.lan,2001:db8::7")
    assert "Next: scripts/riva-100-connectivity.sh" in shown
    pem = server / "server.pem"
    names = _read(pem).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {
        "localhost",
        "captioner-demo",
        "gpu.lan",
    }
    addresses = {ipaddress.ip_address(each) for each in ("192.0.2.7", "127.0.0.1", "2001:db8::7")}
    assert set(names.get_values_for_type(x509.IPAddress)) == addresses
    _verify(client / "ca.pem", pem, "-purpose", "sslserver", "-verify_ip", "192.0.2.7")
    _verify(server / "ca.pem", client / "client.pem", "-purpose", "sslclient")
    for key in (*server.glob("*.key"), *client.glob("*.key")):
        assert key.stat().st_mode & 0o777 == 0o600
    assert {file.name for file in client.glob("*.key")} == {"client.key"}
    values = deployment.values()
    assert values["RIVA_SSL"] == "true"
    assert values["RIVA_SSL_CERT"] == f"{client}/ca.pem"
    assert values["RIVA_SSL_KEY"] == f"{client}/client.key"
    endpoint = json.loads((client / "settings.json").read_text())["endpoints"][0]
    assert (endpoint["host"], endpoint["tls"]) == ("192.0.2.7", True)
    assert endpoint["target_name"] == values["RIVA_TARGET_NAME"] == "captioner-demo"
    assert endpoint["client_key_file"] == "~/.config/captioner-demo/client.key"

    made = _contents(server, client)
    deployment.must("095", TLS_NAMES="gpu.lan,2001:db8::7")
    assert _contents(server, client) == made
    # Another address, and so another certificate of the same authority; clients need no new one.
    deployment.must("095", RIVA_HOST="198.51.100.9")
    _verify(client / "ca.pem", pem, "-verify_ip", "198.51.100.9")
    assert (client / "client.pem").read_bytes() == made[f"{client}/client.pem"]
    assert (server / "ca.pem").read_bytes() == made[f"{server}/ca.pem"]


@pytest.mark.slow
def test_what_is_expiring_or_was_half_written_is_made_anew(deployment: ServerScripts) -> None:
    server, client = _server(deployment), _client(deployment)
    deployment.must("095", TLS_DAYS="20", TLS_RENEW_DAYS="10")
    first = _contents(server, client)
    assert "for 20 days" in deployment.must("095", "--renew", TLS_DAYS="20", TLS_RENEW_DAYS="10")
    renewed = _contents(server, client)
    assert renewed[f"{server}/server.key"] != first[f"{server}/server.key"]
    assert renewed[f"{client}/ca.pem"] == first[f"{client}/ca.pem"]
    deployment.must("095")
    ends = _read(server / "server.pem").not_valid_after_utc
    assert ends - datetime.now(UTC) > timedelta(days=300)
    # Killed between the key and the certificate: a key that is not its key.
    (server / "server.key").write_bytes(renewed[f"{server}/server.key"])
    (client / "client.pem").unlink()
    deployment.must("095")
    _verify(client / "ca.pem", client / "client.pem")
    (server / "ca.key").unlink()
    assert "The key of the authority" in deployment.refused("095")
    deployment.must("095", TLS_MODE="disabled")
    assert deployment.values()["RIVA_SSL"] == "false"
    endpoint = json.loads((client / "settings.json").read_text())["endpoints"][0]
    assert not endpoint["tls"]


def test_step_killed_while_it_makes_the_authority_is_gone_on_with(
    deployment: ServerScripts,
) -> None:
    step = f"$(sed 's/.* //' {deployment.root}/build/riva/.env-*.step.lock)"
    kill = f'[ "$1" != req ] || kill -KILL {step}; exec /usr/bin/openssl "$@"'
    calls = deployment.stand_in("openssl", kill)
    assert deployment.run("095").returncode == -signal.SIGKILL
    (deployment.commands / "openssl").unlink()
    deployment.must("095")
    _verify(_client(deployment) / "ca.pem", _server(deployment) / "server.pem")
    assert "PRIVATE KEY" not in calls.read_text()


def test_given_files_are_taken_and_checked(deployment: ServerScripts, tmp_path: Path) -> None:
    authority, other = trustme.CA(), trustme.CA()
    pair, stranger = authority.issue_cert("192.0.2.7"), other.issue_cert("elsewhere.example")
    now = datetime.now(UTC)
    old = authority.issue_cert("192.0.2.7", not_after=now - timedelta(days=1))
    for name, each in {"good": pair, "stranger": stranger, "old": old}.items():
        each.cert_chain_pems[0].write_to_path(tmp_path / f"{name}.pem")
        each.private_key_pem.write_to_path(tmp_path / f"{name}.key")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")

    def given(name: str, key: str = "") -> dict[str, str]:
        return {
            "TLS_MODE": "tls",
            "TLS_CERT_FILE": str(tmp_path / f"{name}.pem"),
            "TLS_KEY_FILE": str(tmp_path / f"{key or name}.key"),
        }

    with_authority = {"TLS_CA_FILE": str(tmp_path / "ca.pem")}
    refused = deployment.refused
    assert "is not the key of" in refused("095", **given("good", "old"))
    assert "is not for 192.0.2.7" in refused("095", **given("stranger"))
    named = given("stranger") | {"RIVA_TARGET_NAME": "elsewhere.example"}
    assert "Would: Take" in deployment.must("095", "--dry-run", **named)
    assert "does not come from" in refused("095", **given("stranger"), **with_authority)
    assert "has expired" in refused("095", **given("old"))
    assert "no TLS_CERT_FILE" in refused("095", TLS_KEY_FILE=str(tmp_path / "good.key"))
    deployment.must("095", **given("good"), **with_authority)
    server, client = _server(deployment), _client(deployment)
    assert (server / "server.key").read_bytes() == (tmp_path / "good.key").read_bytes()
    assert (client / "ca.pem").read_bytes() == (tmp_path / "ca.pem").read_bytes()
    assert not (server / "ca.key").exists()
    assert "RIVA_SSL_CLIENT_CERT" not in deployment.values()
