"""What words can mean, as far as the grammar tells meanings apart."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Kind(enum.Enum):
    """What a phrase does in a sentence."""

    FILLER = "filler"
    INTERJECTION = "interjection"
    CORRECTION = "correction"
    REQUEST = "request"
    DIRECTION = "direction"
    SENSE = "sense"
    MOVE = "move"
    ROTATE = "rotate"
    OPEN = "open"
    CLOSE = "close"
    GRAB = "grab"
    RELEASE = "release"
    DROP = "drop"
    NOUN = "noun"
    QUANTITY = "quantity"
    LEVEL = "level"
    INTENSIFIER = "intensifier"
    FULL = "full"
    MORE = "more"
    OUT = "out"
    JOIN = "join"
    THEN = "then"
    QUESTION = "question"
    PRONOUN = "pronoun"
    NEGATION = "negation"
    CONTROL = "control"
    UNCLEAR = "unclear"
    UNKNOWN = "unknown"


class Level(enum.Enum):
    """Amounts in words, in the order of the vocabulary: centimetres and degrees (CLIP-RT, section 2 of its facts)."""

    TINY = (1, 5)
    SMALL = (5, 15)
    MEDIUM = (10, 45)
    LARGE = (20, 90)


class Turn(enum.Enum):
    """What a rotation turns, as the entry of the action."""

    ROLL = 3
    TILT = 4
    YAW = 5
    SPIN = 6


class Body(enum.Enum):
    """What a noun stands for."""

    ARM = "arm"
    GRIPPER = "gripper"
    IT = "it"
    OBJECT = "object"


@dataclass(frozen=True, slots=True)
class Direction:
    """A direction: entry of the action, sign, and whether the base fixes it rather than the viewpoint."""

    axis: int
    sign: int
    anchored: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """A verb of displacement: the direction it implies, and whether another direction beside it contradicts it."""

    implied: Direction | None = None
    strict: bool = False
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A meaning: its kind and what that kind needs to know."""

    kind: Kind
    value: object = None


FORWARD, BACK = Direction(0, 1), Direction(0, -1)
LEFT, RIGHT = Direction(1, 1), Direction(1, -1)
UP, DOWN = Direction(2, 1, anchored=True), Direction(2, -1, anchored=True)
OUTWARD, INWARD = Direction(0, 1, anchored=True), Direction(0, -1, anchored=True)
BASE_LEFT, BASE_RIGHT = Direction(1, 1, anchored=True), Direction(1, -1, anchored=True)
