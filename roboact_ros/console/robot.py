"""The contract between the page and the cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

WORDS = ("resume", "home", "pause")
"""What a person asks of the arm with a button, besides ``stop``."""
RECORDER_ACTIONS = ("start", "save", "discard", "rerecord")


@dataclass(frozen=True, slots=True)
class Understanding:
    """What words mean: a sentence for the person, which is a question when they are not understood."""

    sentence: str
    refused: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard: the words, and a question when they should not be acted on (empty otherwise)."""

    text: str
    question: str = ""


class Robot(Protocol):
    """A cell as the page uses it. Methods may be called from any thread."""

    def stop(self) -> None:
        """Stop the arm; never blocks."""
        ...

    def ask(self, word: str) -> None:
        """Ask for one of ``WORDS``; never blocks."""
        ...

    def say(self, text: str) -> None:
        """Say something to the arm; never blocks."""
        ...

    def instruct(self, text: str) -> None:
        """Give the policy and the episodes their task; never blocks."""
        ...

    def understand(self, text: str) -> Understanding:
        """Return what the arm would do, without doing it."""
        ...

    def record(self, action: str) -> str:
        """Ask the recorder for one of ``RECORDER_ACTIONS``, wait, and return what it says.

        Raises:
            RecordingError: It refuses or does not answer.
        """
        ...

    def aim(self, target: int) -> None:
        """Want so many good episodes of the present task; never blocks."""
        ...

    def note(self, text: str) -> None:
        """Keep a remark with the episode that is being recorded; never blocks."""
        ...

    def hear(self, wav: bytes) -> Heard:
        """Return what was said in a recording, which may take a while.

        Args:
            wav: Content of a WAV file.

        Raises:
            RoboactError: It is none, or nothing can be heard here.
        """
        ...
