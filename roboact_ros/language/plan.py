"""A plan as text: what the teleop node publishes and the executor reads. Strict, unlike what people say."""

from __future__ import annotations

from collections.abc import Sequence

from roboact_ros.errors import LanguageRefusal, did_you_mean
from roboact_ros.language.controls import CONTROL_WORDS
from roboact_ros.language.parse import parse
from roboact_ros.types import Motion

SEPARATOR = "; then "


def plan_to_text(motions: Sequence[Motion]) -> str:
    """Return the canonical phrases in order.

    Raises:
        LanguageRefusal: There are none.
    """
    if not motions:
        raise LanguageRefusal("A plan needs at least one motion. What should I do?")
    return SEPARATOR.join(motion.phrase for motion in motions)


def plan_from_text(text: str) -> tuple[Motion, ...] | str:
    """Return the motions of a plan, or the control word it consists of; inverse of :func:`plan_to_text`.

    Raises:
        LanguageRefusal: A part is not a canonical phrase, or the control is unknown.
    """
    if text in CONTROL_WORDS:
        return text
    motions: list[Motion] = []
    for phrase in text.split(SEPARATOR):
        try:
            understood = parse(phrase).motions
        except LanguageRefusal:
            understood = ()
        if [motion.phrase for motion in understood] != [phrase]:
            hint = did_you_mean(text, CONTROL_WORDS)
            raise LanguageRefusal(f'"{phrase}" is neither a canonical phrase nor a control. {hint}')
        motions += understood
    return tuple(motions)
