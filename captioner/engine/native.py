"""The pinned native library: one model that decodes, one detector that tells voice from the rest.

The library's own Python classes turn each array into a list of Python floats and back, which costs
as much as the detector itself and holds the interpreter's lock meanwhile. So the C functions are
called with the array's memory; the version is pinned, and the library checks its own layout when
it is imported. The calls release the interpreter's lock. One thread at a time uses an object.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import Any, Final

import moonshine_voice
import numpy as np
import numpy.typing as npt
from moonshine_voice.errors import MoonshineError, check_error
from moonshine_voice.moonshine_api import ModelArch, TranscriptC
from moonshine_voice.transcriber import MOONSHINE_FLAG_FORCE_UPDATE, Transcriber

from captioner.core.audio import SAMPLE_RATE
from captioner.core.errors import EngineError
from captioner.engine.backend import Samples

FRAME: Final = 512
"""Samples that the detector judges at a time: 32 ms."""

_MODEL_FOLDER: Final = "tiny-en"
_LONGEST_S: Final = 60
_VOICE_THRESHOLD: Final = 0.4
_MOST_TOKENS_PER_S: Final = 13
"""The library's 6.5 cut off the end of what people say at five words a second."""

_FLOATS: Final = ctypes.POINTER(ctypes.c_float)


def _load(options: dict[str, str]) -> Transcriber:
    # Several threads a decode cost 35-45 % more processor time for hardly less delay.
    os.environ["MOONSHINE_ORT_SINGLE_THREAD"] = "1"
    folder = Path(moonshine_voice.__file__).parent / "assets" / _MODEL_FOLDER
    try:
        return Transcriber(folder, ModelArch.TINY, options=options)
    except MoonshineError as error:
        raise EngineError(
            "The speech model could not be loaded.",
            hint="Install Captioner again; the files of moonshine-voice seem to be damaged.",
        ) from error


def _memory(samples: Samples) -> tuple[Samples, Any]:
    """Return ``samples`` in one piece, to be kept alive, and the address of that piece."""
    whole = np.ascontiguousarray(samples, dtype=np.float32)
    return whole, whole.ctypes.data_as(_FLOATS)


class Decoder:
    """The model. Decodes what it is given, without judging whether that is speech.

    Its runtime, ONNX Runtime, keeps a plan of the memory for each length of audio that it has read,
    38 KB on average (measured over 133 lengths): the fewer lengths there are, the less it keeps.
    """

    def __init__(self) -> None:
        """Load the model; takes about a second.

        Raises:
            EngineError: Its files are missing or damaged.
        """
        self._model = _load(
            {
                # Threshold 0 hands all audio to the model: what an utterance is, we decide.
                "vad_threshold": "0",
                "vad_max_segment_duration": str(_LONGEST_S),
                "max_tokens_per_second": str(_MOST_TOKENS_PER_S),
                "return_audio_data": "false",
            }
        )

    def decode(self, samples: Samples) -> str:
        """Return what is said in ``samples``, at most a minute, as the model writes it.

        Raises:
            EngineError: The library failed.
        """
        whole, address = _memory(samples)
        result = ctypes.POINTER(TranscriptC)()
        library, handle = self._model._lib, self._model._handle  # noqa: SLF001 - see the module
        status = library.moonshine_transcribe_without_streaming(
            handle, address, len(whole), SAMPLE_RATE, 0, ctypes.byref(result)
        )
        _check(status, "decode")
        lines = result.contents
        return " ".join(
            ctypes.string_at(lines.lines[index].text).decode("utf-8", "replace").strip()
            for index in range(lines.line_count)
            if lines.lines[index].text
        )

    def close(self) -> None:
        """Free the model."""
        self._model.close()


class FrameDetector:
    """Tells for each frame whether it holds a voice.

    The library keeps one recurrent state for the whole process, whoever calls:
    `voice.VoiceDetector` keeps streams from disturbing each other.
    """

    def __init__(self) -> None:
        """Load the detector, which needs no model.

        Raises:
            EngineError: The library failed.
        """
        self._model = _load(
            {
                "skip_transcription": "true",
                "return_audio_data": "false",
                "vad_threshold": str(_VOICE_THRESHOLD),
                "vad_hop_size": str(FRAME),
                # A window of one frame and a look-behind of one frame, so that the segments that
                # come back are the frames themselves, neither smoothed nor moved.
                "vad_window_duration": str(FRAME / SAMPLE_RATE),
                "vad_look_behind_sample_count": str(FRAME),
                "vad_max_segment_duration": str(10 * _LONGEST_S),
            }
        )
        library, handle = self._model._lib, self._model._handle  # noqa: SLF001 - see the module
        self._stream: int = library.moonshine_create_stream(handle, 0)
        _check(self._stream, "open the voice detector")

    def voiced(self, samples: Samples) -> npt.NDArray[np.bool_]:
        """Return one flag a frame; ``samples`` is a whole number of frames, at most a minute.

        Raises:
            EngineError: The library failed.
        """
        count = len(samples) // FRAME
        whole, address = _memory(samples)
        library, handle = self._model._lib, self._model._handle  # noqa: SLF001 - see the module
        result = ctypes.POINTER(TranscriptC)()
        # A new start forgets the segments of the last call, which would pile up.
        _check(library.moonshine_start_stream(handle, self._stream), "start the voice detector")
        status = library.moonshine_transcribe_add_audio_to_stream(
            handle, self._stream, address, len(whole), SAMPLE_RATE, 0
        )
        _check(status, "feed the voice detector")
        status = library.moonshine_transcribe_stream(
            handle, self._stream, MOONSHINE_FLAG_FORCE_UPDATE, ctypes.byref(result)
        )
        _check(status, "run the voice detector")
        flags = np.zeros(count, dtype=np.bool_)
        for index in range(result.contents.line_count):
            line = result.contents.lines[index]
            first = round(line.start_time * SAMPLE_RATE / FRAME)
            after = round((line.start_time + line.duration) * SAMPLE_RATE / FRAME)
            # A completed segment ends with the frame that had no voice any more.
            flags[first : after - bool(line.is_complete)] = True
        return flags

    def close(self) -> None:
        """Free the detector."""
        self._model.close()


def _check(status: int, doing: str) -> None:
    try:
        check_error(status)
    except MoonshineError as error:
        raise EngineError(
            f"The speech library failed to {doing}: {error}",
            hint="It is tried again; if it stays so, install Captioner again.",
        ) from error
