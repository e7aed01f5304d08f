"""The RIVA_* names: which setting each one means, from the environment or from a ``.env``.

The names are those that deployments of Riva applications already use. An empty value counts as
unset. Values are taken as they stand: ``${OTHER}`` is not expanded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dotenv import dotenv_values

from captioner.core.errors import ConfigurationError
from captioner.settings.layers import Given


@dataclass(frozen=True, slots=True)
class EnvironmentName:
    """One name.

    Attributes:
        field: The setting it means, by dotted name; ``endpoint`` is the server that the names
            describe together.
        convert: From the text to the unit of the setting; raises ``ValueError``.
        expects: What a good value looks like, for the error message.
    """

    field: str
    convert: Callable[[str], str | float]
    expects: str


def _milliseconds(text: str) -> float:
    return float(text) / 1000


_FLAG: Final = "true or false"
_PORT: Final = "a whole number from 1 to 65535"
_PEM: Final = "the path of a PEM file"

ENVIRONMENT_NAMES: Final[dict[str, EnvironmentName]] = {
    "RIVA_HOST": EnvironmentName("endpoint.host", str, "a host name or address"),
    "RIVA_PORT": EnvironmentName("endpoint.port", str, _PORT),
    "RIVA_SSL": EnvironmentName("endpoint.tls", str, _FLAG),
    "RIVA_SSL_CERT": EnvironmentName("endpoint.ca_file", str, _PEM),
    "RIVA_SSL_CLIENT_CERT": EnvironmentName("endpoint.client_cert_file", str, _PEM),
    "RIVA_SSL_KEY": EnvironmentName("endpoint.client_key_file", str, _PEM),
    "RIVA_TARGET_NAME": EnvironmentName(
        "endpoint.target_name", str, "the host name that the server's certificate is for"
    ),
    "RIVA_PROXY": EnvironmentName(
        "endpoint.proxy", str, "system, none, or an URL such as http://proxy:3128"
    ),
    "RIVA_HTTP_PORT": EnvironmentName("endpoint.http_port", str, _PORT),
    "RIVA_FUNCTION_ID": EnvironmentName(
        "endpoint.function_id", str, "the id of a function of a hosted service"
    ),
    "RIVA_API_KEY": EnvironmentName(
        "endpoint.api_key", str, "the key as the server's owner gave it"
    ),
    "RIVA_MODEL": EnvironmentName("recognition.model", str, "the name of a model"),
    "RIVA_LANGUAGE_CODE": EnvironmentName(
        "recognition.language", str, "a language tag such as en-US"
    ),
    "RIVA_ENABLE_AUTOMATIC_PUNCTUATION": EnvironmentName("recognition.punctuation", str, _FLAG),
    "RIVA_ENABLE_WORD_TIME_OFFSETS": EnvironmentName("recognition.word_times", str, _FLAG),
    "RIVA_ENABLE_PARTIAL_RESULTS": EnvironmentName("recognition.partials", str, _FLAG),
    "RIVA_TIMEOUT_MS": EnvironmentName(
        "connection.connect_timeout_s", _milliseconds, "milliseconds from 1 to 120000"
    ),
    "RIVA_MAX_RETRIES": EnvironmentName(
        "connection.max_retries", str, "a whole number, 0 for no limit"
    ),
    "RIVA_RETRY_DELAY_MS": EnvironmentName(
        "connection.retry_delay_s", _milliseconds, "milliseconds from 1 to 60000"
    ),
}


def read_environment(environ: Mapping[str, str], *, place: str) -> dict[str, Given]:
    """Return the settings that ``environ`` names, by dotted field name.

    Args:
        environ: Names and their texts; names that are not ours are left alone.
        place: Where they stand, for messages: "environment" or a path.

    Raises:
        ConfigurationError: A text that must be a number is none.
    """
    found: dict[str, Given] = {}
    for name, meaning in ENVIRONMENT_NAMES.items():
        text = environ.get(name, "").strip()
        if not text:
            continue
        try:
            value = meaning.convert(text)
        except ValueError as error:
            raise ConfigurationError(
                f"{name} ({place}) is '{text}', which makes no sense.",
                hint=f"Set {name} to {meaning.expects}, or remove it.",
            ) from error
        found[meaning.field] = Given(
            value,
            f"{name} ({place})",
            text=text,
            fix=f"Set {name} to {meaning.expects}, or remove it.",
        )
    return found


def read_env_file(path: Path, *, asked: bool) -> dict[str, Given]:
    """Return the settings that a ``.env`` names.

    Args:
        path: The file.
        asked: Whether the user named it; only then must it exist.

    Raises:
        ConfigurationError: It was asked for and is missing, or it cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig") as stream:
            values = dotenv_values(stream=stream, interpolate=False)
    except FileNotFoundError as error:
        if not asked:
            return {}
        raise ConfigurationError(
            f"The file {path}, named with --env-file, does not exist.",
            hint="Check the path; .env.example shows what such a file looks like.",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"The file {path} cannot be read as text: {error}.",
            hint="Check its permissions, and save it as UTF-8.",
        ) from error
    return read_environment({k: v for k, v in values.items() if v is not None}, place=str(path))
