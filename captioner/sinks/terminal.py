"""Captions in a terminal: finished ones scroll up, the open one is rewritten below them."""

from __future__ import annotations

from rich.console import Console
from rich.live import Live
from rich.text import Text

from captioner.core.events import (
    CaptionChanged,
    EngineChanged,
    GapMarked,
    HealthChanged,
    SessionEvent,
    SourceChanged,
)
from captioner.core.health import Health, HealthState
from captioner.telemetry.caption_lines import log_written


class PipeConsole(Console):
    """A console that reports a reader who has left, instead of ending the program."""

    def on_broken_pipe(self) -> None:
        """Let the error through to the sink; called while it is being handled."""
        raise  # noqa: PLE0704  # the console calls this from its own handler


class TerminalWriter:
    """Writes for a person. Without a terminal only finished captions are printed, a line each.

    Open captions are below the finished ones, one for each channel that speaks.

    Args:
        out: Where captions go.
        notes: Where everything else is said, so that captions can be piped on alone.
    """

    def __init__(self, out: Console, notes: Console) -> None:
        """Take the two consoles; nothing is shown before the first event."""
        self._out = out
        self._notes = notes
        self._live: Live | None = None
        self._open: dict[str, str] = {}
        self._said: Health | None = None

    def write(self, event: SessionEvent) -> None:
        """Show one event."""
        match event:
            case CaptionChanged(segment=segment, shown=shown):
                if segment.is_final:
                    self._finish(segment.channel, segment.labelled_text if segment.text else "")
                    is_seen = bool(segment.text)
                else:
                    text = f"{segment.channel}: {shown}" if segment.channel and shown else shown
                    self._show(segment.channel, text)
                    is_seen = bool(shown) and self._out.is_terminal
                if is_seen:
                    log_written(segment, "text")
            case SourceChanged(kind=kind, name=name, channel=channel):
                speaker = f"{channel}: l" if channel else "L"
                self._note(f"{speaker}istening to {name} ({kind}).", "cyan")
            case EngineChanged(name=name, is_mock=is_mock):
                style = "bold yellow" if is_mock else "cyan"
                self._note(f"Recognised by: {name}.", style)
            case GapMarked(gap=gap):
                self._note(f"[{gap.reason}]", "yellow")
            case HealthChanged(health=health):
                self._judge(health)
            case _:
                pass

    def close(self) -> None:
        """Leave the terminal as it was found."""
        self._open.clear()
        self._finish("", "")

    def _judge(self, health: Health) -> None:
        worth_saying = health.state in {HealthState.NO_AUDIO, HealthState.RECONNECTING}
        if health.state is HealthState.DEGRADED:
            # How many seconds it is behind changes all the time; said once, it is enough.
            worth_saying = self._said is None or self._said.state is not HealthState.DEGRADED
        recovered = health.state is HealthState.LISTENING and self._said is not None
        if worth_saying and health != self._said:
            self._note(f"{health.sentence} {health.hint}".strip(), "yellow")
            self._said = health
        elif recovered:
            self._note(health.sentence, "cyan")
            self._said = None

    def _show(self, channel: str, text: str) -> None:
        if text:
            self._open[channel] = text
            self._show_open()

    def _show_open(self) -> None:
        if not self._out.is_terminal or not self._open:
            return
        if self._live is None:
            self._live = Live(console=self._out, auto_refresh=False, transient=True)
            self._live.start()
        text = Text("\n".join(self._open.values()), style="dim")
        # What does not fit is not shown; the newest words are at the end.
        lines = text.wrap(self._out, self._out.width)[-max(1, self._out.height - 1) :]
        self._live.update(Text("\n").join(lines), refresh=True)

    def _wipe(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _finish(self, channel: str, text: str) -> None:
        self._open.pop(channel, None)
        self._wipe()
        if text:
            self._out.print(Text(text), soft_wrap=True)
        self._show_open()

    def _note(self, text: str, style: str) -> None:
        # Both may be the same terminal: a note must not go on where the open captions end.
        self._wipe()
        self._notes.print(Text(text, style=style), soft_wrap=True)
        self._show_open()
