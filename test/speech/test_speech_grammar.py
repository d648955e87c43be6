"""The grammar speaks the language of the parser."""

from __future__ import annotations

import pytest

from roboact_ros.errors import LanguageRefusal
from roboact_ros.language.controls import CONTROL_WORDS
from roboact_ros.language.parse import parse
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.speech.grammar import Grammar, Graph
from roboact_ros.speech.phrases import RULES
from roboact_ros.speech.pronunciation import pronunciations, write_dictionary
from roboact_ros.speech.sphinx import cmu_dictionary


@pytest.fixture(scope="module")
def grammar() -> Grammar:
    return Grammar(RULES)


@pytest.fixture(scope="module")
def graph(grammar: Grammar) -> Graph:
    return grammar.graph(2000)


def accepts(graph: Graph, sentence: str) -> bool:
    steps = {(start, word): end for start, end, _, word in graph.transitions}
    state = 0
    for word in [*sentence.split(), None]:
        if (state, word) not in steps:
            return False
        state = steps[state, word]
    return state == graph.states - 1


def test_every_primitive_can_be_heard_by_its_name(graph: Graph) -> None:
    assert all(accepts(graph, motion.phrase.replace("fourty", "forty")) for motion in PRIMITIVES)


def test_every_control_can_be_heard(grammar: Grammar) -> None:
    heard = set()
    for sentence in grammar.sentences(4000):
        try:
            heard.add(parse(sentence).control)
        except LanguageRefusal:
            pass
    assert heard >= set(CONTROL_WORDS)


def test_what_can_be_heard_is_what_the_rules_say(grammar: Grammar, graph: Graph) -> None:
    assert all(accepts(graph, sentence) for sentence in grammar.sentences(300, seed=5))
    for wrong in ("", "move", "the arm left", "move left left", "move left ten", "left centimeters ten"):
        assert not accepts(graph, wrong)


def test_nearly_everything_that_can_be_heard_is_understood(grammar: Grammar) -> None:
    refused = []
    for sentence in grammar.sentences(500, seed=3):
        try:
            parse(sentence)
        except LanguageRefusal:
            refused.append(sentence)
    # Two motions may contradict each other, and eighty inches are too far: a question is due.
    assert len(refused) < 25


def test_probabilities_leave_each_state_with_one(graph: Graph) -> None:
    leaving: dict[int, float] = {}
    for start, _, probability, _ in graph.transitions:
        leaving[start] = leaving.get(start, 0.0) + probability
    assert all(abs(total - 1.0) < 1e-9 for total in leaving.values())


def test_rules_of_brackets_and_weights() -> None:
    grammar = Grammar("<sentence> = /3/ go [very] far | (left|right) <end>; <end> = now;")
    assert set(grammar.sentences(200)) == {"go far", "go very far", "left now", "right now"}
    assert grammar.words() == {"go", "very", "far", "left", "right", "now"}


def test_every_word_can_be_said(grammar: Grammar, tmp_path) -> None:
    ways = pronunciations(grammar.words(), cmu_dictionary())
    assert set(ways) == grammar.words()
    assert {"AA R M", "AA M"} <= set(ways["arm"])
    write_dictionary(ways, tmp_path / "words.dict")
    lines = (tmp_path / "words.dict").read_text().splitlines()
    assert len(lines) == sum(map(len, ways.values())) == len({line.split()[0] for line in lines})
