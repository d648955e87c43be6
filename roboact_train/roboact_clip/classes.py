"""The atomic actions, and the words that annotations have for them.

The paper counts 52 in RH20T but does not list them; these cover what arms and hands do on tables and in kitchens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from roboact_ros.errors import ConfigurationError
from roboact_train.roboact_clip.inflect import verb_forms

_WORDS = {
    "open": "open up, pull open, push open",
    "close": "shut, push closed, push shut, pull shut, pull closed, close up",
    "push": "shove, nudge, push away, push in",
    "pull": "drag, tug, pull out, pull back, pull up, pull down",
    "press": "press down, press on, push down, click, press in",
    "pick up": "pick",
    "place": "put, put down, put back, put away, set, set down, lay, lay down, place down, place back, return, deposit",
    "grasp": "grab, grip, seize, clutch, take hold of, get hold of, clamp",
    "hold": "hold up",
    "release": "let go of, let go",
    "take": "fetch, get, retrieve, take down, get out",
    "remove": "take out, take off, take away, pull off, extract, get rid of",
    "lift": "raise, lift up",
    "lower": "",
    "move": "transfer, relocate, carry, bring, transport, shift, deliver",
    "turn on": "switch on, power on, activate",
    "turn off": "switch off, power off, deactivate",
    "rotate": "turn, twist, spin, turn around, swivel",
    "flip": "turn over, flip over, overturn, flip up, invert",
    "slide": "",
    "insert": "stick in, push into",
    "plug in": "plug",
    "unplug": "",
    "pour": "pour out",
    "stir": "mix, whisk",
    "scoop": "scoop up, ladle, scoop out",
    "wipe": "wipe off, wipe down, wipe up, wipe away",
    "clean": "clean up, clean off, wash, rinse, scrub",
    "dry": "",
    "sweep": "sweep up, sweep away",
    "cut": "slice, chop, cut off, cut up",
    "peel": "peel off",
    "fold": "fold up",
    "unfold": "spread, spread out",
    "stack": "pile, pile up, stack up",
    "hang": "hang up",
    "throw": "toss, throw away",
    "drop": "",
    "shake": "",
    "hit": "strike, beat, knock, bang, knock on, hammer",
    "tap": "tap on",
    "touch": "",
    "swipe": "",
    "screw": "screw in, screw on, tighten, fasten",
    "unscrew": "loosen, screw off, screw out",
    "lock": "",
    "unlock": "",
    "write": "write on",
    "draw": "sketch",
    "erase": "rub out",
    "type": "type on, type in",
    "play": "play on",
    "hand over": "hand, give, pass, hand out",
    "roll": "roll up, roll out",
    "squeeze": "squeeze out",
    "stretch": "",
    "cover": "",
    "uncover": "",
    "wrap": "wrap up",
    "install": "assemble, mount, attach, connect, fit",
    "detach": "disconnect, disassemble, unhook",
    "arrange": "organize, organise, align, line up, sort, tidy up, straighten",
    "water": "",
    "fill": "fill up",
    "empty": "",
    "spray": "sprinkle",
    "brush": "",
    "scan": "",
    "tilt": "tip",
    "knock over": "knock down, topple, tip over",
    "dip": "",
    "point at": "point to, point",
    "reach": "reach for",
}
ACTIONS: dict[str, tuple[str, ...]] = {
    action: (action, *(words.split(", ") if words else ())) for action, words in _WORDS.items()
}
"""Every class of actions with the verbs that mean it."""


def actions_with(more: Iterable[str] = ()) -> dict[str, tuple[str, ...]]:
    """Return the classes and further ones.

    Raises:
        ConfigurationError: One is no verb, or known already.
    """
    known = dict(ACTIONS)
    for action in more:
        meant = action_class(action, known)
        if meant or not action.replace(" ", "").isalpha():
            why = f'it means "{meant}"' if meant else "give a verb, such as knead"
            raise ConfigurationError(f'"{action}" cannot be a further action: {why}')
        known[action.lower()] = (action.lower(),)
    return known


def action_class(verb: str, actions: Mapping[str, tuple[str, ...]] = ACTIONS) -> str:
    """Return the class that any form of a verb belongs to; empty when there is none."""
    return verb_table(actions).get(" ".join(verb.lower().split()), "")


def verb_table(actions: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Return the class of every form of every verb."""
    table = {}
    for action, verbs in actions.items():
        for phrase in verbs:
            verb, _, rest = phrase.partition(" ")
            table.update({f"{form} {rest}".strip(): action for form in verb_forms(verb)})
    return table
