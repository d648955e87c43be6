"""Resolves words whose meaning depends on the words beside them, and drops those that mean nothing."""

from __future__ import annotations

from collections.abc import Sequence

from roboact_ros.errors import LanguageRefusal
from roboact_ros.language.amounts import HOW_FAR_OPEN
from roboact_ros.language.meanings import BACK, DOWN, FORWARD, LEFT, RIGHT, UP, Kind, Level, Move
from roboact_ros.language.scan import AMOUNTS, ASIDES, GRIPPER_VERBS, LINKS, VERBS, Item, Quantity

_HANDED = ("arm", "hand", "gripper", "claw", "wrist", "finger", "fingers", "robot arm", "fist", "jaw")
_LEAVING = ("get", "keep", "go")


def meaningful(items: Sequence[Item]) -> list[Item]:
    """Drop what carries no meaning and resolve what depends on its neighbours.

    Raises:
        LanguageRefusal: Two readings are possible.
    """
    _check_idioms(items)
    _check_attendants(items)
    kept = [item for item in items if item.kind not in (Kind.FILLER, Kind.REQUEST, Kind.PRONOUN)]
    kept = [Item(Kind.THEN, None, item.words) if item.kind is Kind.QUESTION else item for item in kept]
    kept = _intensified(kept)
    kept = _without_adverbs(kept)
    kept = _without_interjections(kept)
    return _back_and_forth(kept)


def _check_idioms(items: Sequence[Item]) -> None:
    for before, item, after in zip((None, *items), items, (*items[1:], None), strict=False):
        if item.words == "away" and before is not None and before.words in _LEAVING:
            raise LanguageRefusal(f'"{before.words} away": from what? Tell me left, right, up, down, forward or back.')
        if after is None:
            continue
        if item.kind is Kind.FILLER and item.words == "to" and after.kind is Kind.QUANTITY:
            quantity = after.value
            if isinstance(quantity, Quantity) and quantity.unit not in ("percent", "part"):
                raise LanguageRefusal(f'"to {after.words}": I only move by an amount. By how much?')
        if item.kind is not Kind.DIRECTION:
            continue
        if item.words.split()[-1] in ("left", "right") and after.kind is Kind.NOUN and after.words in _HANDED:
            raise LanguageRefusal(
                f'I have one arm, "{item.words} {after.words}" is not clear. Move it {item.words}, or what?'
            )
        if (
            item.words == "right"
            and before is None
            and after.words == ","
            and any(later.kind in VERBS for later in items)
        ):
            raise LanguageRefusal('Is "right" a direction? Say "to the right, then" and the rest, or leave it out.')
        if item.words == "right" and after.kind is Kind.DIRECTION and after.value not in (LEFT, RIGHT):
            if before is None or before.words not in ("to", "the"):
                raise LanguageRefusal(
                    f'"right {after.words}": to the right and {after.words}, or straight {after.words}?'
                )


def _check_attendants(items: Sequence[Item]) -> None:
    """Ask about "with the gripper open": how the arm is to move, or what to do before or after."""
    for at, item in enumerate(items):
        content = [later for later in items[at + 1 :] if later.kind is not Kind.FILLER][:2]
        kinds = {later.kind for later in content}
        if item.words == "with" and kinds in ({Kind.NOUN, Kind.OPEN}, {Kind.NOUN, Kind.CLOSE}):
            said = " ".join(later.words for later in (item, *content))
            raise LanguageRefusal(f'"{said}": should I do that first, or after the rest?')


def _intensified(items: Sequence[Item]) -> list[Item]:
    kept: list[Item] = []
    pending = ""
    for item in items:
        if item.kind is Kind.INTENSIFIER:
            pending = item.words
            continue
        if pending:
            if item.kind is not Kind.LEVEL:
                raise LanguageRefusal(f'"{pending}" what? Tell me how far.')
            level = Level.TINY if item.value is Level.SMALL else item.value
            item = Item(Kind.LEVEL, level, f"{pending} {item.words}")
            pending = ""
        kept.append(item)
    if pending:
        raise LanguageRefusal(f'"{pending}" what? Tell me how far.')
    return kept


def _without_adverbs(items: Sequence[Item]) -> list[Item]:
    """Drop "again" and "continue" where they go with a motion: "left again", "keep going left"."""
    kept = []
    # "go a bit further" repeats the last motion: a verb without a direction is none of its own.
    moves = any(item.motion and item.value != Move() for item in items)
    for at, item in enumerate(items):
        before = items[at - 1] if at else None
        after = items[at + 1] if at + 1 < len(items) else None
        if item.kind is Kind.CONTROL and item.value == "resume" and after is not None:
            if item.words == "go ahead" and after.kind in AMOUNTS:
                kept.append(Item(Kind.DIRECTION, FORWARD, item.words))
                continue
            if after.motion:
                continue
        if item.kind is Kind.CONTROL and item.value == "again" and moves:
            beside = [other for other in (before, after) if other is not None and other.kind not in LINKS]
            if beside and (before is None or before.kind not in LINKS):
                continue
        if item.kind is Kind.MORE and moves:
            # Openings are absolute: "30 percent more" says nothing without where the gripper stands.
            if any(other.kind in GRIPPER_VERBS for other in _clause(items, at)):
                raise LanguageRefusal(HOW_FAR_OPEN)
            continue
        kept.append(item)
    return kept


def _clause(items: Sequence[Item], at: int) -> Sequence[Item]:
    """Return what stands around an item, between two words that join."""
    end = next((i for i in range(at, len(items)) if items[i].kind in LINKS), len(items))
    return items[_start(items, at) : end]


def _start(items: Sequence[Item], at: int) -> int:
    return max((i + 1 for i in range(at) if items[i].kind in LINKS), default=0)


def _without_interjections(items: Sequence[Item]) -> list[Item]:
    kept: list[Item] = []
    for at, item in enumerate(items):
        if item.kind not in ASIDES:
            kept.append(item)
            continue
        rest = [later for later in items[at + 1 :] if later.kind not in (*LINKS, *ASIDES)]
        if all(before.kind in (*LINKS, *ASIDES) for before in items[:at]):
            continue
        if rest:
            raise LanguageRefusal(f'Which of the two, what you said before or after "{item.words}"?')
        if item.kind is Kind.CORRECTION:
            said = item.words.rstrip(" ,.!")
            raise LanguageRefusal(f'"{said}" takes back what you said before it. What should I do instead?')
    return kept


def _back_and_forth(items: Sequence[Item]) -> list[Item]:
    """Read "back" before another direction: "go back up" is up, "back up" is back, "back left" is a question."""
    kept: list[Item] = []
    skip = False
    for at, item in enumerate(items):
        if skip:
            skip = False
            continue
        after = items[at + 1] if at + 1 < len(items) else None
        if not (item.words == "back" and item.value == BACK and after is not None and after.kind is Kind.DIRECTION):
            kept.append(item)
            continue
        verb = next((other for other in items[_start(items, at) : at] if other.kind in VERBS), None)
        if verb is not None and after.value in (UP, DOWN) and after.value == _implied(verb, after.value):
            continue
        if verb is None and after.words == "up":
            kept.append(item)
            skip = True
            continue
        raise LanguageRefusal(f'"back {after.words}": back and {after.words}, or only {after.words}?')
    return kept


def _implied(verb: Item, otherwise: object) -> object:
    return verb.value.implied or otherwise if isinstance(verb.value, Move) else None
