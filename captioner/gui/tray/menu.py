"""The menu that the tray icon and the overlay share."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from captioner.core.health import Health
from captioner.core.state import SessionState
from captioner.gui.commands import Command
from captioner.gui.desktop.abilities import Abilities
from captioner.gui.text.sentences import said
from captioner.gui.tray.choice_menu import ChoiceMenu, as_title
from captioner.gui.tray.source_menu import SourceMenu
from captioner.gui.tray.spoken import language_name
from captioner.settings.endpoints import EMBEDDED
from captioner.settings.models import Settings

_RUNNING: Final = frozenset(
    {SessionState.STARTING, SessionState.STREAMING, SessionState.RECONNECTING}
)
_LONGEST_SENTENCE: Final = 70


class AppMenu(QObject):
    """Everything that can be asked of the program, in one menu.

    Attributes:
        menu: The menu itself.
        sources: Its submenu of what is heard.
        recognisers: Of who recognises.
        languages: Of what is spoken.
        vocabularies: Of the words that are expected.
        places: Of where the overlay stands.

    Signals:
        command_wanted: Something is to be done, a `Command`.
        change_wanted: Settings are to be changed, by dotted name.
        past_wanted: The transcripts that are kept are to be shown.
        page_wanted: The settings are to be opened at a page.
        start_wanted, stop_wanted: Captions are to begin or end.
        overlay_wanted: The overlay is to be shown (True) or hidden.
    """

    command_wanted = Signal(object)
    change_wanted = Signal(object)
    past_wanted = Signal()
    page_wanted = Signal(str)
    start_wanted = Signal()
    stop_wanted = Signal()
    overlay_wanted = Signal(bool)

    def __init__(self) -> None:
        """Build the menu; captions are taken to be stopped until told otherwise."""
        super().__init__()
        self._is_running = False
        self._is_overlay_visible = True
        self._known_languages: tuple[str, ...] = ()
        self.menu = QMenu()
        self.menu.setToolTipsVisible(True)
        # Not merely a label: greyed out it would be hard to read, and the status says more.
        self._sentence = self._add_command("", Command.STATUS)
        self.menu.addSeparator()
        self._toggle = self.menu.addAction("", self._on_toggle)
        self._pause = self._add_command(self.tr("&Pause captions"), Command.PAUSE)
        self._pause.setToolTip(self.tr("They stand still for reading; nothing is lost"))
        self._pause.setCheckable(True)
        self._add_command(self.tr("&Copy captions"), Command.COPY)
        self._add_command(self.tr("T&ranscript…"), Command.TRANSCRIPT)
        self.menu.addAction(self.tr("Past transcr&ipts…"), self.past_wanted.emit)
        self._kept = self.menu.addAction(self.tr("&Keep what is said"))
        self._kept.setToolTip(self.tr("Without the tick nothing that is said is written down"))
        self._kept.setCheckable(True)
        self._kept.triggered.connect(
            lambda is_on: self.change_wanted.emit({"history.is_kept": is_on})
        )
        self.menu.addSeparator()
        self._add_choices()
        self.menu.addSeparator()
        self._add_overlay()
        self.menu.addSeparator()
        self._add_command(self.tr("S&ettings…"), Command.SETTINGS)
        self._add_command(self.tr("&First steps…"), Command.WELCOME)
        self.menu.addAction(self.tr("A&bout Captioner"), lambda: self.page_wanted.emit("about"))
        self._newer = self.menu.addAction("", lambda: self.page_wanted.emit("about"))
        self.show_newer("")
        self.menu.addSeparator()
        self._add_command(self.tr("&Quit"), Command.QUIT)
        self.show_state(SessionState.IDLE)
        self.show_overlay_visible(visible=True)
        self.show_settings(Settings())

    def show_state(self, state: SessionState) -> None:
        """Offer start or stop, whichever makes sense."""
        self._is_running = state in _RUNNING
        self._toggle.setText(
            self.tr("&Stop captions") if self._is_running else self.tr("&Start captions")
        )
        self._toggle.setEnabled(state is not SessionState.STOPPING)

    def show_health(self, health: Health) -> None:
        """Begin with the sentence that says how things are."""
        text = health.sentence
        if len(text) > _LONGEST_SENTENCE:
            text = text[: _LONGEST_SENTENCE - 1].rstrip() + "…"
        self._sentence.setText(as_title(text))
        self._sentence.setToolTip(health.hint)

    def show_held(self, *, is_held: bool) -> None:
        """Tick the pause as long as the captions stand still."""
        self._pause.setChecked(is_held)

    def show_overlay_visible(self, *, visible: bool) -> None:
        """Offer to hide what is visible, and to show what is not."""
        self._is_overlay_visible = visible
        self._overlay.setText(self.tr("&Hide captions") if visible else self.tr("S&how captions"))
        self._arrange.setEnabled(visible)

    def show_newer(self, version: str) -> None:
        """Have a line on the newer ``version``; none where it is empty."""
        self._newer.setText(self.tr("Newer versi&on {version}…").format(version=version))
        self._newer.setVisible(bool(version))

    def allow_hiding(self, *, allowed: bool) -> None:
        """Leave it out where there is no tray icon that could bring hidden captions back."""
        self._overlay.setVisible(allowed or not self._is_overlay_visible)

    def show_settings(self, settings: Settings) -> None:
        """Tick what is chosen now."""
        self.sources.show_source(settings.audio)
        self._show_recognisers(settings)
        self._show_languages(settings)
        self._show_vocabularies(settings)
        overlay = settings.overlay
        self._kept.setChecked(settings.history.is_kept)
        self._through.setChecked(overlay.click_through)
        self.places.show_choices(
            [
                (self.tr("Where I &put them"), "floating"),
                (self.tr("&Top of the screen"), "top"),
                (self.tr("&Bottom of the screen"), "bottom"),
                (self.tr("&Full screen"), "full"),
            ],
            overlay.dock,
        )

    def show_languages(self, known: tuple[str, ...], settings: Settings) -> None:
        """Offer the languages that the recogniser in use is known to understand."""
        self._known_languages = known
        self._show_languages(settings)

    def _add_choices(self) -> None:
        self.sources = SourceMenu(self.menu)
        self.sources.wanted.connect(self.change_wanted)
        self.recognisers = ChoiceMenu(self.tr("Reco&gniser"), self.menu)
        self.recognisers.chosen.connect(
            lambda name: self.change_wanted.emit({"connection.recogniser": name})
        )
        self.languages = ChoiceMenu(self.tr("Spoken la&nguage"), self.menu)
        self.languages.chosen.connect(
            lambda tag: self.change_wanted.emit({"recognition.language": tag})
        )
        self.vocabularies = ChoiceMenu(self.tr("&Vocabulary"), self.menu)
        self.vocabularies.chosen.connect(
            lambda name: self.change_wanted.emit({"recognition.vocabulary": name})
        )
        self.vocabularies.addAction(
            self.tr("&Edit vocabularies…"), lambda: self.page_wanted.emit("words")
        )
        for submenu in (self.sources, self.recognisers, self.languages, self.vocabularies):
            self.menu.addMenu(submenu)

    def _add_overlay(self) -> None:
        abilities = Abilities.here()
        self._overlay = self.menu.addAction("", self._on_overlay)
        self._arrange = self._add_command(self.tr("&Arrange captions"), Command.ARRANGE)
        self._arrange.setToolTip(self.tr("Move and resize the captions with the keyboard"))
        self._through = self._add_command(self.tr("Clicks go &through"), Command.CLICK_THROUGH)
        self._through.setToolTip(self.tr("The mouse reaches what is behind the captions"))
        self._through.setCheckable(True)
        self._through.setVisible(abilities.click_through)
        self.places = ChoiceMenu(self.tr("&Where captions stand"), self.menu)
        self.places.chosen.connect(lambda dock: self.change_wanted.emit({"overlay.dock": dock}))
        self.menu.addMenu(self.places)
        self.places.menuAction().setVisible(abilities.places_itself)

    def _show_recognisers(self, settings: Settings) -> None:
        entries = [
            (as_title(each.name or each.account), each.account) for each in settings.endpoints
        ]
        entries.append((as_title(said("Embedded engine")), EMBEDDED))
        self.recognisers.show_choices(entries, settings.recogniser)

    def _show_languages(self, settings: Settings) -> None:
        current = settings.recognition.language
        tags = sorted({current, *self._known_languages}, key=language_name)
        entries = [(as_title(language_name(tag)), tag) for tag in tags]
        self.languages.show_choices(entries, current)

    def _show_vocabularies(self, settings: Settings) -> None:
        chosen = settings.vocabulary
        names = [each.name for each in settings.vocabularies]
        entries = [(self.tr("&None"), ""), *((as_title(name), name) for name in names)]
        self.vocabularies.show_choices(entries, "" if chosen is None else chosen.name)

    def _add_command(self, title: str, command: Command) -> QAction:
        return self.menu.addAction(title, lambda: self.command_wanted.emit(command))

    def _on_toggle(self) -> None:
        (self.stop_wanted if self._is_running else self.start_wanted).emit()

    def _on_overlay(self) -> None:
        self.overlay_wanted.emit(not self._is_overlay_visible)
