"""Writes captioner(1) from the help of the command line itself, to standard output.

    python packaging/man_page.py DATE

DATE, as in 2026-11-25, stands at its foot: the same source gives the same page.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any, Final

from typer.core import TyperGroup

from captioner import __version__
from captioner.cli.commands import COMMANDS
from captioner.cli.exit_codes import MEANINGS
from captioner.cli.main import PROFILE_VARIABLE, build_command

_STYLE: Final = re.compile(r"\[/?(?:[a-z ]+)?\]")
_POINT: Final = re.compile(r"^\s*\* ")


def page(date: str) -> str:
    """Return the manual page."""
    root = build_command()
    context = root.make_context("captioner", [], resilient_parsing=True)
    lines = [
        f'.TH CAPTIONER 1 "{date}" "Captioner {__version__}" "User commands"',
        ".SH NAME",
        r"captioner \- live captions for whatever your computer hears",
        ".SH SYNOPSIS",
        r".B captioner",
        r"[\fIoptions\fR] [\fIcommand\fR [\fIoptions of the command\fR]]",
        ".SH DESCRIPTION",
        *_prose(root.help or ""),
        ".SH OPTIONS",
        *_options(root, context),
        ".SH COMMANDS",
    ]
    for name, entry in COMMANDS.items():
        if not entry.hidden:
            command = root.get_command(context, name)
            lines += _command(
                f"captioner {name}",
                command.make_context(name, ["--help"], parent=context, resilient_parsing=True),
            )
    lines += [".SH EXIT STATUS"]
    for code, meaning in MEANINGS.items():
        lines += [".TP", f".B {code.value}", _text(meaning)]
    lines += [
        ".SH ENVIRONMENT",
        ".TP",
        f".B {PROFILE_VARIABLE}",
        _text("Does what --profile-dir does."),
        ".TP",
        r".B RIVA_HOST, RIVA_API_KEY",
        _text("The server to use, and its key; `captioner config show` lists all names."),
    ]
    return "\n".join(lines) + "\n"


def _command(title: str, context: Any) -> Iterator[str]:  # noqa: ANN401  # typer has no public name
    command = context.command
    usage = " ".join(command.collect_usage_pieces(context))
    yield f'.SS "{_text(title)} {_text(usage)}"'
    yield from _prose(command.help or "")
    yield from _options(command, context)
    if isinstance(command, TyperGroup):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                made = inner.make_context(name, [], parent=context, resilient_parsing=True)
                yield from _command(f"{title} {name}", made)


def _prose(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", text.replace("\b", "").strip()):
        yield ".PP"
        for line in paragraph.splitlines():
            if _POINT.match(line):
                yield ".br"
            yield _text(_POINT.sub("", line).strip())


def _options(command: Any, context: Any) -> Iterator[str]:  # noqa: ANN401  # see above
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is None or getattr(parameter, "hidden", False):
            continue
        names, said = record
        yield ".TP"
        yield rf".B {_text(names)}"
        yield _text(said or "")


def _text(text: str) -> str:
    """Return ``text`` as roff takes it: no markup, nothing at the start of a line to obey."""
    plain = " ".join(_STYLE.sub("", text).split())
    escaped = plain.replace("\\", r"\(rs").replace("-", r"\-").replace('"', r"\(dq")
    return rf"\&{escaped}" if escaped.startswith((".", "'")) else escaped


if __name__ == "__main__":
    print(page(sys.argv[1]), end="")
