"""Invariants of the parser under anything a person, a recogniser or a cat on the keyboard may produce."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from roboact_ros.errors import LanguageRefusal
from roboact_ros.language.lexicon import LEXICON, WORDS
from roboact_ros.language.parse import Command, parse
from roboact_ros.language.scan import CORRECTABLE, UNITS
from roboact_ros.language.session import Session
from roboact_ros.language.typos import correct, distance
from roboact_ros.language.words.ordinary import ORDINARY

TABLE = yaml.safe_load((Path(__file__).parent / "utterances.yaml").read_text())
words = st.sampled_from(sorted({" ".join(phrase) for phrase in LEXICON if len(phrase) < 3} | UNITS.keys()))
amounts = st.sampled_from(
    ["5", "2.5", "twenty", "half", "3/4", "-", "1,000", "0", "%", '"', "999999999999", "1/0", "pi"]
)
sentences = st.lists(st.one_of(words, amounts), min_size=1, max_size=12).map(" ".join)


def heard(text: str) -> Command | None:
    """Parse; a refusal must be a question or an explanation."""
    try:
        command = parse(text)
    except LanguageRefusal as question:
        assert str(question)
        return None
    assert (command.control is None) == bool(command.motions)
    return command


@given(st.text(max_size=300))
def test_any_text_is_understood_or_refused(text: str) -> None:
    heard(text)


@settings(max_examples=500)
@given(sentences)
def test_any_words_are_understood_or_refused(text: str) -> None:
    command = heard(text)
    for motion in command.motions if command else ():
        assert parse(motion.phrase).motions == (motion,)


@given(sentences, sentences)
def test_stop_wins(before: str, after: str) -> None:
    if not {"not", "never", "without", "nonstop", "no", "longer"} & set(before.split()):
        assert parse(f"{before} stop {after}").control == "stop"
        assert parse(f"{before}! Stop! {after}").control == "stop"


@pytest.mark.parametrize("text", ["x" * 10_000, "left " * 2_000, "mvoe " * 2_000, "a" * 9_999 + " stop"])
def test_long_texts(text: str) -> None:
    command = heard(text)
    assert command is None or command.control == "stop"


@pytest.mark.parametrize(
    "text", ["\x00", "\x1b[31mleft\x1b[0m", "\u202eleft", "le\u0301ft", "ｌｅｆｔ", "🦾" * 50, "\ud800"]
)
def test_strange_characters(text: str) -> None:
    heard(text)


def test_ordinary_words_are_never_corrected() -> None:
    assert not ORDINARY & WORDS
    for word in ORDINARY:
        assert correct(word, CORRECTABLE, str) is None


def test_one_ordinary_word_never_moves_the_arm() -> None:
    for word in ORDINARY:
        command = heard(word)
        assert command is None or not command.motions, word


def test_other_languages_are_refused() -> None:
    for text in (
        "nach links bitte",
        "sube el brazo",
        "ouvre la pince",
        "abre la pinza",
        "moverse a la derecha",
        "向左移动",
    ):
        assert heard(text) is None, text


@given(st.text("abcde", max_size=8), st.text("abcde", max_size=8))
def test_distance_is_symmetric_in_what_it_bounds(left: str, right: str) -> None:
    cost = distance(left, right)
    assert (cost == 0) == (left == right)
    assert abs(len(left) - len(right)) * 0.75 <= cost <= max(len(left), len(right))


@pytest.mark.parametrize("word", ["left", "right", "forward", "counterclockwise", "gripper", "clockwise", "degrees"])
def test_swapped_neighbours_are_corrected(word: str) -> None:
    for at in range(len(word) - 1):
        slip = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        if slip not in WORDS and slip not in ORDINARY:
            assert correct(slip, CORRECTABLE, str) == word, slip


def test_a_word_between_two_meanings_is_asked_about() -> None:
    with pytest.raises(LanguageRefusal, match="left or lift"):
        parse("lieft")


def test_again_repeats_the_last_motions() -> None:
    session = Session()
    with pytest.raises(LanguageRefusal):
        session.resolve(parse("again"))
    said = session.resolve(parse("left 7 cm and open"))
    session.resolve(parse("stop"))
    assert session.resolve(parse("again")).motions == said.motions


def test_a_bit_more_goes_on_in_the_last_direction() -> None:
    session = Session()
    session.resolve(parse("up 5 cm, then left 20 cm"))
    assert session.resolve(parse("a bit more")).motions == parse("left 5 cm").motions
    assert session.resolve(parse("3 cm more")).motions == parse("left 3 cm").motions
    with pytest.raises(LanguageRefusal):
        session.resolve(parse("10 degrees more"))
