"""Tells when somebody speaks."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from roboact_ros.speech.audio import RATE
from roboact_ros.speech.decoder import sphinx

FRAME = RATE * 30 // 1000
"""Samples that are judged at once."""
_STRICTNESS = 3
_WINDOW, _VOICED = 8, 5
"""Somebody begins to speak when so many of the last so many frames hold a voice."""


class VoiceActivity:
    """Follows a stream of sound.

    Attributes:
        speaking: Whether somebody speaks.
        silence: Samples since the last frame with a voice.
    """

    def __init__(self) -> None:
        self._detector = sphinx().Vad(_STRICTNESS, RATE, FRAME / RATE)
        self._recent: deque[bool] = deque(maxlen=_WINDOW)
        self.speaking = False
        self.silence = 0

    def feed(self, frame: NDArray[np.int16]) -> None:
        """Follow one more frame of ``FRAME`` samples."""
        voiced = bool(self._detector.is_speech(frame.tobytes()))
        self._recent.append(voiced)
        self.silence = 0 if voiced else self.silence + len(frame)
        self.speaking = self.speaking or sum(self._recent) >= _VOICED

    def rest(self) -> None:
        """Take what comes next for something new."""
        self._recent.clear()
        self.speaking = False
        self.silence = 0
