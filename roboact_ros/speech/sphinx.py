"""The ear that needs nothing but this installation: PocketSphinx with a grammar made from the vocabulary.

Two quick decoders, whose frequency axes are stretched for long and for short vocal tracts, hear every utterance; two
more patient ones are asked when these disagree or doubt. Before the arm moves on one word or doubtful ones, one of
two witnesses with the other acoustic model must hear them, too. The models are PocketSphinx's own, made from people's
voices, and ``speech_english``, which is the same shifted towards synthetic voices; docs/speech.md says how.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from roboact_ros.share import share_folder
from roboact_ros.speech.audio import Audio, SpeechError
from roboact_ros.speech.decoder import GrammarDecoder, Voice, sphinx
from roboact_ros.speech.ear import Heard
from roboact_ros.speech.grammar import Grammar
from roboact_ros.speech.judgement import AGAIN, CERTAIN, UNSHAKEN, Hypothesis, agree, doubted, judge, needs_witness
from roboact_ros.speech.level import levelled
from roboact_ros.speech.phrases import RULES
from roboact_ros.speech.pronunciation import pronunciations, write_dictionary

DECODERS = ((0.93, False, False), (1.08, True, False), (1.0, True, True), (1.08, True, True))
"""Stretch of the frequency axis, and whether it is measured and patient, in the order in which they are asked."""

WITNESSES = (1.0, 0.93)
"""Stretch of the frequency axis of each witness."""

STOCK = "stock"
"""Name of the acoustic model that comes with PocketSphinx."""


class SphinxEar:
    """Hears sentences of the grammar.

    Args:
        model: Acoustic model: ``stock``, the folder of an adapted one, or nothing for ``speech_english``.

    Raises:
        SpeechError: PocketSphinx is not installed, or the folder holds no model.
    """

    def __init__(self, model: str = "") -> None:
        grammar = Grammar(RULES)
        graph = grammar.graph()
        with tempfile.TemporaryDirectory() as folder:
            dictionary = Path(folder) / "words.dict"
            write_dictionary(pronunciations(grammar.words(), cmu_dictionary()), dictionary)
            self._decoders = [
                GrammarDecoder(graph, dictionary, voice(model, warp), measured, patient)
                for warp, measured, patient in DECODERS
            ]
            other = "" if model == STOCK else STOCK
            self._witnesses = [
                GrammarDecoder(graph, dictionary, voice(other, warp), measured=False) for warp in WITNESSES
            ]

    def hear(self, audio: Audio) -> Heard:
        """See :class:`~roboact_ros.speech.ear.Ear`."""
        speech = levelled(audio)
        if speech is None:
            return Heard("", 0.0, (), AGAIN)
        pcm = speech.tobytes()
        heard = Heard("", 0.0)
        hypotheses: list[Hypothesis] = []
        refused = False
        for decoder in self._decoders:
            hypotheses.append(Hypothesis(decoder.decode(pcm), decoder.measured))
            if len(hypotheses) < 2:
                continue
            heard = judge(hypotheses)
            if heard.asks and heard.text:
                continue
            if not needs_witness(heard, CERTAIN if len(hypotheses) == 2 else UNSHAKEN):
                return heard
            # What no witness confirms may still be beyond doubt when the patient hear it.
            if not refused and agree(heard, self._testimonies(pcm)):
                return heard
            refused = True
        return heard if heard.asks else doubted(heard)

    def _testimonies(self, pcm: bytes) -> Iterator[Hypothesis]:
        return (Hypothesis(witness.decode(pcm), measured=False) for witness in self._witnesses)

    def close(self) -> None:
        """See :class:`~roboact_ros.speech.ear.Ear`."""
        self._decoders.clear()
        self._witnesses.clear()


def voice(model: str = "", warp: float = 1.0) -> Voice:
    """Return an acoustic model; see :class:`SphinxEar`.

    Args:
        model: Which.
        warp: Stretch of the frequency axis.

    Raises:
        SpeechError: PocketSphinx is not installed, or the folder holds no model.
    """
    folder = _english() / "en-us" if model == STOCK else Path(model or share_folder("models") / "speech_english")
    for ending in (".bin", ""):
        means, variances = folder / f"means{ending}", folder / f"variances{ending}"
        if means.is_file() and variances.is_file():
            return Voice(means, variances, warp)
    raise SpeechError(f'no acoustic model in "{folder}": means or variances are missing. Give a folder, or "{STOCK}"')


def cmu_dictionary() -> Path:
    """Return the dictionary that comes with PocketSphinx."""
    return _english() / "cmudict-en-us.dict"


def _english() -> Path:
    return Path(sphinx().get_model_path()) / "en-us"
