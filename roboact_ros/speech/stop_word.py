"""Listens for "stop" alone, while another sentence is still being said.

Every word of the grammar may follow every other, so that "stop" is only found where no other word fits better.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from roboact_ros.speech.decoder import GrammarDecoder, Voice
from roboact_ros.speech.grammar import Graph
from roboact_ros.speech.pronunciation import pronunciations, write_dictionary

STOP = "stop"
LIKELIHOOD = 0.05
"""How likely any word is this one."""
_SETTLED = 6
"""Frames of 10 ms that must follow the word: what has just begun to sound like it may still become another."""
_LEVEL, _FADE = 2500.0, 0.98
_FAINT = 30.0
"""No sound is amplified to the level of the model that is fainter than this [root mean square]."""
_BLOCK = 480


class StopSpotter:
    """Spots "stop" in the sound of one utterance after another.

    Args:
        words: What else may be said.
        dictionary: The CMU dictionary.
        voice: Acoustic model.
    """

    def __init__(self, words: frozenset[str], dictionary: Path, voice: Voice) -> None:
        others = sorted(words - {STOP})
        steps: list[tuple[int, int, float, str | None]] = [
            (0, 1, (1.0 - LIKELIHOOD) / len(others), word) for word in others
        ]
        steps += [(0, 1, LIKELIHOOD, STOP), (1, 0, 0.9, None), (1, 2, 0.1, None)]
        with tempfile.TemporaryDirectory() as folder:
            spoken = Path(folder) / "words.dict"
            write_dictionary(pronunciations({*words, STOP}, dictionary), spoken)
            self._decoder = GrammarDecoder(Graph(3, steps), spoken, voice, measured=False)
        self._decoder.begin()
        self._loudest = _FAINT

    def feed(self, samples: NDArray[np.int16]) -> bool:
        """Return whether "stop" was said in this utterance; samples of any number at ``RATE``."""
        for start in range(0, len(samples), _BLOCK):
            block = samples[start : start + _BLOCK].astype(np.float64)
            # Blocks of different loudness are one voice: the level follows it up at once and down slowly.
            self._loudest = max(_FAINT, self._loudest * _FADE, float(np.sqrt((block**2).mean())))
            level = np.clip(block * (_LEVEL / self._loudest), -32768, 32767)
            self._decoder.go_on(level.astype(np.int16).tobytes())
        frames = self._decoder.frames
        return any(word.word == STOP and word.end <= frames - _SETTLED for word in self._decoder.words())

    def forget(self) -> None:
        """Begin a new utterance."""
        self._decoder.end()
        self._decoder.begin()
