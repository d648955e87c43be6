"""Cuts a stream of sound into utterances and has each heard, as soon as it makes sense; "stop" is not waited for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from roboact_ros.speech.audio import LONGEST_SECONDS, RATE, Audio
from roboact_ros.speech.ear import Ear, Heard
from roboact_ros.speech.voice_activity import FRAME, VoiceActivity

PAUSE_SECONDS = 0.27
"""A sentence that makes sense is over after a pause of this length."""
PATIENCE_SECONDS = 0.9
"""One that does not may go on for this long."""
_BEFORE = int(0.4 * RATE)
"""Sound from before a voice is noticed that belongs to the utterance [samples]."""

STOP = Heard("stop", 1.0)


class Spotter(Protocol):
    """What finds "stop" in a stream; see :class:`~roboact_ros.speech.stop_word.StopSpotter`."""

    def feed(self, samples: NDArray[np.int16]) -> bool:
        """Return whether "stop" was just said."""

    def forget(self) -> None:
        """Begin anew."""


class Listener:
    """Listens to one person.

    Args:
        ear: Hears whole utterances.
        spotter: Spots "stop".
        heard: Is called with everything that was heard.
        pushed: Push to talk: sound counts only between :meth:`press` and :meth:`release`, except for "stop".
    """

    def __init__(self, ear: Ear, spotter: Spotter, heard: Callable[[Heard], None], pushed: bool = False) -> None:
        self._ear, self._spotter, self._heard, self._pushed = ear, spotter, heard, pushed
        self._activity = VoiceActivity()
        self._sound = np.zeros(0, np.int16)
        self._rest = np.zeros(0, np.int16)
        self._guess: Heard | None = None
        self._pressed = False

    def feed(self, samples: NDArray[np.int16]) -> None:
        """Listen to more sound, of any length, at ``RATE``."""
        if len(samples) and self._spotter.feed(samples):
            self._drop()
            self._heard(STOP)
            return
        samples = np.concatenate([self._rest, samples])
        whole = len(samples) // FRAME * FRAME
        self._rest = samples[whole:]
        for start in range(0, whole, FRAME):
            self._follow(samples[start : start + FRAME])

    def press(self) -> None:
        """The button is pressed: what follows is one utterance."""
        self._drop()
        self._pressed = True

    def release(self) -> None:
        """The button is released: the utterance is over."""
        if self._pressed:
            self._pressed = False
            self._tell(self._ear.hear(Audio(np.concatenate([self._sound, self._rest]))))

    def _follow(self, frame: NDArray[np.int16]) -> None:
        if self._pushed and not self._pressed:
            return
        self._sound = np.concatenate([self._sound, frame])
        if self._pressed:
            self._sound = self._sound[: int(LONGEST_SECONDS * RATE)]
            return
        self._activity.feed(frame)
        if not self._activity.speaking:
            self._sound = self._sound[-_BEFORE:]
        elif not self._activity.silence:
            self._guess = None
        if not self._activity.speaking:
            return
        silence, length = self._activity.silence / RATE, len(self._sound) / RATE
        if self._guess is None and silence >= PAUSE_SECONDS:
            self._guess = self._ear.hear(Audio(self._sound))
        if self._guess is not None and (not self._guess.asks or silence >= PATIENCE_SECONDS):
            self._tell(self._guess)
        elif length > LONGEST_SECONDS:
            self._tell(Heard("", 0.0, (), f"You have spoken for {LONGEST_SECONDS:g} seconds. What should I do?"))

    def _tell(self, heard: Heard) -> None:
        self._drop()
        self._heard(heard)

    def _drop(self) -> None:
        self._activity.rest()
        self._sound = np.zeros(0, np.int16)
        self._guess = None
        self._pressed = False
