"""The names of the environment are documented, with their true defaults."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from dotenv import dotenv_values

from captioner.settings.endpoints import EndpointSettings
from captioner.settings.environment import ENVIRONMENT_NAMES, read_environment
from captioner.settings.fields import nested
from captioner.settings.models import Settings

_ROOT = Path(__file__).parents[2]
_WITHOUT_DEFAULT = {
    "host",
    "ca_file",
    "client_cert_file",
    "client_key_file",
    "target_name",
    "function_id",
}


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_readme_explains_each_name(name: str) -> None:
    assert f"| `{name}` | " in (_ROOT / "README.md").read_text(encoding="utf-8")


def test_example_file_sets_nothing_until_it_is_edited() -> None:
    text = (_ROOT / ".env.example").read_text(encoding="utf-8")
    assert dotenv_values(stream=io.StringIO(text)) == {}


def test_example_file_shows_each_name_with_its_default() -> None:
    whole = (_ROOT / ".env.example").read_text(encoding="utf-8")
    text, of_scripts, _ = whole.partition("# ---- For the numbered scripts")
    assert of_scripts
    shown = re.sub(r"^#(?=RIVA_)", "", text, flags=re.MULTILINE)
    values = dotenv_values(stream=io.StringIO(shown))
    assert values.keys() == ENVIRONMENT_NAMES.keys()
    found = read_environment({k: v or "" for k, v in values.items()}, place="example")
    shown_values = {
        field.replace("endpoint.", "endpoints.0."): given.value for field, given in found.items()
    }
    settings = Settings.model_validate(nested(shown_values))
    invented = {"endpoints": {0: _WITHOUT_DEFAULT}}
    defaults = Settings(endpoints=(EndpointSettings(host="h"),))
    assert settings.model_dump(exclude=invented) == defaults.model_dump(exclude=invented)
