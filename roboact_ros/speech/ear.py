"""The contract of everything that turns sound into words, and its fake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from roboact_ros.speech.audio import Audio


@dataclass(frozen=True, slots=True)
class Heard:
    """What an ear made of one utterance.

    Attributes:
        text: The words; empty when there were none.
        confidence: How sure it is that they are right, 0 … 1.
        alternatives: Other things that may have been said, likeliest first.
        asks: What to ask back instead of moving; empty when ``text`` may be acted upon.
    """

    text: str
    confidence: float
    alternatives: tuple[str, ...] = ()
    asks: str = ""


class Ear(Protocol):
    """Turns one utterance into words."""

    def hear(self, audio: Audio) -> Heard:
        """Return what was said; takes a few tenths of a second and must not be called from two threads at once."""

    def close(self) -> None:
        """Give back what it holds."""


class FakeEar:
    """Hears prepared sentences in order, and remembers what it was played.

    Args:
        heard: One answer for each utterance.
    """

    def __init__(self, heard: Sequence[Heard]) -> None:
        self._answers = list(heard)
        self.played: list[Audio] = []

    def hear(self, audio: Audio) -> Heard:
        """Return the next answer."""
        self.played.append(audio)
        return self._answers.pop(0)

    def close(self) -> None:
        """Nothing to give back."""
