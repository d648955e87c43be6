"""What to ask back about words that are no part of any motion or control."""

from __future__ import annotations

from collections.abc import Sequence

from roboact_ros.language.meanings import Kind
from roboact_ros.language.scan import UNITS, VERBS, Item

CAPABILITIES = (
    "I can only move the arm (left, right, up, down, forward, back), roll, tilt or yaw it, rotate the gripper, and "
    "open or close it."
)

_NOT_UNDERSTOOD = f'I do not understand "{{}}". {CAPABILITIES} What should I do?'
CHOICES = ("or", "either")
CONDITIONS = ("if", "when", "unless", "until", "while", "before", "after", "because", "once")
_WHY = (
    (CHOICES, "Which one of them?"),
    (
        CONDITIONS,
        'I cannot wait for or check anything ("{}"). What should I do now?',
    ),
    (
        ("should", "shall", "may", "might", "is", "are", "does", "did", "will"),
        '"{}" asks or tells me about something. What should I do?',
    ),
    (
        ("too", "enough", "less", "wrong"),
        'I hear that something is not right ("{}"). Which way should I correct it, and how far?',
    ),
    (("x", "y", "z"), "Which way along {}, plus or minus?"),
    (("minus",), "Less than nothing is no distance. Which direction, and how far?"),
)


def question_about(items: Sequence[Item]) -> str | None:
    """Return the question that words outside of any motion or control call for, or None when there are none."""
    for at, item in enumerate(items):
        if item.kind is Kind.UNKNOWN or (item.kind is Kind.PRONOUN and not _speaks_of_doing(items[at + 1 :])):
            if item.words in UNITS:
                return f"How many {item.words}?"
            why = next((why for words, why in _WHY if item.words in words), _NOT_UNDERSTOOD)
            return why.format(item.words)
        if item.kind is Kind.NEGATION:
            return f'"{item.words}" tells me what to leave, not what to do. What should I do, or should I stop?'
        if item.kind is Kind.QUESTION and not any(before.kind is Kind.REQUEST for before in items[:at]):
            return "Is that a question? Tell me what to do and I will."
    return None


def _speaks_of_doing(following: Sequence[Item]) -> bool:
    content = [item for item in following if item.kind not in (Kind.FILLER, Kind.INTERJECTION)]
    return bool(content) and content[0].kind in VERBS
