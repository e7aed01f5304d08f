"""How a channel is recognised, as the settings want it."""

from __future__ import annotations

from typing import Final, TypedDict

from captioner.asr.recogniser import Recogniser
from captioner.asr.route import Route
from captioner.asr.stream import StreamLimits
from captioner.asr.tap import StreamTap
from captioner.core.backoff import Backoff
from captioner.core.clock import Clock
from captioner.riva.options import Endpointing, Phrase, RecognitionOptions
from captioner.settings.models import Settings
from captioner.transcript.replacements import Replacements

_COMMAND_FIRST_RETRIES: Final = 5
"""Where nothing has worked yet, a command soon says why."""

_COMMAND_RETRIES: Final = 40
"""With the longest waits these take about twice as long as what the replay covers."""


def new_recogniser(
    settings: Settings, route: Route, *, clock: Clock, patient: bool, tap: StreamTap | None = None
) -> Recogniser:
    """Return a recogniser for one channel.

    Args:
        settings: What is asked for, and how long each step may take.
        route: Where streams go; the channels of a session share it.
        clock: Time.
        patient: Whether to try for ever where the settings name no limit.
        tap: Listens to the messages of each stream, for measurements.
    """
    return Recogniser(
        route,
        recognition_options(settings),
        clock=clock,
        tap=tap,
        **endurance(settings, patient=patient),
    )


class Endurance(TypedDict):
    """What a recogniser bears, as in its constructor."""

    limits: StreamLimits
    backoff: Backoff
    max_retries: int
    first_retries: int
    replay_s: float
    rotate_after_s: float


def endurance(settings: Settings, *, patient: bool) -> Endurance:
    """Return how long each step may take, and how often it may fail; see `new_recogniser`."""
    connection = settings.connection
    return Endurance(
        limits=StreamLimits(
            connect_s=connection.connect_timeout_s,
            response_s=connection.response_timeout_s,
            drain_s=connection.drain_timeout_s,
        ),
        # The last wait of an outage must not make it longer than what the replay covers.
        backoff=Backoff(base_s=connection.retry_delay_s, cap_s=connection.replay_s / 10),
        max_retries=connection.max_retries or (0 if patient else _COMMAND_RETRIES),
        first_retries=connection.max_retries or (0 if patient else _COMMAND_FIRST_RETRIES),
        replay_s=connection.replay_s,
        rotate_after_s=connection.rotate_after_s,
    )


def replacements(settings: Settings) -> Replacements:
    """Return how words are written: as the chosen vocabulary says before anything else."""
    vocabulary = settings.vocabulary
    chosen = () if vocabulary is None else vocabulary.replacements
    return Replacements(
        (each.heard, each.shown) for each in (*chosen, *settings.captions.replacements)
    )


def recognition_options(settings: Settings) -> RecognitionOptions:
    """Return what the client asks of a server, the chosen vocabulary's phrases included."""
    asked, vocabulary = settings.recognition, settings.vocabulary
    boosted = asked.boosted + (() if vocabulary is None else vocabulary.boosted)
    return RecognitionOptions(
        language=asked.language,
        model=asked.model,
        punctuation=asked.punctuation,
        inverse_text_normalization=asked.inverse_text_normalization,
        profanity_filter=asked.profanity_filter,
        word_times=asked.word_times,
        interim_results=asked.partials,
        boosted=tuple(Phrase(each.phrase, each.boost) for each in boosted),
        endpointing=Endpointing(**asked.endpointing.model_dump()),
        diarization=asked.diarization,
        max_speakers=asked.max_speakers,
        custom=tuple(asked.custom.items()),
    )
