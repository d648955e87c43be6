"""What an annotation says: who does what with which thing, and the sentences that RoboAct-CLIP is trained with."""

from __future__ import annotations

from dataclasses import dataclass

from roboact_train.roboact_clip.inflect import third_person

ROBOT, HUMAN = "robot", "human"
SUBJECTS = (ROBOT, HUMAN)
MANY, NO_ACTION, NO_OBJECT = "more than one action", "no action", "no object"


@dataclass(frozen=True, slots=True)
class Act:
    """One action on one object: ``action`` is a class or any other verb, ``object`` a noun, or empty."""

    action: str
    object: str


@dataclass(frozen=True, slots=True)
class Annotation:
    """What a text describes.

    Attributes:
        subject: ``robot``, ``human``, or empty when the text does not say.
        acts: Every action in it, in order.
    """

    subject: str
    acts: tuple[Act, ...]

    @property
    def fault(self) -> str:
        """Why this is not one action on one object; empty when it is."""
        if len(self.acts) != 1:
            return MANY if self.acts else NO_ACTION
        return "" if self.acts[0].object else NO_OBJECT


@dataclass(frozen=True, slots=True)
class Triplet:
    """Subject, action and object of a video with a single action."""

    subject: str
    action: str
    object: str

    @property
    def description(self) -> str:
        """The rewritten text (Algorithm 1, line 10), e.g. ``Robot open drawer, action is open, object is drawer.``."""
        return (
            f"{self.subject.capitalize()} {self.action} {self.object}, "
            f"action is {self.action}, object is {self.object}."
        )

    @property
    def recombined(self) -> str:
        """The text of the recombination loss (eq. 18), e.g. ``Robot opens the drawer, action is open.``."""
        return f"{self.subject.capitalize()} {third_person(self.action)} the {self.object}, action is {self.action}."
