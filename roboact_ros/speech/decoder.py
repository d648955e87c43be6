"""PocketSphinx behind one small class that hears sentences of a grammar."""

from __future__ import annotations

import math
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roboact_ros.speech.audio import SpeechError
from roboact_ros.speech.grammar import Graph

_NUMBERED = re.compile(r"\(\d+\)$")
_LANGUAGE_WEIGHT = 4.5
"""How much the grammar counts beside the sound."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A word: when it was said [frames of 10 ms], and how well it fits the sound (log likelihood)."""

    word: str
    start: int
    end: int
    fit: float


@dataclass(frozen=True, slots=True)
class Voice:
    """An acoustic model: where its means and variances are, and a stretch of the frequency axis for other speakers."""

    means: Path
    variances: Path
    warp: float = 1.0


class GrammarDecoder:
    """Hears the sentence of a graph that fits best.

    Args:
        graph: All sentences.
        dictionary: File with the pronunciation of every word.
        voice: Acoustic model.
    """

    def __init__(self, graph: Graph, dictionary: Path, voice: Voice) -> None:
        self._decoder = open_decoder(voice, dict=str(dictionary), lw=_LANGUAGE_WEIGHT)
        steps = [step if step[3] is not None else step[:3] for step in graph.transitions]
        self._decoder.add_fsg("sentences", self._decoder.create_fsg("sentences", 0, graph.states - 1, steps))
        self._decoder.activate_search("sentences")

    def decode(self, pcm: bytes) -> tuple[Spoken, ...]:
        """Return the words that fit best, without pauses; none when no sentence fits at all.

        Args:
            pcm: A whole utterance, 16-bit samples at ``RATE``.
        """
        self._decoder.start_utt()
        self._decoder.process_raw(pcm, full_utt=True)
        self._decoder.end_utt()
        if self._decoder.hyp() is None:
            return ()
        return tuple(
            Spoken(_NUMBERED.sub("", part.word), part.start_frame, part.end_frame, _logarithm(part.ascore))
            for part in self._decoder.seg()
            if part.word[0] not in "<["
        )


def sphinx() -> Any:
    """Return the module.

    Raises:
        SpeechError: It is not installed.
    """
    try:
        import pocketsphinx
    except ImportError:
        raise SpeechError("PocketSphinx is not installed: pip install 'roboact_ros[speech]'") from None
    return pocketsphinx


def open_decoder(voice: Voice, **settings: object) -> Any:
    """Open PocketSphinx with an acoustic model.

    Raises:
        SpeechError: It is not installed.
    """
    files = {"mean": str(voice.means), "var": str(voice.variances)}
    warp = {} if voice.warp == 1.0 else {"warp_params": str(voice.warp)}
    # Fits are relative to the likeliest sound of all, so that they tell speech of the grammar from any other.
    return sphinx().Decoder(lm=None, loglevel="FATAL", compallsen=True, **files, **warp, **settings)


def _logarithm(likelihood: float) -> float:
    return math.log(max(likelihood, sys.float_info.min))
