"""What the demo says, and what must come of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence.

    Attributes:
        text: What is said.
        displacement: Where the tool must be afterwards, relative to where it was when this was said: x, y, z [m] in the
            base frame; None for an axis that the sentence says nothing about.
        opening: Where the gripper must be afterwards, 0 closed … 1 open; None when it is not concerned.
        refused: Whether it must be refused with a question.
        interrupted: Whether the next sentence is said while the arm moves.
    """

    text: str
    displacement: tuple[float | None, float | None, float | None] = (0.0, 0.0, 0.0)
    opening: float | None = None
    refused: bool = False
    interrupted: bool = False


SENTENCES = (
    Sentence("move left a lot", (0.0, 0.2, 0.0)),
    Sentence("lower the arm a bit", (0.0, 0.0, -0.05)),
    Sentence("close the gripper", opening=0.0),
    Sentence("move left and right", refused=True),
    Sentence("move forward a lot", (None, None, None), interrupted=True),
    Sentence("raise the arm a bit", (None, 0.0, 0.05)),
)
"""The last two: one motion replaces another while the arm moves, so only height and side are certain beforehand."""

TOLERANCE = 0.001
"""A measured displacement matches when it is this close [m]."""

OPENING_TOLERANCE = 0.05
"""A measured opening matches when it is this close."""
