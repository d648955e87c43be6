"""Listens for "stop" alone, all the time, also while another sentence is being said."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from roboact_ros.speech.decoder import Voice, open_decoder

KEYWORDS = {"stop": 1e-12, "stop stop": 1e-18}
"""Each with the likelihood, relative to any other phones, from which it counts."""


class StopSpotter:
    """Spots "stop" in a stream of sound.

    Args:
        voice: Acoustic model.
        dictionary: File with the pronunciation of "stop".
    """

    def __init__(self, voice: Voice, dictionary: Path) -> None:
        self._decoder = open_decoder(voice, dict=str(dictionary), cmn="live")
        with tempfile.NamedTemporaryFile("w", suffix=".kws") as file:
            file.write("".join(f"{phrase} /{threshold:g}/\n" for phrase, threshold in KEYWORDS.items()))
            file.flush()
            self._decoder.add_kws("stop", file.name)
        self._decoder.activate_search("stop")
        self._decoder.start_utt()

    def feed(self, samples: NDArray[np.int16]) -> bool:
        """Return whether "stop" ended in the sound since the last call; samples at ``RATE``."""
        self._decoder.process_raw(samples.tobytes())
        if self._decoder.hyp() is None:
            return False
        self.forget()
        return True

    def forget(self) -> None:
        """Begin anew."""
        self._decoder.end_utt()
        self._decoder.start_utt()
