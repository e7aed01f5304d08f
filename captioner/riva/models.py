"""What a server says that it can recognise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from riva.client.proto import riva_asr_pb2

from captioner.core.errors import RequestError
from captioner.riva.text import plain

_STREAMING: Final = "online"
_ANY_LANGUAGE: Final = "multi"
_LISTED: Final = 8


@dataclass(frozen=True, slots=True)
class ServerModel:
    """One model as a server lists it.

    Attributes:
        name: What a request calls it.
        language: BCP 47 tag, several with commas, or "multi"; empty where the server does not say.
        kind: "online" for streams, "offline" for whole recordings.
    """

    name: str
    language: str = ""
    kind: str = _STREAMING

    @property
    def is_streaming(self) -> bool:
        """True when it takes streams."""
        return self.kind == _STREAMING

    @property
    def languages(self) -> tuple[str, ...]:
        """The tags that it names; "multi" is one of them."""
        return tuple(tag for each in self.language.split(",") if (tag := each.strip()))

    def speaks(self, language: str) -> bool:
        """Whether it may recognise ``language``; True where the server does not say."""
        spoken = {tag.strip().lower() for tag in self.language.split(",")}
        asked = language.lower()
        return bool(spoken & {"", _ANY_LANGUAGE, asked}) or asked == _ANY_LANGUAGE

    def __str__(self) -> str:
        """Return it for a sentence: its name, and its language in brackets."""
        return f"{self.name} ({self.language})" if self.language else self.name


def models_from(
    listing: riva_asr_pb2.RivaSpeechRecognitionConfigResponse,
) -> tuple[ServerModel, ...]:
    """Return the models of a server in its own order. Older servers name no kind: streaming."""
    return tuple(
        ServerModel(
            plain(model.model_name),
            plain(model.parameters.get("language_code", "")),
            plain(model.parameters.get("type", _STREAMING)),
        )
        for model in listing.model_config
    )


def for_streams(models: Iterable[ServerModel]) -> tuple[ServerModel, ...]:
    """Return those of ``models`` that take streams."""
    return tuple(model for model in models if model.is_streaming)


def listed(models: Iterable[ServerModel]) -> str:
    """Return the models as part of a sentence; a long list is cut."""
    names = list(dict.fromkeys(str(model) for model in models))
    shown, more = names[:_LISTED], len(names) - _LISTED
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def missing_model(
    models: Iterable[ServerModel], *, model: str, language: str, server: str
) -> RequestError | None:
    """Return why ``models`` cannot serve a stream in ``language``, or None where they can.

    Args:
        models: What the server lists; an empty list proves nothing.
        model: The wanted model's name; empty lets the server choose.
        language: The wanted language as a BCP 47 tag.
        server: What a person calls the server, for the sentence.
    """
    streaming = for_streams(models)
    if not streaming:
        return None
    named = [each for each in streaming if not model or each.name == model]
    if not named:
        return RequestError(
            f"{server} has no model {model} for streams.",
            hint=f"It has: {listed(streaming)}. Set one of these (RIVA_MODEL), or none to let "
            "the server choose.",
        )
    if not any(each.speaks(language) for each in named):
        return RequestError(
            f"{model or server} does not recognise the language {language}.",
            hint=f"{server} has: {listed(streaming)}. Set a language that is listed "
            "(RIVA_LANGUAGE_CODE), or start the server with a model for yours.",
        )
    return None
