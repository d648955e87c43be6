"""Turns tokens into items: known phrases, quantities with their units, and amounts in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from roboact_ros.errors import LanguageRefusal
from roboact_ros.language.lexicon import LEXICON, LONGEST, TARGETS, WORDS
from roboact_ros.language.meanings import Entry, Kind
from roboact_ros.language.numbers import NUMBER_WORDS, PI, Number, read_half, read_number
from roboact_ros.language.tokens import RANGE
from roboact_ros.language.typos import correct
from roboact_ros.language.words.ordinary import ORDINARY

CENTIMETERS = {
    "millimeter": Decimal("0.1"),
    "centimeter": Decimal(1),
    "decimeter": Decimal(10),
    "meter": Decimal(100),
    "inch": Decimal("2.54"),
    "foot": Decimal("30.48"),
    "yard": Decimal("91.44"),
    "micron": Decimal("0.0001"),
}
DEGREES = {"degree": Decimal(1), "radian": 180 / PI, "turn": Decimal(360)}

_SPELLINGS = {
    "millimeter": "millimeter millimeters millimetre millimetres mm mms mil. millis millimetres",
    "centimeter": "centimeter centimeters centimetre centimetres cm cms centi centis centimes",
    "decimeter": "decimeter decimeters decimetre decimetres dm",
    "meter": "meter meters metre metres m",
    "inch": "inch inches in ins",
    "foot": "foot feet ft",
    "yard": "yard yards yd yds",
    "micron": "micron microns micrometer micrometers um",
    "degree": "degree degrees deg degs",
    "radian": "radian radians rad rads",
    "turn": "turn turns revolution revolutions rev revs rotation rotations circle",
    "percent": "percent percents pct",
}
UNITS = {spelling: unit for unit, spellings in _SPELLINGS.items() for spelling in spellings.split()}
KNOWN = WORDS | NUMBER_WORDS | UNITS.keys()
CORRECTABLE = TARGETS | {word for word in (*NUMBER_WORDS, *UNITS) if len(word) > 3}


VERBS = (Kind.MOVE, Kind.ROTATE, Kind.OPEN, Kind.CLOSE, Kind.GRAB, Kind.RELEASE, Kind.DROP)
AMOUNTS = (Kind.QUANTITY, Kind.LEVEL, Kind.FULL)
LINKS = (Kind.JOIN, Kind.THEN)
GRIPPER_VERBS = (Kind.OPEN, Kind.CLOSE, Kind.GRAB, Kind.RELEASE)
ASIDES = (Kind.INTERJECTION, Kind.CORRECTION)


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact amount.

    Attributes:
        value: In centimetres, degrees or percent; as said when ``unit`` is empty.
        unit: ``cm``, ``deg``, ``percent``, ``part`` (a half, of something not said) or empty.
        said: The words, for questions.
    """

    value: Decimal
    unit: str
    said: str


@dataclass(frozen=True, slots=True)
class Item:
    """A known phrase in a sentence: what it means and the words themselves."""

    kind: Kind
    value: object
    words: str

    @property
    def motion(self) -> bool:
        """Whether it asks for movement."""
        return self.kind in (*VERBS, Kind.DIRECTION, Kind.SENSE)


def spell(tokens: Sequence[str]) -> list[str]:
    """Return the tokens with misspelt words corrected and words that were run together split.

    Raises:
        LanguageRefusal: A word can be corrected in two ways.
    """
    spelt: list[str] = []
    for token in tokens:
        if not token.isalpha() or token in KNOWN:
            spelt.append(token)
            continue
        parts = _split(token)
        if len(parts) == 1:
            parts = [correct(token, CORRECTABLE, _meaning) or token]
        spelt.extend(parts)
    return spelt


def scan(tokens: Sequence[str]) -> list[Item]:
    """Read items from spelt tokens; what is not known becomes an item of kind UNKNOWN."""
    items: list[Item] = []
    at = 0
    while at < len(tokens):
        item, after = _quantity(tokens, at) or _phrase(tokens, at)
        items.append(Item(item.kind, item.value, " ".join(tokens[at:after])))
        at = after
    return items


def _meaning(word: str) -> object:
    if word in UNITS:
        return UNITS[word]
    if word in NUMBER_WORDS:
        return word
    entry = LEXICON.get((word,))
    return (entry.kind, entry.value) if entry is not None else word


def _split(token: str) -> list[str]:
    """Split two words run together, such as moveleft, when there is exactly one way."""
    if len(token) > 24 or token in ORDINARY:
        return [token]
    ways = [
        [token[:i], token[i:]]
        for i in range(2, len(token) - 1)
        if _verbal(token[:i]) and LEXICON.get((token[i:],), _NOTHING).kind in _SECOND
    ]
    return ways[0] if len(ways) == 1 else [token]


_NOTHING = Entry(Kind.UNKNOWN)
_SECOND = (Kind.DIRECTION, Kind.SENSE, Kind.CONTROL, Kind.NOUN)


def _verbal(word: str) -> bool:
    return LEXICON.get((word,), _NOTHING).kind in (
        Kind.MOVE,
        Kind.ROTATE,
        Kind.OPEN,
        Kind.CLOSE,
        Kind.RELEASE,
        Kind.DIRECTION,
    )


def _phrase(tokens: Sequence[str], at: int) -> tuple[Item, int]:
    for length in range(min(LONGEST, len(tokens) - at), 0, -1):
        words = tuple(tokens[at : at + length])
        if words in LEXICON:
            entry: Entry = LEXICON[words]
            return Item(entry.kind, entry.value, ""), at + length
    return Item(Kind.UNKNOWN, None, ""), at + 1


def _quantity(tokens: Sequence[str], at: int) -> tuple[Item, int] | None:
    number, after = read_number(tokens, at) or (None, at)
    if number is None:
        if (
            tokens[at] in ("a", "an", "another")
            and (unit := _unit(tokens, at + 1))
            and tokens[at + 1] not in ("in", "m")
        ):
            half, end = read_half(tokens, at + 2)
            return _measured(Number(1 + half), unit, tokens, at, end), end
        if tuple(tokens[at : at + 2]) == ("right", "angle"):
            return _measured(Number(Decimal(90)), "degree", tokens, at, at + 2), at + 2
        if tokens[at] in ("full", "whole", "complete") and _unit(tokens, at + 1) == "turn":
            return _measured(Number(Decimal(1)), "turn", tokens, at, at + 2), at + 2
        if tokens[at] in ("halfway", "midway"):
            return _measured(Number(Decimal("0.5"), part=True), "", tokens, at, at + 1), at + 1
        return None
    if tokens[at] == "one" and tuple(tokens[at : at + 2]) in (
        ("one", "more"),
        ("one", "moment"),
        ("one", "second"),
        ("one", "sec"),
    ):
        if not (tokens[at + 1] == "more" and _unit(tokens, at + 2)):
            return None
    if tokens[after : after + 1] == [RANGE]:
        raise LanguageRefusal(f"How far exactly? I cannot choose between {tokens[at]} and {tokens[after + 1]}.")
    if tokens[after : after + 1] in (["more"], ["extra"], ["additional"], ["full"], ["whole"], ["-"]) and _unit(
        tokens, after + 1
    ):
        after += 1
    unit = _unit(tokens, after)
    if (
        unit == "turn"
        and tokens[after] == "turn"
        and tokens[after + 1 : after + 2] in (["the"], ["it"], ["gripper"], ["clockwise"])
    ):
        unit = unit if tokens[after + 1] == "clockwise" else ""
    if unit:
        half, end = read_half(tokens, after + 1)
        return _measured(Number(number.value + half), unit, tokens, at, end), end
    if number.part and tokens[after : after + 1] == ["way"]:
        after += 1
    return _measured(number, "", tokens, at, after), after


def _unit(tokens: Sequence[str], at: int) -> str:
    return UNITS.get(tokens[at], "") if at < len(tokens) else ""


def _measured(number: Number, unit: str, tokens: Sequence[str], start: int, end: int) -> Item:
    said = " ".join(tokens[start:end])
    if unit in CENTIMETERS:
        quantity = Quantity(number.value * CENTIMETERS[unit], "cm", said)
    elif unit in DEGREES:
        quantity = Quantity(number.value * DEGREES[unit], "deg", said)
    elif unit == "percent":
        quantity = Quantity(number.value, "percent", said)
    elif number.circular:
        quantity = Quantity(number.value * DEGREES["radian"], "deg", said)
    else:
        quantity = Quantity(number.value, "part" if number.part else "", said)
    return Item(Kind.QUANTITY, quantity, said)
