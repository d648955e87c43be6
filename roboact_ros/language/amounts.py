"""Decides how far: exact quantities, amounts in words, and what to ask when they do not fit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from roboact_ros.errors import LanguageRefusal
from roboact_ros.language.meanings import Level
from roboact_ros.language.scan import Quantity
from roboact_ros.language.vocabulary import ROTATION_AXES

Amount = Quantity | Level
LARGEST_LENGTH, LARGEST_ANGLE = Decimal(100), Decimal(360)
HOW_FAR_OPEN = "How far should the gripper go: fully, halfway, or how many percent?"
_EXTRA = {"more", "extra", "additional"}
_BARE_DEGREES = Decimal(4)
"""A bare number below this could be radians."""


def magnitude(amount: Amount | None, axis: int, what: str) -> Decimal:
    """Return an amount in centimetres or degrees for one axis of the action.

    Args:
        amount: What was said, or None when nothing was.
        axis: Entry of the action, 0 … 6.
        what: The movement in the person's words, for questions.

    Raises:
        LanguageRefusal: The unit is missing or of the wrong kind, or the amount is not above zero or too large.
    """
    turns = axis in ROTATION_AXES
    if amount is None:
        amount = Level.MEDIUM
    if isinstance(amount, Level):
        return Decimal(amount.value[turns])
    value = amount.value
    if not amount.unit and (not turns or value < _BARE_DEGREES):
        raise LanguageRefusal(
            f'"{what}": {amount.said} what: {"degrees or radians" if turns else "centimeters or millimeters"}?'
        )
    if amount.unit == "part":
        raise LanguageRefusal(f'"{what}": {amount.said} of what? Give me {"degrees" if turns else "centimeters"}.')
    if amount.unit and amount.unit != ("deg" if turns else "cm"):
        kind = "turns, so tell me degrees" if turns else "moves, so tell me centimeters"
        raise LanguageRefusal(f'"{what}" {kind} rather than {amount.said}. How far?')
    largest = LARGEST_ANGLE if turns else LARGEST_LENGTH
    if value > largest:
        unit = "degrees" if turns else "centimeters"
        raise LanguageRefusal(f"{amount.said} is more than I can do at once ({largest} {unit}). How far exactly?")
    if value < Decimal("0.000001"):
        raise LanguageRefusal(f"{amount.said} is no movement. How far should I go?")
    return value


def percent_open(amounts: Sequence[Amount], closing: bool, full: bool) -> Decimal:
    """Return how far the gripper should open, 0 … 100.

    Raises:
        LanguageRefusal: The amount is not a share of the full opening.
    """
    if not amounts:
        return Decimal(0 if closing else 100)
    amount = amounts[0]
    if (
        len(amounts) > 1
        or full
        or isinstance(amount, Level)
        or amount.unit not in ("percent", "part")
        or not _EXTRA.isdisjoint(amount.said.split())
    ):
        raise LanguageRefusal(HOW_FAR_OPEN)
    share = amount.value * 100 if amount.unit == "part" else amount.value
    if not 0 <= share <= 100:
        raise LanguageRefusal(f"The gripper opens from 0 to 100 percent. What is {amount.said}?")
    return 100 - share if closing else share


def combined(amounts: Sequence[Amount], what: str) -> Amount:
    """Return the one amount that several, said beside each other, agree on.

    An exact one makes an amount in words precise ("slightly to the left, 2 cm") unless they disagree on the size.

    Raises:
        LanguageRefusal: They do not agree.
    """
    exact = [amount for amount in amounts if isinstance(amount, Quantity)]
    # Two units may say the same ("2 inches, 5.08 cm"); the same words twice may as well add up.
    if len({(amount.value, amount.unit) for amount in exact}) == 1 and len({a.said for a in exact}) == len(exact):
        exact = exact[:1]
    levels = list(dict.fromkeys(amount for amount in amounts if isinstance(amount, Level)))
    candidates: list[Amount] = [*exact, *levels]
    if len(candidates) == 1:
        return candidates[0]
    if len(exact) == 1 and len(levels) == 1:
        middle = Level.MEDIUM.value[exact[0].unit == "deg"]
        if exact[0].value <= middle if levels[0] in (Level.TINY, Level.SMALL) else exact[0].value >= middle:
            return exact[0]
    said = " and ".join(amount.said if isinstance(amount, Quantity) else amount.name.lower() for amount in amounts)
    raise LanguageRefusal(f'"{what}" names two amounts: {said}. Which one?')
