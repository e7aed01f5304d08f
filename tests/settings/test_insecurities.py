"""What is named as insecure, and that nothing else is."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from captioner.settings.endpoints import EndpointSettings
from captioner.settings.insecurities import insecurities

CREDENTIALS = SecretStr("user:pass-word")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"host": "localhost"}, []),
        ({"host": "127.0.0.1", "allow_plaintext_key": True}, []),
        ({"host": "localhost", "proxy": "http://127.0.0.1:1"}, []),
        ({"host": "localhost", "proxy": "http://proxy:1"}, ["tls"]),
        ({"host": "riva.example"}, ["tls"]),
        ({"host": "10.0.0.1", "allow_plaintext_key": True}, ["tls", "allow_plaintext_key"]),
        ({"host": "riva.example", "tls": True}, []),
        ({"host": "riva.example", "tls": True, "allow_plaintext_key": True}, []),
        ({"host": "riva.example", "tls": True, "target_name": "other"}, ["target_name"]),
        ({"host": "riva.example", "tls": False, "target_name": "other"}, ["tls"]),
        ({"host": "10.0.0.1", "tls": True}, ["ca_file"]),
        ({"host": "gpu", "tls": True}, ["ca_file"]),
        ({"host": "gpu", "tls": True, "ca_file": "/ca.pem"}, []),
        (
            {
                "host": "riva.example",
                "tls": True,
                "proxy": "http://proxy:1",
                "proxy_credentials": CREDENTIALS,
            },
            ["proxy"],
        ),
        (
            {
                "host": "riva.example",
                "tls": True,
                "proxy": "http://localhost:1",
                "proxy_credentials": CREDENTIALS,
            },
            [],
        ),
    ],
)
def test_insecure_settings_are_named(fields: dict[str, object], named: list[str]) -> None:
    found = insecurities(EndpointSettings.model_validate(fields))
    assert [each.field for each in found] == named
    for each in found:
        assert each.field in EndpointSettings.model_fields
        assert each.sentence.endswith(".")
        assert each.fix.endswith(".")
        assert "pass-word" not in f"{each.sentence} {each.fix}"
