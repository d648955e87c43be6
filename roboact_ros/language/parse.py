"""From a sentence to a command: the one parser behind the command line, the prompt and the ``correction`` topic."""

from __future__ import annotations

from dataclasses import dataclass

from roboact_ros.errors import LanguageRefusal
from roboact_ros.language import controls, grammar
from roboact_ros.language.amounts import Amount, combined
from roboact_ros.language.meanings import Kind
from roboact_ros.language.neighbours import meaningful
from roboact_ros.language.questions import CAPABILITIES, question_about
from roboact_ros.language.scan import AMOUNTS, Item, scan, spell
from roboact_ros.language.sentence import segments
from roboact_ros.language.tokens import tokenize
from roboact_ros.language.viewpoint import BASE, Viewpoint
from roboact_ros.types import Motion

LONGEST_TEXT = 600


@dataclass(frozen=True, slots=True)
class Command:
    """What a sentence asks for: motions in order, or one control.

    Attributes:
        text: The sentence.
        motions: Motions in the base frame; empty when there is a control.
        control: ``stop``, ``pause``, ``resume``, ``undo``, ``again``, ``home``, ``done``, ``start over``, or None.
        amount: With ``again``: how much more, when that was said ("a bit more").
    """

    text: str
    motions: tuple[Motion, ...] = ()
    control: str | None = None
    amount: Amount | None = None


def parse(text: str, viewpoint: Viewpoint = BASE) -> Command:
    """Understand a sentence.

    Args:
        text: Words of a person, of any length.
        viewpoint: Whose left is "left".

    Raises:
        LanguageRefusal: It is not understood, ambiguous or contradictory; the message is a question.
    """
    tokens = tokenize(text[: 50 * LONGEST_TEXT])
    if controls.says_stop(tokens):
        return Command(text, control=controls.STOP)
    if len(text) > LONGEST_TEXT:
        raise LanguageRefusal(
            f"That is {len(text)} characters, more than {LONGEST_TEXT}. Can you say it in fewer words?"
        )
    if _cries_wait(tokens):
        return Command(text, control="pause")
    items = scan(spell(tokens))
    if not any(item.kind is not Kind.FILLER for item in items):
        raise LanguageRefusal(f"What should I do? {CAPABILITIES}")
    question = question_about(items)
    if question is not None:
        raise LanguageRefusal(question)
    if _exclaims_hold_it(items):
        return Command(text, control="pause")
    content = meaningful(items)
    control = controls.find_control(content)
    more = any(item.kind is Kind.MORE for item in content)
    if control is not None or more:
        return _controlled(text, control or "again", content)
    motions = grammar.read(segments(content), viewpoint)
    if not motions:
        raise LanguageRefusal(f"What should I do? {CAPABILITIES}")
    return Command(text, motions)


def _controlled(text: str, control: str, content: list[Item]) -> Command:
    amounts = [item for item in content if item.kind in AMOUNTS]
    if amounts and (control != "again" or any(item.kind is Kind.FULL for item in amounts)):
        raise LanguageRefusal(f'"{control}" takes no amount. What should I do with "{amounts[0].words}"?')
    values = grammar.amounts_of(amounts)
    return Command(text, control=control, amount=combined(values, text) if values else None)


def _cries_wait(tokens: list[str]) -> bool:
    """Tell "no, wait!" and "wait wait" from "no wait, left", which corrects what was said."""
    words = {token for token in tokens if token.isalpha()}
    return "wait" in words and words <= {"wait", "no", "oh", "please"}


def _exclaims_hold_it(items: list[Item]) -> bool:
    """Whether "hold it!" is called out, which asks to wait rather than to grasp."""
    content = [item for item in items if item.kind is not Kind.FILLER]
    return [item.words for item in content[:2]] == ["hold it", "!"] and not any(item.motion for item in content[2:])


def prepare() -> None:
    """Build what the first misspelt word would otherwise wait for."""
    spell(["misspeltt"])
