"""Noun phrases: where one ends, and which noun it is about."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from roboact_train.roboact_clip import words as w
from roboact_train.roboact_clip.inflect import singular

LONGEST = 2
"""Words of an object: "cream cheese", but no more."""
_NOUNS_TOO = ("light", "glass", "orange", "square")


def end_of_noun_phrase(tokens: Sequence[str], start: int, is_verb: Callable[[int], bool]) -> int:
    """Return where the noun phrase that begins at ``start`` ends; ``is_verb`` says whether a verb begins at an index.

    "And" between two adjectives does not end it: the red and the blue block are one phrase.
    """
    noun_seen = False
    for at in range(start, len(tokens)):
        token = tokens[at]
        if token == "and" and not noun_seen and at > start and not is_verb(at + 1):
            continue
        if not token[0].isalnum() or token in w.PREPOSITIONS | w.CONNECTORS | w.BE:
            return at
        if noun_seen and (token in w.RESULTS | w.SUBORDINATE or _counts(token) or _is_attached(tokens, at)):
            return at
        noun_seen = noun_seen or not _is_modifier(token)
    return len(tokens)


def object_of(tokens: Sequence[str], kept: Collection[str] = ()) -> str:
    """Return the noun that a phrase is about, singular: ``the two red drawers`` gives ``drawer``; or nothing.

    A phrase with "of" is given whole: of the cabinet is left away, of bread after a piece is what counts.

    Args:
        tokens: The phrase.
        kept: Adjectives that belong to the object: with colours the example gives ``red drawer``.
    """
    words = list(tokens)
    adjectives: list[str] = []
    if "of" in words:
        at = words.index("of")
        measured = words[at - 1] in w.MEASURES if at else True
        words = words[at + 1 :] if measured else words[:at]
    while words and (_is_modifier(words[0]) or (len(words) > 1 and _is_participle(words[0]))):
        alone = len(words) == 1 and words[0] in _NOUNS_TOO
        if alone or (words[0] == "light" and not _is_modifier(words[1])):  # light bulb, but not light blue bulb
            break
        adjectives += [word for word in (words.pop(0),) if word in kept]
    if not words or words[0] in w.PRONOUNS:
        return ""
    nouns = words[-LONGEST:]
    return " ".join([*adjectives, *nouns[:-1], singular(nouns[-1])])


def is_adverb(token: str) -> bool:
    """Whether a word says how: carefully."""
    return (
        len(token) > 4 and token.endswith("ly") and token not in ("jelly", "assembly", "butterfly", "supply", "belly")
    )


def _counts(token: str) -> bool:
    return token in w.DETERMINERS | w.NUMBERS or token.isdigit() or is_adverb(token)


def _is_modifier(token: str) -> bool:
    return token in w.ADJECTIVES or token == "and" or token.endswith("'s") or _counts(token)


def _is_attached(tokens: Sequence[str], at: int) -> bool:
    """Whether a word begins what is said about the noun before it: the block lying on the table."""
    return tokens[at].endswith(("ing", "ed")) and at + 1 < len(tokens) and tokens[at + 1] in w.PREPOSITIONS


def _is_participle(token: str) -> bool:
    return len(token) > 4 and token.endswith("ed") and token not in ("seaweed", "weed")
