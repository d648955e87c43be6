"""What to ask back about words that are no part of any motion or control."""

from __future__ import annotations

from collections.abc import Sequence

from roboact_ros.language.meanings import Body, Kind
from roboact_ros.language.scan import ASIDES, LINKS, UNITS, VERBS, Item

CAPABILITIES = (
    "I can only move the arm (left, right, up, down, forward, back), roll, tilt or yaw it, rotate the gripper, and "
    "open or close it."
)

_NOT_UNDERSTOOD = f'I do not understand "{{}}". {CAPABILITIES} What should I do?'
CHOICES = ("or", "either")
CONDITIONS = ("if", "when", "unless", "until", "while", "before", "after", "because", "once")
_CANNOT_WAIT = 'I cannot wait for or check anything ("{}"). What should I do now?'
_WHY = (
    (CHOICES, "Which one of them?"),
    (CONDITIONS, _CANNOT_WAIT),
    (
        ("should", "shall", "may", "might", "is", "are", "does", "did", "will"),
        '"{}" asks or tells me about something. What should I do?',
    ),
    (
        ("too", "enough", "less", "wrong"),
        'I hear that something is not right ("{}"). Which way should I correct it, and how far?',
    ),
    (("x", "y", "z"), "Which way along {}, plus or minus?"),
    (
        ("i", "you", "we", "they", "he", "she", "let me", "it", "that", "this", "them", "everything"),
        '"{}" tells me what happens, not what to do. What should I do?',
    ),
    (("minus",), "Less than nothing is no distance. Which direction, and how far?"),
)


def question_about(items: Sequence[Item]) -> str | None:
    """Return the question that words outside of any motion or control call for, or None when there are none."""
    for at, item in enumerate(items):
        if item.kind is Kind.UNKNOWN or _reports(items, at):
            if item.words in UNITS:
                return f"How many {item.words}?"
            why = next((why for words, why in _WHY if item.words in words), _NOT_UNDERSTOOD)
            return why.format(item.words)
        if item.kind is Kind.UNCLEAR:
            return str(item.value).format(item.words)
        if _waits(item) and not any(before.motion for before in items[:at]):
            return _CANNOT_WAIT.format(item.words)
        if item.kind is Kind.NEGATION:
            return f'"{item.words}" tells me what to leave, not what to do. What should I do, or should I stop?'
        if item.kind is Kind.QUESTION and not any(before.kind is Kind.REQUEST for before in items[:at]):
            return "Is that a question? Tell me what to do and I will."
    return None


def _reports(items: Sequence[Item], at: int) -> bool:
    """Tell "they move left", "it closed" and "you opened it" from "you move left" and "lift it"."""
    item = items[at]
    does = next((later for later in items[at + 1 :] if later.kind not in (Kind.FILLER, *ASIDES)), None)
    acts = does is not None and does.kind in VERBS
    if item.value is Body.IT:
        return acts and (not at or items[at - 1].kind in LINKS)
    past = does is not None and does.words.endswith("ed")
    return item.kind is Kind.PRONOUN and not (item.words == "you" and acts and not past)


def _waits(item: Item) -> bool:
    """Whether what follows should come after something: "when done", "after that"."""
    return item.kind is Kind.THEN and not set(item.words.split()).isdisjoint(CONDITIONS)
