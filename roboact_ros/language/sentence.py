"""Cuts the items of a sentence into segments, each about one verb or what goes on from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from roboact_ros.errors import LanguageRefusal
from roboact_ros.language.meanings import DOWN, Body, Kind, Move
from roboact_ros.language.scan import AMOUNTS, LINKS, VERBS, Item


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
        return [part for part in self.parts if part.kind not in AMOUNTS]

    @property
    def amounts(self) -> list[Item]:
        """Its amounts."""
        return [part for part in self.parts if part.kind in AMOUNTS]


def segments(items: Sequence[Item]) -> list[Segment]:
    """Cut meaningful items into segments.

    Raises:
        LanguageRefusal: The sentence breaks off, or an amount belongs to nothing.
    """
    ending = next((item for item in reversed(items) if item.kind not in LINKS or item.words[0].isalpha()), None)
    if ending is not None and ending.kind in LINKS:
        raise LanguageRefusal(f'"{ending.words}" what?')
    cut: list[Segment] = []
    current = Segment("start")
    for item in items:
        if item.kind in LINKS:
            cut, current = _closed(cut, current), Segment(_stronger(current, item))
        elif item.kind in VERBS:
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
    if current.parts or current.verb is None or current.verb.value != Move():
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
