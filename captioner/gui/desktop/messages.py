"""What is said to the running program, and what it answers: a line of JSON each way."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Final

from captioner.core.errors import CaptionerError, ErrorCategory, ProtocolError
from captioner.gui.commands import Command

VERSION: Final = 1
LONGEST_LINE: Final = 16_384
"""Bytes of a line, its end included."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a command.

    Attributes:
        message: One sentence.
        hint: What to do where it went wrong.
        category: Kind of error; None where all is well.
    """

    message: str
    hint: str = ""
    category: ErrorCategory | None = None

    @classmethod
    def of_error(cls, error: CaptionerError) -> Answer:
        """Return what tells ``error``."""
        return cls(error.message, error.hint, error.category)


def encode_command(command: Command) -> bytes:
    """Return the line that asks for ``command``."""
    return _encode({"command": command.value})


def decode_command(line: bytes) -> Command:
    """Return what ``line`` asks for.

    Raises:
        ProtocolError: It asks for nothing that is known here.
    """
    record = _decode(line)
    try:
        return Command(record["command"])
    except (KeyError, ValueError) as error:
        raise _not_understood() from error


def encode_answer(answer: Answer) -> bytes:
    """Return the line that says ``answer``."""
    return _encode(asdict(answer))


def decode_answer(line: bytes) -> Answer:
    """Return what ``line`` says.

    Raises:
        ProtocolError: It is no answer.
    """
    record = _decode(line)
    try:
        category = record["category"]
        return Answer(
            str(record["message"]),
            str(record["hint"]),
            None if category is None else ErrorCategory(category),
        )
    except (KeyError, ValueError) as error:
        raise _not_understood() from error


def _encode(record: dict[str, Any]) -> bytes:
    return json.dumps({"version": VERSION, **record}).encode("ascii") + b"\n"


def _decode(line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _not_understood() from error
    if not isinstance(record, dict) or record.get("version") != VERSION:
        raise _not_understood()
    return record


def _not_understood() -> ProtocolError:
    return ProtocolError(
        "The running Captioner and this command do not understand each other.",
        hint="They are different versions: quit the running one from its menu, and start it again.",
    )
