"""The server that environment and command line describe: one, by its host, field by field."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from captioner.core.errors import ConfigurationError
from captioner.settings.endpoints import EndpointSettings
from captioner.settings.fields import all_values
from captioner.settings.paths import ProfilePaths
from captioner.settings.store import LoadedSettings, load_settings, save_settings

GPU = {"host": "gpu", "port": 50052, "tls": True, "name": "My GPU"}
HOSTED = {
    "host": "grpc.example",
    "port": 443,
    "tls": True,
    "function_id": "f-1",
    "metadata": {"x-tenant": "blue"},
}
LISTED = [HOSTED, GPU]


@pytest.fixture
def paths(tmp_path: Path) -> ProfilePaths:
    paths = ProfilePaths.under(tmp_path)
    save_settings(paths, {"endpoints": LISTED})
    return paths


def load(
    paths: ProfilePaths, overrides: dict[str, object] | None = None, **environ: str
) -> LoadedSettings:
    return load_settings(paths, environ=environ, overrides=overrides)


def listed(loaded: LoadedSettings) -> list[dict[str, object]]:
    return [each.model_dump(exclude_defaults=True) for each in loaded.settings.endpoints]


def test_the_list_is_used_in_its_order(paths: ProfilePaths) -> None:
    loaded = load(paths)
    assert listed(loaded) == LISTED
    assert loaded.settings.endpoint == EndpointSettings.model_validate(HOSTED)
    assert loaded.provenance["endpoints.0.host"] == str(paths.settings_file)
    assert loaded.provenance["endpoints.0.ca_file"] == "default"


def test_a_listed_host_comes_first_with_what_is_said_on_top(paths: ProfilePaths) -> None:
    loaded = load(paths, RIVA_HOST="GPU", RIVA_SSL_CERT="/ca.pem")
    assert listed(loaded) == [GPU | {"host": "GPU", "ca_file": "/ca.pem"}, HOSTED]
    origins = loaded.provenance
    assert origins["endpoints.0.host"] == "RIVA_HOST (environment)"
    assert origins["endpoints.0.ca_file"] == "RIVA_SSL_CERT (environment)"
    assert origins["endpoints.0.tls"] == origins["endpoints.1.host"] == str(paths.settings_file)
    assert loaded.locked_by("endpoints.0.host") == "RIVA_HOST (environment)"
    assert loaded.locked_by("endpoints.0.tls") is None
    assert loaded.locked_by("endpoints.0.http_port") is None


@pytest.mark.parametrize("server", [{"RIVA_HOST": "new"}, {"RIVA_HOST": "gpu", "RIVA_PORT": "1"}])
def test_another_host_takes_nothing_of_a_listed_one(
    paths: ProfilePaths, server: dict[str, str]
) -> None:
    loaded = load(paths, RIVA_SSL="true", **server)
    expected: dict[str, object] = {"host": server["RIVA_HOST"], "tls": True}
    if "RIVA_PORT" in server:
        expected["port"] = 1
    assert listed(loaded) == [expected, *LISTED]


def test_a_listed_port_is_found_by_number(paths: ProfilePaths) -> None:
    save_settings(paths, {"endpoints": [{"host": "a", "tls": True}, {"host": "a", "port": 2}]})
    assert listed(load(paths, RIVA_HOST="a", RIVA_PORT="2")) == [
        {"host": "a", "port": 2},
        {"host": "a", "tls": True},
    ]
    assert listed(load(paths, RIVA_HOST="a", RIVA_PORT="50051"))[0] == {"host": "a", "tls": True}


def test_without_a_host_the_first_listed_server_is_meant(paths: ProfilePaths) -> None:
    loaded = load(paths, RIVA_API_KEY="k-secret", RIVA_PORT="8443")
    assert listed(loaded) == [HOSTED | {"port": 8443}, GPU]
    first, second = loaded.settings.endpoints
    assert first.api_key is not None
    assert second.api_key is None


def test_what_was_meant_for_one_host_is_not_sent_to_another(paths: ProfilePaths) -> None:
    paths.env_file.write_text(
        "RIVA_HOST=first\nRIVA_API_KEY=k-secret\nRIVA_FUNCTION_ID=f-2\nRIVA_SSL=true\n"
        "RIVA_PROXY=http://u:p@proxy:1\nRIVA_MODEL=m\n",
        encoding="utf-8",
    )
    assert load(paths).settings.endpoints[0].secrets == ("k-secret", "u:p", "p", "p")
    for other in (
        load(paths, RIVA_HOST="second"),
        load(paths, {"endpoint.host": "second"}),
        load(paths, {"endpoint.host": "second"}, RIVA_HOST="third", RIVA_API_KEY="k-secret"),
    ):
        assert listed(other) == [{"host": "second"}, *LISTED]
        assert not other.settings.endpoints[0].secrets
        assert other.settings.recognition.model == "m"
    same = load(paths, {"endpoint.host": "FIRST", "endpoint.port": 9})
    assert same.settings.endpoints[0].api_key is not None
    assert same.settings.endpoints[0].port == 9


FIELDS = {
    "endpoint.port": ("RIVA_PORT", 1, 2, 3, 4),
    "endpoint.tls": ("RIVA_SSL", "false", "true", "false", "true"),
    "endpoint.ca_file": ("RIVA_SSL_CERT", "/1", "/2", "/3", "/4"),
    "endpoint.client_cert_file": ("RIVA_SSL_CLIENT_CERT", "/1", "/2", "/3", "/4"),
    "endpoint.client_key_file": ("RIVA_SSL_KEY", "/1", "/2", "/3", "/4"),
    "endpoint.target_name": ("RIVA_TARGET_NAME", "a", "b", "c", "d"),
    "endpoint.proxy": ("RIVA_PROXY", "none", "http://a:1", "http://b:1", "system"),
    "endpoint.http_port": ("RIVA_HTTP_PORT", 1, 2, 3, 4),
    "endpoint.function_id": ("RIVA_FUNCTION_ID", "a", "b", "c", "d"),
    "recognition.model": ("RIVA_MODEL", "a", "b", "c", "d"),
    "recognition.language": ("RIVA_LANGUAGE_CODE", "a", "b", "c", "d"),
    "recognition.punctuation": (
        "RIVA_ENABLE_AUTOMATIC_PUNCTUATION",
        "false",
        "true",
        "false",
        "true",
    ),
    "recognition.word_times": ("RIVA_ENABLE_WORD_TIME_OFFSETS", "no", "yes", "no", "yes"),
    "recognition.partials": ("RIVA_ENABLE_PARTIAL_RESULTS", "0", "1", "0", "1"),
    "connection.connect_timeout_s": ("RIVA_TIMEOUT_MS", 1.0, "2000", "3000", 4.0),
    "connection.max_retries": ("RIVA_MAX_RETRIES", 1, 2, 3, 4),
    "connection.retry_delay_s": ("RIVA_RETRY_DELAY_MS", 1.0, "2000", "3000", 4.0),
}
"""For each field its name, and values of the file, the `.env`, environment and command line."""


@pytest.mark.parametrize("field", FIELDS)
def test_each_field_alone_takes_the_uppermost_value(tmp_path: Path, field: str) -> None:
    paths = ProfilePaths.under(tmp_path)
    name, in_file, in_dotenv, in_environment, given = FIELDS[field]
    shown = field.replace("endpoint.", "endpoints.0.")
    save_settings(paths, {"endpoints.0.host": "h", shown: in_file})
    overrides: dict[str, object] = {}
    environ: dict[str, str] = {}

    def now() -> tuple[object, str, str | None]:
        loaded = load(paths, overrides, **environ)
        value = all_values(loaded.settings)[shown]
        return value, loaded.provenance[shown], loaded.locked_by(shown)

    file_origin = str(paths.settings_file)
    seen = [now()]
    assert seen[0][1:] == (file_origin, None)
    paths.env_file.write_text(f"{name}={in_dotenv}\n", encoding="utf-8")
    seen.append(now())
    assert seen[1][1:] == (f"{name} ({paths.env_file})",) * 2
    environ[name] = str(in_environment)
    seen.append(now())
    assert seen[2][1:] == (f"{name} (environment)",) * 2
    overrides[field] = given
    seen.append(now())
    assert seen[3][1:] == ("command line",) * 2
    values = [value for value, _, _ in seen]
    assert all(one != other for one, other in pairwise(values)), values
    environ[name] = " "
    overrides[field] = None
    assert now() == seen[1]


def test_a_model_of_the_command_line_goes_before_the_servers_own(paths: ProfilePaths) -> None:
    save_settings(paths, {"endpoints.0.model": "own", "endpoints.1.model": "other"})
    assert load(paths).settings.endpoints[0].model == "own"
    for loaded in (load(paths, RIVA_MODEL="m"), load(paths, {"recognition.model": "m"})):
        assert [each.model for each in loaded.settings.endpoints] == [None, "other"]
        assert loaded.settings.recognition.model == "m"
        assert loaded.locked_by("recognition.model")


def test_names_without_a_server_are_checked_and_said_to_have_no_effect(tmp_path: Path) -> None:
    paths = ProfilePaths.under(tmp_path)
    loaded = load(paths, RIVA_PORT="1", RIVA_API_KEY="k-secret")
    assert loaded.settings.endpoints == ()
    (notice,) = loaded.notices
    assert "RIVA_API_KEY (environment), RIVA_PORT (environment): without effect" in notice
    assert "k-secret" not in notice
    with pytest.raises(ConfigurationError, match=r"RIVA_PORT \(environment\) is 'x'"):
        load(paths, RIVA_PORT="x")


@pytest.mark.parametrize(
    ("name", "text", "said", "fix"),
    [
        ("RIVA_HOST", "http://riva", "without scheme and port", "a host name or address"),
        ("RIVA_HOST", "riva:50051", "without scheme and port", "a host name or address"),
        ("RIVA_PROXY", "proxy:3128", "URL such as", "system, none, or an URL"),
        ("RIVA_PROXY", "socks5://u:pass-word@proxy:1", "(hidden)", "system, none, or an URL"),
        ("RIVA_PROXY", "http://proxy", "URL such as", "system, none, or an URL"),
        ("RIVA_FUNCTION_ID", "a b", "match pattern", "the id of a function"),
        ("RIVA_HTTP_PORT", "0", "greater than", "a whole number"),
    ],
)
def test_what_makes_no_sense_of_a_server_is_named(
    tmp_path: Path, name: str, text: str, said: str, fix: str
) -> None:
    environ = {"RIVA_HOST": "h", name: text}
    with pytest.raises(ConfigurationError) as caught:
        load(ProfilePaths.under(tmp_path), **environ)
    assert caught.value.message.startswith(f"{name} (environment) is ")
    assert said in caught.value.message
    assert "pass-word" not in caught.value.message
    assert caught.value.hint.startswith(f"Set {name} to {fix}")


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"Authorization": "x"}, "the keyring keeps"),
        ({"x-api-key": "x"}, "the keyring keeps"),
        ({"x-auth-token": "x"}, "the keyring keeps"),
        ({"function-id": "x"}, "function_id"),
        ({"grpc-timeout": "x"}, "cannot be sent"),
        ({"x y": "x"}, "cannot be sent"),
        ({"x-bin": "x"}, "plain ASCII"),
        ({"x-name": "schön"}, "plain ASCII"),
    ],
)
def test_metadata_that_cannot_be_sent_is_refused(
    paths: ProfilePaths, metadata: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        save_settings(paths, {"endpoints.0.metadata": metadata})
    assert said in caught.value.message


def test_a_server_can_be_added_changed_and_taken_out_by_number(paths: ProfilePaths) -> None:
    save_settings(paths, {"endpoints.2.host": "third", "endpoints.1.port": 7})
    assert listed(load(paths)) == [HOSTED, GPU | {"port": 7}, {"host": "third"}]
    save_settings(paths, {"endpoints.1.host": "last"}, reset=["endpoints.0", "endpoints.1.tls"])
    changed = {name: value for name, value in GPU.items() if name != "tls"} | {"port": 7}
    assert listed(load(paths)) == [changed, {"host": "last"}]
    with pytest.raises(ConfigurationError, match=r"endpoints\.0\.host is missing"):
        save_settings(paths, {}, reset=["endpoints.0.host"])
    with pytest.raises(ConfigurationError, match="without gaps"):
        save_settings(paths, {"endpoints.5.host": "far"})
    with pytest.raises(ConfigurationError, match=r"There is no setting endpoints\.0\.hots"):
        save_settings(paths, {"endpoints.0.hots": "h"})
    save_settings(paths, {}, reset=["endpoints"])
    assert load(paths).settings.endpoints == ()


@pytest.mark.parametrize(
    ("fields", "takes_over"),
    [
        ({}, True),
        ({"function_id": "f"}, False),
        ({"host": "grpc.NVCF.nvidia.com."}, False),
        ({"host": "nvcf.nvidia.com.example"}, True),
        ({"function_id": "f", "may_fail_over": True}, True),
        ({"may_fail_over": False}, False),
    ],
)
def test_a_hosted_service_takes_over_only_when_it_is_asked_to(
    fields: dict[str, object], *, takes_over: bool
) -> None:
    endpoint = EndpointSettings.model_validate({"host": "h"} | fields)
    assert endpoint.takes_over is takes_over


def test_who_names_a_server_gets_it_whatever_was_chosen_before(paths: ProfilePaths) -> None:
    save_settings(paths, {"connection.recogniser": "embedded"})
    assert load(paths).settings.endpoint is None

    named = load(paths, RIVA_HOST="gpu")
    assert named.settings.endpoint is not None
    assert named.settings.endpoint.host == "gpu"
    assert named.locked_by("connection.recogniser") == "RIVA_HOST (environment)"

    changed = named.changed({"connection.recogniser": "embedded"})
    assert changed.settings.endpoint is None, "a choice in the menu is the newer word"
