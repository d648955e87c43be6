"""Cuts the items of a sentence into segments, each about one verb or what goes on from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from roboact_ros.errors import LanguageRefusal
from roboact_ros.language.meanings import BACK, DOWN, FORWARD, LEFT, RIGHT, UP, Body, Kind, Level, Move
from roboact_ros.language.scan import UNITS, Item, Quantity

CAPABILITIES = (
    "I can only move the arm (left, right, up, down, forward, back), roll, tilt or yaw it, rotate the gripper, and "
    "open or close it."
)

_VERBS = (Kind.MOVE, Kind.ROTATE, Kind.OPEN, Kind.CLOSE, Kind.GRAB, Kind.RELEASE, Kind.DROP)
_AMOUNTS = (Kind.QUANTITY, Kind.LEVEL, Kind.FULL)
_LINKS = (Kind.JOIN, Kind.THEN)
_HANDED = ("arm", "hand", "gripper", "claw", "wrist", "finger", "fingers", "robot arm", "fist", "jaw")


@dataclass
class Segment:
    """A stretch of a sentence.

    Attributes:
        link: How it hangs on the one before: ``start``, ``comma``, ``and``, ``then`` or ``run`` (no word between).
        verb: Its verb, if it has one of its own.
        nouns: What the verb is about.
        parts: Directions, senses and amounts in the order in which they were said.
        words: All its words, for questions.
    """

    link: str
    verb: Item | None = None
    nouns: list[Item] = field(default_factory=list)
    parts: list[Item] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    @property
    def said(self) -> str:
        """The words, for questions."""
        return " ".join(self.words)

    @property
    def aims(self) -> list[Item]:
        """Its directions and senses of rotation."""
        return [part for part in self.parts if part.kind not in _AMOUNTS]

    @property
    def amounts(self) -> list[Item]:
        """Its amounts."""
        return [part for part in self.parts if part.kind in _AMOUNTS]


def is_refused(items: Sequence[Item]) -> str | None:
    """Return the question that words outside of any motion or control call for, or None when there are none."""
    for at, item in enumerate(items):
        if item.kind is Kind.UNKNOWN or (item.kind is Kind.PRONOUN and not _speaks_of_doing(items[at + 1 :])):
            if item.words in ("or", "either"):
                return "Which one of them?"
            if item.words in ("if", "when", "unless", "until", "while", "before", "because", "once"):
                return f'I cannot wait for or check anything ("{item.words}"). What should I do now?'
            if item.words in ("should", "shall", "may", "might", "is", "are", "do", "does", "did", "will"):
                return f'"{item.words}" asks or tells me about something. What should I do?'
            if item.words in ("too", "enough", "less", "wrong"):
                return (
                    f'I hear that something is not right ("{item.words}"). Which way should I correct it, and how far?'
                )
            if item.words in UNITS:
                return f"How many {item.words}?"
            if item.words in ("x", "y", "z"):
                return f"Which way along {item.words}, plus or minus?"
            if item.words == "minus":
                return "Less than nothing is no distance. Which direction, and how far?"
            return f'I do not understand "{item.words}". {CAPABILITIES} What should I do?'
        if item.kind is Kind.NEGATION:
            return f'"{item.words}" tells me what to leave, not what to do. What should I do, or should I stop?'
        if item.kind is Kind.QUESTION and not any(before.kind is Kind.REQUEST for before in items[:at]):
            return "Is that a question? Tell me what to do and I will."
    return None


def meaningful(items: Sequence[Item]) -> list[Item]:
    """Drop what carries no meaning and resolve what depends on its neighbours.

    Raises:
        LanguageRefusal: Two readings are possible.
    """
    _check_idioms(items)
    kept = [item for item in items if item.kind not in (Kind.FILLER, Kind.REQUEST, Kind.PRONOUN)]
    kept = [Item(Kind.THEN, None, item.words) if item.kind is Kind.QUESTION else item for item in kept]
    kept = _intensified(kept)
    kept = _without_adverbs(kept)
    kept = _without_interjections(kept)
    return _back_and_forth(kept)


def segments(items: Sequence[Item]) -> list[Segment]:
    """Cut meaningful items into segments.

    Raises:
        LanguageRefusal: The sentence breaks off, or an amount belongs to nothing.
    """
    ending = next((item for item in reversed(items) if item.kind not in _LINKS or item.words[0].isalpha()), None)
    if ending is not None and ending.kind in _LINKS:
        raise LanguageRefusal(f'"{ending.words}" what?')
    cut: list[Segment] = []
    current = Segment("start")
    for item in items:
        if item.kind in _LINKS:
            cut, current = _closed(cut, current), Segment(_stronger(current, item))
        elif item.kind in _VERBS:
            if _is_direction(item, current):
                item = Item(Kind.DIRECTION, DOWN, item.words)
                current.parts.append(item)
            elif current.verb is not None and not _is_auxiliary(current, item) or current.aims:
                cut, current = _closed(cut, current), Segment("run", verb=item)
            else:
                current.verb = item
            current.words.append(item.words)
        else:
            (current.nouns if item.kind is Kind.NOUN else current.parts).append(item)
            current.words.append(item.words)
    return _merged(_closed(cut, current))


def _speaks_of_doing(following: Sequence[Item]) -> bool:
    content = [item for item in following if item.kind not in (Kind.FILLER, Kind.INTERJECTION)]
    return bool(content) and content[0].kind in _VERBS


def _check_idioms(items: Sequence[Item]) -> None:
    for before, item, after in zip((None, *items), items, (*items[1:], None), strict=False):
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
            and any(later.kind in _VERBS for later in items)
        ):
            raise LanguageRefusal('Is "right" a direction? Say "to the right, then" and the rest, or leave it out.')
        if item.words == "right" and after.kind is Kind.DIRECTION and after.value not in (LEFT, RIGHT):
            if before is None or before.words not in ("to", "the"):
                raise LanguageRefusal(
                    f'"right {after.words}": to the right and {after.words}, or straight {after.words}?'
                )


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
            if item.words == "go ahead" and after.kind in _AMOUNTS:
                kept.append(Item(Kind.DIRECTION, FORWARD, item.words))
                continue
            if after.motion:
                continue
        if item.kind is Kind.CONTROL and item.value == "again" and moves:
            beside = [other for other in (before, after) if other is not None and other.kind not in _LINKS]
            if beside and (before is None or before.kind not in _LINKS):
                continue
        if item.kind is Kind.MORE and moves:
            continue
        kept.append(item)
    return kept


def _without_interjections(items: Sequence[Item]) -> list[Item]:
    kept: list[Item] = []
    for at, item in enumerate(items):
        if item.kind is not Kind.INTERJECTION:
            kept.append(item)
            continue
        rest = [later for later in items[at + 1 :] if later.kind not in (*_LINKS, Kind.INTERJECTION)]
        if any(before.kind not in (*_LINKS, Kind.INTERJECTION) for before in items[:at]) and rest:
            raise LanguageRefusal(f'Which of the two, what you said before or after "{item.words}"?')
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
        start = max((i + 1 for i in range(at) if items[i].kind in _LINKS), default=0)
        verb = next((other for other in items[start:at] if other.kind in _VERBS), None)
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


def _stronger(closed: Segment, item: Item) -> str:
    if item.kind is Kind.THEN:
        return "then"
    link = "comma" if item.words in (",", ":") else "and"
    empty = not (closed.verb or closed.nouns or closed.parts)
    # Of several connecting words in a row the one that orders most counts: ", and then".
    return max(link, closed.link, key=("start", "run", "comma", "and", "then").index) if empty else link


def _closed(cut: list[Segment], current: Segment) -> list[Segment]:
    return [*cut, current] if current.verb or current.nouns or current.parts else cut


def _is_direction(item: Item, current: Segment) -> bool:
    return item.words == "lower" and (current.verb is not None or bool(current.aims))


def _is_auxiliary(current: Segment, item: Item) -> bool:
    """Whether the verb so far only introduces the next one: "go open the gripper"."""
    assert current.verb is not None
    if current.parts or current.verb.kind is not Kind.MOVE or current.verb.value != Move():
        return False
    if (
        item.kind is Kind.CLOSE
        and not any(noun.value is Body.GRIPPER for noun in current.nouns)
        and item.words == "close"
    ):
        raise LanguageRefusal('"close": close to what, or should I close the gripper?')
    return True


def _merged(cut: list[Segment]) -> list[Segment]:
    """Hang amounts and names that commas set apart on the segment they belong to."""
    merged: list[Segment] = []
    for at, segment in enumerate(cut):
        following = cut[at + 1] if at + 1 < len(cut) else None
        if segment.verb is None and not segment.parts and len(cut) > 1:
            if segment.link in ("start", "comma") and (following is None or following.link == "comma"):
                if following is not None:
                    following.link = segment.link
                continue
            raise LanguageRefusal(f'What about "{segment.said}"?')
        if segment.verb is None and segment.link == "comma" and merged and _completes(segment, merged[-1]):
            merged[-1].parts += segment.parts
            merged[-1].nouns += segment.nouns
            merged[-1].words += segment.words
            continue
        if segment.verb is None and not segment.aims and following is not None and following.link == "comma":
            if not following.amounts and segment.link in ("start", "comma"):
                following.parts = segment.parts + following.parts
                following.words = segment.words + following.words
                following.link = segment.link
                continue
        merged.append(segment)
    return merged


def _completes(segment: Segment, before: Segment) -> bool:
    if not segment.aims:
        # "slightly to the left, 2 cm" makes itself precise.
        return {part.kind for part in before.amounts}.isdisjoint({part.kind for part in segment.amounts})
    implied = before.verb is not None and isinstance(before.verb.value, Move) and before.verb.value.implied
    asks = before.verb is not None and before.verb.kind in (Kind.MOVE, Kind.ROTATE)
    return asks and not before.aims and not implied
