"""What is heard, who recognises it, and how well that goes, as a form to be read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from PySide6.QtWidgets import QLabel

from captioner.core.events import LevelChanged, SourceChanged
from captioner.core.health import EndpointHealth, SessionFigures
from captioner.gui.health.labels import readable
from captioner.gui.health.level_meter import LevelMeter
from captioner.gui.health.sheet import Sheet
from captioner.gui.text.sentences import said

_MOST_SOURCES: Final = 2
_NOTABLE_LAG_S: Final = 0.5


class FactSheet(Sheet):
    """What everybody needs to know."""

    def __init__(self) -> None:
        """Build all rows; those that have nothing to tell are left out."""
        super().__init__()
        self._channels: list[str] = []
        self._sources: list[tuple[QLabel, LevelMeter]] = []
        for _ in range(_MOST_SOURCES):
            source, meter = readable(QLabel()), LevelMeter()
            self._add(self.tr("Heard:"), source)
            self._add(self.tr("Level:"), meter)
            self._sources.append((source, meter))
        self.recogniser = self._row(self.tr("Recogniser:"))
        self.endpoint = self._row(self.tr("Its state:"))
        self.latency = self._row(self.tr("Delay of captions:"))
        self.painted = self._row(self.tr("Shown after:"))
        self.lag = self._row(self.tr("Behind:"))
        self.reconnects = self._row(self.tr("Reconnected:"))
        self.lost = self._row(self.tr("Lost audio:"))
        self.show_sources({})
        self.show_endpoint(None)
        self.show_figures(SessionFigures())
        self.show_painting(())

    def show_sources(self, sources: Mapping[str, SourceChanged]) -> None:
        """Show what is heard, by channel."""
        self._channels = sorted(sources)[:_MOST_SOURCES]
        shown = self._channels or [""]
        for place, (source, meter) in enumerate(self._sources):
            is_shown = place < len(shown)
            self._form.setRowVisible(source, is_shown)
            self._form.setRowVisible(meter, is_shown)
            if not is_shown:
                continue
            channel = shown[place]
            heard = sources.get(channel)
            self._label(source).setText(f"{said(channel)}:" if channel else self.tr("Heard:"))
            self._say(source, self.tr("Nothing") if heard is None else heard.name)
            meter.setAccessibleName(
                self.tr("Level of {channel}").format(channel=said(channel))
                if channel
                else self.tr("Level")
            )
            if heard is None:
                meter.show_nothing()

    def show_level(self, event: LevelChanged) -> None:
        """Show how loud a channel is."""
        if event.channel in self._channels:
            _, meter = self._sources[self._channels.index(event.channel)]
            meter.show_level(event.level)

    def show_endpoint(self, health: EndpointHealth | None) -> None:
        """Show how the server in use is."""
        self._form.setRowVisible(self.endpoint, health is not None)
        if health is not None:
            self._say(self.endpoint, f"{health.reason} {health.fix}".rstrip())

    def show_figures(self, figures: SessionFigures) -> None:
        """Show the figures."""
        self._say(self.recogniser, said(figures.recogniser) or self.tr("Not connected yet"))
        self._say(self.latency, self._latency(figures))
        is_behind = figures.lag_s >= _NOTABLE_LAG_S
        self._say(self.lag, self._duration(figures.lag_s) if is_behind else self.tr("Not at all"))
        self._say(self.reconnects, self._times(figures.reconnects))
        lost_s = figures.lost_ms / 1000
        self._say(self.lost, self._duration(lost_s) if lost_s else self.tr("None"))

    def show_painting(self, waited_s: Sequence[float]) -> None:
        """Show how long words waited for the screen in the last ten minutes."""
        self._form.setRowVisible(self.painted, bool(waited_s))
        if waited_s:
            text = self.tr("{now} ms; at most {most} ms in the last 10 minutes")
            now, most = (math.ceil(1000 * each) for each in (waited_s[-1], max(waited_s)))
            self._say(self.painted, text.format(now=now, most=most))

    def _latency(self, figures: SessionFigures) -> str:
        if figures.latency_ms is None:
            return self.tr("No caption yet")
        now = self._number(figures.latency_ms / 1000)
        if figures.latency_p95_ms is None:
            return self.tr("{now} s").format(now=now)
        return self.tr("{now} s now; 95 of 100 took at most {most} s in the last 5 minutes").format(
            now=now, most=self._number(figures.latency_p95_ms / 1000)
        )

    def _times(self, count: int) -> str:
        if not count:
            return self.tr("Never in this run")
        if count == 1:
            return self.tr("Once in this run")
        return self.tr("{count} times in this run").format(count=count)
