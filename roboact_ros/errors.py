"""The one exception base that every room shares."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class RoboactError(Exception):
    """A failure whose message an operator can act on: it names the bad value and the valid ones."""


class ConfigurationError(RoboactError):
    """A system file, argument or manifest holds something that cannot be used."""


class CameraError(RoboactError):
    """A camera or image source cannot be opened or read."""


class LanguageRefusal(RoboactError):
    """Words that were not understood or contradict each other; the message is a question back."""


class PolicyError(RoboactError):
    """A policy cannot be loaded or cannot act on what it was given."""


class ChatError(RoboactError):
    """A language model cannot be asked, or what it answered cannot be used."""


class EndpointDown(ChatError):
    """Nobody answered, or not now: the same question may be answered later."""


class EndpointRefused(ChatError):
    """An endpoint does not take the question: the key, the name of the model or the address may be wrong."""


class ArmError(RoboactError):
    """The robot or gripper cannot be reached or refuses to move."""


class MotionRefused(RoboactError):
    """A motion that the limits do not allow; the arm stays still."""


class RecordingError(RoboactError):
    """A bag cannot be written, read or repaired."""


class SimulationError(RoboactError):
    """The simulated cell cannot start or was driven wrongly."""


def did_you_mean(bad: str, valid: Iterable[str]) -> str:
    """Return the tail of an error message for a misspelt name.

    Args:
        bad: The name that was not found.
        valid: Every name that would have been accepted.

    Returns:
        Text such as ``'did you mean "front"? Valid: front, wrist'``.
    """
    names = sorted(valid)
    close = difflib.get_close_matches(bad, names, n=1, cutoff=0.6)
    hint = f'did you mean "{close[0]}"? ' if close else ""
    return f"{hint}Valid: {', '.join(names) if names else '(none)'}"
