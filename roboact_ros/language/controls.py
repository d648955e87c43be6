"""Finds "stop", which beats everything else in a sentence, and the other control words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from roboact_ros.errors import LanguageRefusal
from roboact_ros.language.meanings import BACK, Body, Kind, Move
from roboact_ros.language.scan import KNOWN, Item
from roboact_ros.language.typos import distance
from roboact_ros.language.words.combined import alternatives
from roboact_ros.language.words.controls import CONTROLS
from roboact_ros.language.words.ordinary import ORDINARY

STOP = "stop"
CONTROL_WORDS = (STOP, *CONTROLS)
"""Every control, as it is published."""

STOP_WORDS = frozenset(
    """
    stop stopp stops stopping stopped halt halting freeze woah whoa woa emergency abort cease stahp stoop quit cancel
    sotp stpo tsop stp stopit stawp panic
    """.split()
)
STOP_PHRASES = frozenset(
    alternatives(
        """
        that is enough; that is far enough; far enough; enough; do not move; do not move anymore; do not move any more;
        do not move at all; do not move any further; no more; no further; not any further; stay right there; do not go
        any further; that will do; knock it off; cut it out; do not do anything; do not move it; do not move the arm;
        do not move the robot; nobody move; kill it; kill the motion; shut it down; power off; do not do that;
        ouch; ow; help; help me; danger; watch out; watch it; look out; careful; be careful
        """
    )
)
_AROUND = frozenset("please just now robot hey ok okay , ; : . ! ?".split())
_ABOUT = (Body.GRIPPER, Body.OBJECT)
_RULES_OUT = re.compile(
    r"(?:(?:please|just|now|robot|hey|ok|okay) )*(?:do not|never)(?: (?:please|you|ever|just))*|(?:.* )?without"
)
"""A clause up to its "stop" which is not to be done."""
_BREAKS = frozenset(", ; : . ! ? and but then".split())


def says_stop(tokens: Sequence[str]) -> bool:
    """Whether the sentence asks to stop; spelling is taken liberally because stopping is always safe.

    Raises:
        LanguageRefusal: Stopping is spoken of only to be ruled out ("do not stop").
    """
    negated = False
    for at, token in enumerate(tokens):
        if not _is_stop(token):
            continue
        before = _clause_before(tokens, at)
        # "undo" speaks of the past: "cancel the last move" takes it back rather than halting the present one.
        if token == "cancel" and any(word in tokens[at + 1 : at + 4] for word in ("last", "previous")):
            continue
        if _rules_out(before):
            negated = True
        else:
            return True
    # A cry may be repeated: "watch out, watch out!"
    if " ".join(dict.fromkeys(token for token in tokens if token not in _AROUND)) in STOP_PHRASES:
        return True
    if negated or "nonstop" in tokens:
        raise LanguageRefusal("I always stop at the end of a motion. What should I do until then?")
    return False


def find_control(items: Sequence[Item]) -> str | None:
    """Return the control the sentence asks for, or None when it holds none.

    Raises:
        LanguageRefusal: It holds two different ones, or one beside motions or words that change its sense.
    """
    found = [item for item in items if item.kind is Kind.CONTROL]
    if not found:
        return None
    names = list(dict.fromkeys(str(item.value) for item in found))
    if len(names) > 1 or (len(found) > 1 and names[0] in ("undo", "again")):
        said = " and ".join(item.words for item in found)
        raise LanguageRefusal(f"Which one first: {said}? Tell me one thing at a time.")
    motions = [item.words for item in items if item.motion and not _only_carries(item, names[0])]
    if motions:
        motion = motions[0]
        raise LanguageRefusal(f'Should I "{found[0].words}", or is it about "{motion}"? Tell me one at a time.')
    about = next((item for item in items if item.value in _ABOUT), None)
    if about is not None:
        raise LanguageRefusal(f'"{names[0]}" is about everything, not the {about.words}. What should I do?')
    return names[0]


def _only_carries(item: Item, control: str) -> bool:
    """Whether a word of motion just carries the control: "move back to the home position", "pause moving"."""
    return item.value == Move() or (control == "home" and item.value == BACK)


def _rules_out(before: Sequence[str]) -> bool:
    """Tell "don't stop" from "it won't stop", "why don't you stop" and "don't move stop", which all want it to stop."""
    return _RULES_OUT.fullmatch(" ".join(before)) is not None


def _is_stop(token: str) -> bool:
    if token in STOP_WORDS:
        return True
    # Run together with another word: stopnow, pleasestop, but not stopper.
    rest = token.removeprefix(STOP) if token.startswith(STOP) else token.removesuffix(STOP)
    if rest != token and (rest in KNOWN or rest == STOP):
        return True
    squeezed = "".join(char for at, char in enumerate(token) if at == 0 or token[at - 1] != char)
    if len(squeezed) < len(token) - 1 and squeezed in STOP_WORDS | {"whoa", "woah", "stop"}:
        return True
    if token in ORDINARY or not token.isalpha() or not 4 <= len(token) <= 6:
        return False
    return distance(token, "stop") <= 1.0 and token not in ("step", "shop", "top")


def _clause_before(tokens: Sequence[str], at: int) -> list[str]:
    start = at
    while start > 0 and tokens[start - 1] not in _BREAKS:
        start -= 1
    return list(tokens[start:at])
