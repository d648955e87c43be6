"""Corrects misspelt words, but only towards the one meaning they can have.

A weighted Damerau-Levenshtein distance, where swapped neighbours and doubled letters count less because fingers do that
most. Ordinary English words are never corrected: "light" is not a misspelt "right".
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable

from roboact_ros.errors import LanguageRefusal
from roboact_ros.language.words.ordinary import ORDINARY
from roboact_ros.language.words.shorthand import SHORTHAND

_SWAP, _DOUBLE, _OTHER = 0.75, 0.75, 1.0
_MARGIN = 0.2
_LONGEST = 24


def correct(word: str, lexicon: frozenset[str], meaning: Callable[[str], object]) -> str | None:
    """Return the word of the lexicon that ``word`` stands for, or None when it is unlike all of them.

    Args:
        word: A lower-case word that is not in the lexicon.
        lexicon: Every known word.
        meaning: Two words with equal meaning may stand for each other.

    Raises:
        LanguageRefusal: It is equally near to two words that mean different things.
    """
    if word in SHORTHAND:
        return SHORTHAND[word]
    if len(word) > _LONGEST or not word.isascii() or word in ORDINARY:
        return None
    if _squeeze(word, keep=2) != word and (drawn_out := _squeezed(lexicon).get(_squeeze(word, keep=1))):
        return drawn_out
    allowed = _allowed(len(word))
    if not allowed:
        return None
    scored = sorted((distance(word, near), near) for near in _neighbours(word, lexicon))
    scored = [(cost, near) for cost, near in scored if cost <= allowed and _begin_alike(word, near)]
    if not scored:
        return None
    best = scored[0][0]
    rivals = [near for cost, near in scored if cost < best + _MARGIN]
    if len({meaning(near) for near in rivals}) > 1:
        raise LanguageRefusal(f'Does "{word}" mean {" or ".join(rivals[:3])}?')
    return rivals[0]


def distance(left: str, right: str) -> float:
    """Return the weighted Damerau-Levenshtein distance (optimal string alignment)."""
    before: list[float] = []
    previous = [float(j) for j in range(len(right) + 1)]
    for i, a in enumerate(left, start=1):
        row = [float(i)]
        for j, b in enumerate(right, start=1):
            drop = _DOUBLE if i > 1 and left[i - 2] == a else _OTHER
            add = _DOUBLE if j > 1 and right[j - 2] == b else _OTHER
            cost = min(previous[j] + drop, row[j - 1] + add, previous[j - 1] + (0.0 if a == b else _OTHER))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b and a != b:
                cost = min(cost, before[j - 2] + _SWAP)
            row.append(cost)
        before, previous = previous, row
    return previous[-1]


def _allowed(length: int) -> float:
    return 0.0 if length < 4 else 1.0 if length < 8 else 1.75 if length < 11 else 2.0 if length < 14 else 3.0


def _begin_alike(word: str, near: str) -> bool:
    """Whether the first letter is right, or swapped with the second: fingers rarely miss it."""
    return word[0] == near[0] or word[:2] == near[1::-1]


def _squeeze(word: str, keep: int) -> str:
    """Shorten runs of one letter to ``keep``: leeeeft, stoooop."""
    kept = ""
    for char in word:
        if not (len(kept) >= keep and kept[-keep:] == char * keep):
            kept += char
    return kept


def _neighbours(word: str, lexicon: frozenset[str]) -> Iterable[str]:
    """Words that share a form with at most two letters deleted: a superset of those within the allowed distance."""
    index = _index(lexicon)
    found: set[str] = set()
    for form in _deletions(word):
        found.update(index.get(form, ()))
    return found


@functools.lru_cache(maxsize=4)
def _squeezed(lexicon: frozenset[str]) -> dict[str, str]:
    return {_squeeze(word, keep=1): word for word in sorted(lexicon, reverse=True)}


@functools.lru_cache(maxsize=4)
def _index(lexicon: frozenset[str]) -> dict[str, list[str]]:
    index: dict[str, list[str]] = {}
    for word in lexicon:
        if len(word) > 2:
            for form in _deletions(word):
                index.setdefault(form, []).append(word)
    return index


def _deletions(word: str) -> set[str]:
    once = {word[:i] + word[i + 1 :] for i in range(len(word))}
    if len(word) < 7:
        return {word, *once}
    return {word, *once, *(form[:i] + form[i + 1 :] for form in once for i in range(len(form)))}
