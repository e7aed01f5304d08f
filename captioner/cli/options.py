"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from captioner.core.errors import ConfigurationError
from captioner.core.network import split_server

SourceOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="What to hear: auto, system, mic, both (microphone and system audio, told apart), "
        "file:PATH, or - for raw PCM (16 kHz, mono, 16-bit) on standard input.",
        show_default="auto",
    ),
]

DeviceOption: TypeAlias = Annotated[
    str | None,
    typer.Option(help="Name of the output or microphone, as `captioner devices` lists it."),
]

MicDeviceOption: TypeAlias = Annotated[
    str | None, typer.Option(help="Name of the microphone, with --source both.")
]

SystemDeviceOption: TypeAlias = Annotated[
    str | None, typer.Option(help="Name of the output, with --source both.")
]


def audio_overrides(
    source: str | None, device: str | None, mic_device: str | None, system_device: str | None
) -> dict[str, object]:
    """Return the options of what is heard as settings, by dotted name.

    Raises:
        ConfigurationError: Options were given that do not go together.
    """
    if source == "both" and device is not None:
        raise ConfigurationError(
            "--device does not say which of the two it names.",
            hint="Use --mic-device and --system-device with --source both.",
        )
    if source != "both" and (mic_device is not None or system_device is not None):
        raise ConfigurationError(
            "--mic-device and --system-device go with --source both.",
            hint="Add --source both, or name the only device with --device.",
        )
    return {
        "audio.source": source,
        "audio.device": device,
        "audio.mic_device": mic_device,
        "audio.system_device": system_device,
    }


HistoryOption: TypeAlias = Annotated[
    bool | None,
    typer.Option(
        "--history/--no-history",
        help="Whether what is said is kept in the history, for this run.",
        show_default=False,
    ),
]

ServerOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="HOST:PORT",
        help="The Riva server to use, for this run; without a port: 50051.",
        show_default=False,
    ),
]

TlsOption: TypeAlias = Annotated[
    bool | None,
    typer.Option("--tls/--no-tls", help="Whether the connection is encrypted.", show_default=False),
]

CaFileOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--ca-file",
        metavar="PATH",
        help="PEM file with the authority to trust.",
        show_default=False,
    ),
]

ModelOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--model", help="Name of the server's model.", show_default=False),
]

LanguageOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--language", help="Spoken language, such as en-US.", show_default=False),
]


WebHostOption: TypeAlias = Annotated[
    str | None, typer.Option(help="Address to serve at.", show_default="127.0.0.1")
]

WebCertOption: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="PATH", help="PEM file with the certificate to serve with."),
]

WebKeyOption: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="PATH", help="PEM file with its key; without it: in the same file."),
]


WebClientsOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--max-clients",
        min=1,
        max=1000,
        envvar="WS_MAX_CONNECTIONS",
        help="Clients at a time.",
        show_default="100",
    ),
]

WebPingOption: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--ping-interval",
        min=1,
        max=300,
        envvar="WS_PING_INTERVAL_S",
        help="Seconds between questions whether a quiet client is there still.",
        show_default="20",
    ),
]


def recogniser_overrides(
    server: str | None,
    tls: bool | None,  # noqa: FBT001  # the options in their order
    ca_file: str | None,
    model: str | None,
    language: str | None,
) -> dict[str, object]:
    """Return what the options about the recogniser set, by dotted name of the setting.

    Raises:
        ConfigurationError: ``--server`` makes no sense.
    """
    host, port = (None, None) if server is None else split_server(server)
    return {
        "endpoint.host": host,
        "endpoint.port": port,
        "endpoint.tls": tls,
        "endpoint.ca_file": ca_file,
        "recognition.model": model,
        "recognition.language": language,
    }
