"""The ear that needs nothing but this installation: PocketSphinx with a grammar made from the vocabulary.

Two quick decoders, whose frequency axes are stretched for long and for short vocal tracts, hear every utterance; two
more patient ones are asked when these disagree or doubt. The acoustic model is PocketSphinx's own, shifted by
``speech_english`` towards voices that it misunderstood; docs/speech.md says how.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from roboact_ros.share import share_folder
from roboact_ros.speech.audio import Audio
from roboact_ros.speech.decoder import GrammarDecoder, Voice, sphinx
from roboact_ros.speech.ear import Heard
from roboact_ros.speech.grammar import Grammar
from roboact_ros.speech.judgement import AGAIN, Hypothesis, judge
from roboact_ros.speech.level import levelled
from roboact_ros.speech.phrases import RULES
from roboact_ros.speech.pronunciation import pronunciations, write_dictionary

DECODERS = ((0.93, False, False), (1.08, True, False), (1.0, True, True), (1.08, True, True))
"""Stretch of the frequency axis, and whether it is measured and patient, in the order in which they are asked."""


class SphinxEar:
    """Hears sentences of the grammar.

    Raises:
        SpeechError: PocketSphinx is not installed.
    """

    def __init__(self) -> None:
        grammar = Grammar(RULES)
        graph = grammar.graph()
        with tempfile.TemporaryDirectory() as folder:
            dictionary = Path(folder) / "words.dict"
            write_dictionary(pronunciations(grammar.words(), cmu_dictionary()), dictionary)
            self._decoders = [
                GrammarDecoder(graph, dictionary, voice(warp), measured, patient)
                for warp, measured, patient in DECODERS
            ]

    def hear(self, audio: Audio) -> Heard:
        """See :class:`~roboact_ros.speech.ear.Ear`."""
        speech = levelled(audio)
        if speech is None:
            return Heard("", 0.0, (), AGAIN)
        pcm = speech.tobytes()
        heard = Heard("", 0.0)
        hypotheses: list[Hypothesis] = []
        for decoder in self._decoders:
            hypotheses.append(Hypothesis(decoder.decode(pcm), decoder.measured))
            if len(hypotheses) > 1:
                heard = judge(hypotheses)
                if not heard.asks or not heard.text:
                    break
        return heard

    def close(self) -> None:
        """See :class:`~roboact_ros.speech.ear.Ear`."""
        self._decoders.clear()


def voice(warp: float = 1.0) -> Voice:
    """Return the acoustic model."""
    folder = share_folder("models") / "speech_english"
    return Voice(folder / "means.bin", folder / "variances.bin", warp)


def cmu_dictionary() -> Path:
    """Return the dictionary that comes with PocketSphinx."""
    return Path(sphinx().get_model_path()) / "en-us" / "cmudict-en-us.dict"
