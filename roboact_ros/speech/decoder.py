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
_WIDE = 1e-48
"""A word is followed no longer when it is so much less likely than the likeliest."""
_MOST = 500
"""So many states are followed at once by the patient: what fits nothing would take them many seconds."""
_USUAL_SPECTRUM = "55.0,-2.5,-1.0,11.0,-5,0,-4,-8,-4,-4,1,0,-3"
"""Mean cepstrum of speech at the level of the model: where an utterance that arrives in pieces starts from."""


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
        measured: Make fits relative to the likeliest sound of all, so that they tell speech of the grammar from any
            other; takes twice the time.
        patient: Also follow sentences that fit badly for a word; takes twice the time.
    """

    def __init__(
        self, graph: Graph, dictionary: Path, voice: Voice, measured: bool = True, patient: bool = False
    ) -> None:
        self.measured = measured
        beam = {"wbeam": _WIDE, "maxhmmpf": _MOST} if patient else {}
        warp = {} if voice.warp == 1.0 else {"warp_params": str(voice.warp)}
        self._decoder = sphinx().Decoder(
            lm=None,
            loglevel="FATAL",
            dict=str(dictionary),
            mean=str(voice.means),
            var=str(voice.variances),
            lw=_LANGUAGE_WEIGHT,
            compallsen=measured,
            **beam,
            **warp,
        )
        steps = [step if step[3] is not None else step[:3] for step in graph.transitions]
        self._decoder.add_fsg("sentences", self._decoder.create_fsg("sentences", 0, graph.states - 1, steps))
        self._decoder.activate_search("sentences")

    def decode(self, pcm: bytes) -> tuple[Spoken, ...]:
        """Return the words of a whole utterance that fit best; see :meth:`words`.

        Args:
            pcm: 16-bit samples at ``RATE``.
        """
        # Forget the noise that earlier utterances were told apart from: one recording is always heard in one way.
        self._decoder.reinit_feat()
        self._decoder.start_utt()
        self._decoder.process_raw(pcm, full_utt=True)
        self._decoder.end_utt()
        return self.words()

    def begin(self) -> None:
        """Begin an utterance that arrives in pieces."""
        self._decoder.set_cmn(_USUAL_SPECTRUM)
        self._decoder.start_utt()

    def go_on(self, pcm: bytes) -> None:
        """Hear the next piece."""
        self._decoder.process_raw(pcm)

    def end(self) -> None:
        """End the utterance."""
        self._decoder.end_utt()

    @property
    def frames(self) -> int:
        """Frames of 10 ms of the present utterance."""
        return int(self._decoder.n_frames())

    def words(self) -> tuple[Spoken, ...]:
        """Return the words that fit best so far, without pauses; none when no sentence fits at all."""
        if self._decoder.hyp() is None:
            return ()
        return tuple(
            Spoken(_NUMBERED.sub("", part.word), part.start_frame, part.end_frame, _logarithm(part.ascore))
            for part in self._decoder.seg()
            if part.word[0] not in "<[("
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


def _logarithm(likelihood: float) -> float:
    return math.log(max(likelihood, sys.float_info.min))
