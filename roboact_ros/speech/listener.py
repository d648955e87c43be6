"""Cuts a stream of sound into utterances and has each heard as soon as it makes sense; "stop" is not waited for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from roboact_ros.speech.audio import LONGEST_SECONDS, RATE, Audio
from roboact_ros.speech.ear import Ear, Heard
from roboact_ros.speech.voice_activity import FRAME, VoiceActivity

LISTEN_SECONDS = 0.09
"""After so long a pause an utterance is heard, in case it is over."""
PAUSE_SECONDS = 0.3
"""After so long a pause it is over if it makes sense."""
PATIENCE_SECONDS = 0.9
"""After so long a pause it is over in any case."""
_BEFORE = round(0.4 * RATE / FRAME)
"""Frames from before a voice is noticed that belong to the utterance."""


class Spotter(Protocol):
    """What finds "stop" in an utterance; see :class:`~roboact_ros.speech.stop_word.StopSpotter`."""

    def feed(self, samples: NDArray[np.int16]) -> bool:
        """Return whether "stop" was said in this utterance."""

    def forget(self) -> None:
        """Begin a new utterance."""


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
        self._frames: list[NDArray[np.int16]] = []
        self._rest: NDArray[np.int16] = np.zeros(0, np.int16)
        self._guess: Heard | None = None
        self._pressed = False

    def feed(self, samples: NDArray[np.int16]) -> None:
        """Listen to more sound, of any length, at ``RATE``."""
        samples = np.concatenate([self._rest, samples])
        whole = len(samples) // FRAME * FRAME
        self._rest = samples[whole:]
        for start in range(0, whole, FRAME):
            self._follow(samples[start : start + FRAME])

    def press(self) -> None:
        """The button is pressed: what follows is one utterance."""
        self._forget()
        self._pressed = True

    def release(self) -> None:
        """The button is released: the utterance is over."""
        if self._pressed:
            self._tell(self._hear())

    def _follow(self, frame: NDArray[np.int16]) -> None:
        activity = self._activity
        was_speaking = activity.speaking
        activity.feed(frame)
        self._frames.append(frame)
        if activity.speaking:
            fresh = self._frames if not was_speaking else [frame]
            if self._spotter.feed(np.concatenate(fresh)):
                self._tell(Heard("stop", 1.0))
                return
        elif not self._pressed:
            del self._frames[:-_BEFORE]
        if len(self._frames) * FRAME > LONGEST_SECONDS * RATE:
            self._tell(Heard("", 0.0, (), f"Nobody speaks for {LONGEST_SECONDS:g} seconds. What should I do?"))
        elif activity.speaking and not self._pressed:
            self._end(activity.silence / RATE)

    def _end(self, pause: float) -> None:
        """Decide whether the utterance is over after a pause [s]."""
        if self._pushed:
            if pause >= PATIENCE_SECONDS:
                self._forget()
            return
        if not pause:
            self._guess = None
        elif self._guess is None and pause >= LISTEN_SECONDS:
            self._guess = self._hear()
        if self._guess is not None and pause >= (PATIENCE_SECONDS if self._guess.asks else PAUSE_SECONDS):
            self._tell(self._guess)

    def _hear(self) -> Heard:
        return self._ear.hear(Audio(np.concatenate([*self._frames, self._rest])))

    def _tell(self, heard: Heard) -> None:
        self._forget()
        self._heard(heard)

    def _forget(self) -> None:
        self._activity.rest()
        self._spotter.forget()
        self._frames.clear()
        self._guess = None
        self._pressed = False
