"""The forms of English verbs and nouns, as far as annotations of manipulation need them."""

from __future__ import annotations

_VOWELS = "aeiou"
_PAST = {
    "put": ("put",),
    "set": ("set",),
    "cut": ("cut",),
    "hit": ("hit",),
    "let": ("let",),
    "lay": ("laid",),
    "take": ("took", "taken"),
    "give": ("gave", "given"),
    "get": ("got", "gotten"),
    "hold": ("held",),
    "hang": ("hung", "hanged"),
    "throw": ("threw", "thrown"),
    "sweep": ("swept",),
    "write": ("wrote", "written"),
    "draw": ("drew", "drawn"),
    "shake": ("shook", "shaken"),
    "bring": ("brought",),
    "spread": ("spread",),
    "strike": ("struck",),
    "beat": ("beat", "beaten"),
    "spin": ("spun",),
    "stick": ("stuck",),
    "shut": ("shut",),
    "tie": ("tied",),
    "leave": ("left",),
    "bend": ("bent",),
    "dry": ("dried",),
    "go": ("went", "gone"),
    "sit": ("sat",),
    "catch": ("caught",),
    "feed": ("fed",),
    "build": ("built",),
}
_DOUBLED = frozenset(
    "grab grip drop flip stir plug unplug wrap swap tap dip tip slip tug scan zip unzip chop pat pin snap trim mop rub "
    "skip stop spin shred put set cut hit let shut get sit".split()
)
"""Verbs whose last letter is doubled: grabbing."""
_PLURAL_ONLY = frozenset(
    "scissors chess glasses pliers tongs pants trousers jeans tweezers shorts clothes goggles headphones gas lens "
    "canvas compass".split()
)
_PLURALS = {
    "leaves": "leaf",
    "knives": "knife",
    "shelves": "shelf",
    "loaves": "loaf",
    "dishes": "dish",
    "tomatoes": "tomato",
    "potatoes": "potato",
    "people": "person",
    "children": "child",
    "dice": "die",
    "mice": "mouse",
}


def verb_forms(verb: str) -> set[str]:
    """Return all forms of a verb of one word: ``open opens opening opened``."""
    stem = verb[:-1] if verb.endswith("e") else verb + verb[-1] if verb in _DOUBLED else verb
    gerund = {"tie": "tying", "lie": "lying"}.get(verb, stem + "ing")
    past = stem[:-1] + "ied" if _ends_in_consonant_y(verb) else stem + "ed"
    return {verb, third_person(verb), gerund, *_PAST.get(verb, (past,))}


def third_person(action: str) -> str:
    """Return what it or she does: ``pick up`` gives ``picks up``."""
    verb, _, rest = action.partition(" ")
    if _ends_in_consonant_y(verb):
        verb = verb[:-1] + "ies"
    else:
        verb += "es" if verb.endswith(("s", "x", "z", "ch", "sh", "o")) else "s"
    return f"{verb} {rest}" if rest else verb


def singular(noun: str) -> str:
    """Return one of what a noun counts: ``blocks`` gives ``block``; scissors stay scissors."""
    if noun in _PLURALS:
        return _PLURALS[noun]
    if noun in _PLURAL_ONLY or not noun.endswith("s") or noun.endswith(("ss", "us", "is")) or len(noun) < 4:
        return noun
    if noun.endswith("ies") and len(noun) > 5:
        return noun[:-3] + "y"
    return noun[:-2] if noun.endswith(("sses", "xes", "ches", "shes", "zzes")) else noun[:-1]


def _ends_in_consonant_y(verb: str) -> bool:
    return len(verb) > 1 and verb.endswith("y") and verb[-2] not in _VOWELS
