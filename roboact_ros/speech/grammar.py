"""Rules with weights turned into sentences and into the smallest graph that spells exactly these sentences."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(r"<\w+>|/[\d.]+/|[a-z]+|[()\[\]|]")
_RULE = re.compile(r"<(\w+)> =(.*?);", re.DOTALL)
_LEFT_OUT = 0.7
"""Weight of leaving out an optional part, relative to all of its alternatives."""
_UNSEEN = 0.5
"""What a transition that no sampled sentence took counts."""

Sequence = list["str | Choice"]


@dataclass(frozen=True)
class Choice:
    """Alternatives and their weights."""

    weights: list[float]
    sequences: list[Sequence]


@dataclass(frozen=True)
class Graph:
    """A graph of words.

    Attributes:
        states: How many there are; the first is 0, the last one, ``states - 1``, ends a sentence.
        transitions: From, to, probability, word; None for the word at the end of a sentence.
    """

    states: int
    transitions: list[tuple[int, int, float, str | None]]


class Grammar:
    """Sentences that follow rules.

    Args:
        rules: See :mod:`roboact_ros.speech.phrases`.
        start: The rule of a whole sentence.
    """

    def __init__(self, rules: str, start: str = "sentence") -> None:
        self._rules = {name: _choice(iter(_TOKEN.findall(body))) for name, body in _RULE.findall(rules)}
        self._start = self._rules[start]

    def words(self) -> frozenset[str]:
        """Return every word."""
        return frozenset(token for rule in self._rules.values() for token in _words(rule))

    def sentences(self, count: int, seed: int = 0) -> list[str]:
        """Return random sentences, as often as their weights say; equal for equal seeds."""
        chance = random.Random(seed)
        return [" ".join(self._sentence(self._start, chance)) for _ in range(count)]

    def graph(self, samples: int = 40_000) -> Graph:
        """Return the smallest graph of all sentences, with probabilities from random ones."""
        rows, ends = _smallest(*self._determined())
        taken: Counter[tuple[int, str | None]] = Counter()
        for sentence in self.sentences(samples):
            state = 0
            for word in sentence.split():
                taken[state, word] += 1
                state = rows[state][word]
            taken[state, None] += 1
        transitions: list[tuple[int, int, float, str | None]] = []
        for state, row in enumerate(rows):
            following: list[tuple[str | None, int]] = [*row.items(), *([(None, len(rows))] if state in ends else [])]
            total = sum(taken[state, word] + _UNSEEN for word, _ in following)
            transitions += [(state, after, (taken[state, word] + _UNSEEN) / total, word) for word, after in following]
        return Graph(len(rows) + 1, transitions)

    def _sentence(self, choice: Choice, chance: random.Random) -> Iterator[str]:
        for part in chance.choices(choice.sequences, choice.weights)[0]:
            if isinstance(part, Choice):
                yield from self._sentence(part, chance)
            elif part.startswith("<"):
                yield from self._sentence(self._rules[part[1:-1]], chance)
            else:
                yield part

    def _determined(self) -> tuple[list[dict[str, int]], list[bool]]:
        """Return the words that lead on from each state, and whether it may end a sentence; one state per word."""
        jumps: list[list[int]] = [[], []]
        steps: list[dict[str, list[int]]] = [{}, {}]
        self._connect(self._start, 0, 1, jumps, steps)

        def reached(states: set[int]) -> frozenset[int]:
            found, todo = set(states), list(states)
            while todo:
                fresh = set(jumps[todo.pop()]) - found
                found |= fresh
                todo += fresh
            return frozenset(found)

        numbers = {reached({0}): 0}
        todo, rows, ends = list(numbers), [], []
        for states in todo:
            onward: dict[str, set[int]] = {}
            for state in states:
                for word, following in steps[state].items():
                    onward.setdefault(word, set()).update(following)
            row = {word: reached(following) for word, following in onward.items()}
            for after in row.values():
                if after not in numbers:
                    numbers[after] = len(numbers)
                    todo.append(after)
            rows.append({word: numbers[after] for word, after in row.items()})
            ends.append(1 in states)
        return rows, ends

    def _connect(
        self, choice: Choice, start: int, end: int, jumps: list[list[int]], steps: list[dict[str, list[int]]]
    ) -> None:
        for sequence in choice.sequences:
            here = start
            for part in sequence:
                jumps.append([])
                steps.append({})
                after = len(jumps) - 1
                if isinstance(part, Choice):
                    self._connect(part, here, after, jumps, steps)
                elif part.startswith("<"):
                    self._connect(self._rules[part[1:-1]], here, after, jumps, steps)
                else:
                    steps[here].setdefault(part, []).append(after)
                here = after
            jumps[here].append(end)


def _smallest(rows: list[dict[str, int]], ends: list[bool]) -> tuple[list[dict[str, int]], set[int]]:
    """Merge states from which the same sentences go on; the first state stays the first."""
    kinds = [int(end) for end in ends]
    while True:
        names: dict[tuple[int, frozenset[tuple[str, int]]], int] = {}
        finer = [
            names.setdefault((kinds[state], frozenset((word, kinds[after]) for word, after in row.items())), len(names))
            for state, row in enumerate(rows)
        ]
        if len(names) == len(set(kinds)):
            break
        kinds = finer
    merged: list[dict[str, int]] = [{} for _ in names]
    for state, row in enumerate(rows):
        merged[finer[state]] = {word: finer[after] for word, after in row.items()}
    return merged, {finer[state] for state, end in enumerate(ends) if end}


def _choice(tokens: Iterator[str]) -> Choice:
    """Read alternatives up to the bracket that closes them."""
    weights, sequences = [1.0], [Sequence()]
    for token in tokens:
        if token == "|":
            weights.append(1.0)
            sequences.append([])
        elif token.startswith("/"):
            weights[-1] = float(token[1:-1])
        elif token in "([":
            inner = _choice(tokens)
            if token == "[":
                inner = Choice([*inner.weights, _LEFT_OUT * sum(inner.weights)], [*inner.sequences, []])
            sequences[-1].append(inner)
        elif token in ")]":
            break
        else:
            sequences[-1].append(token)
    return Choice(weights, sequences)


def _words(choice: Choice) -> Iterator[str]:
    for sequence in choice.sequences:
        for part in sequence:
            if isinstance(part, Choice):
                yield from _words(part)
            elif not part.startswith("<"):
                yield part
