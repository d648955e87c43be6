"""How words sound: the American dictionary that comes with PocketSphinx, and the same words as said in Britain."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_VOWELS = frozenset("AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split())
_NUMBERED = re.compile(r"\(\d+\)$")

_OWN = {
    "a": ["AH", "EY"],
    "anticlockwise": ["AE N T IY K L AA K W AY Z"],
    "grasp": ["G R AE S P", "G R AA S P"],
    "half": ["HH AE F", "HH AA F"],
    "halfway": ["HH AE F W EY", "HH AA F W EY"],
    "to": ["T AH", "T UW"],
}
"""Words that the dictionary lacks, or of which it lacks a usual form."""


def pronunciations(words: Iterable[str], dictionary: Path) -> dict[str, list[str]]:
    """Return the ways to say each word, as ARPAbet phones.

    Args:
        words: Words of the grammar.
        dictionary: The CMU dictionary.

    Raises:
        KeyError: A word is in no dictionary.
    """
    wanted = set(words)
    listed: dict[str, list[str]] = {}
    with dictionary.open(encoding="utf-8") as lines:
        for line in lines:
            entry, _, phones = line.strip().partition(" ")
            word = _NUMBERED.sub("", entry)
            if word in wanted:
                listed.setdefault(word, []).append(phones)
    ways = {word: _OWN.get(word) or listed[word] for word in sorted(wanted)}
    return {word: list(dict.fromkeys([*american, *map(_british, american)])) for word, american in ways.items()}


def write_dictionary(ways: dict[str, list[str]], path: Path) -> None:
    """Write pronunciations as PocketSphinx reads them."""
    lines = [
        f"{word}{f'({number + 1})' if number else ''} {phones}"
        for word, several in ways.items()
        for number, phones in enumerate(several)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _british(american: str) -> str:
    """Leave out every r that no vowel follows ("arm", "lower"), and round the o of "stop"."""
    phones = american.split()
    said = []
    for at, phone in enumerate(phones):
        after = phones[at + 1] if at + 1 < len(phones) else ""
        if phone == "R" and at and phones[at - 1] in _VOWELS and after not in _VOWELS:
            continue
        if phone == "ER" and at > 1 and after not in _VOWELS:
            phone = "AH"
        if phone == "AA" and after != "R":
            phone = "AO"
        said.append(phone)
    return " ".join(said)
