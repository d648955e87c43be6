"""Words of annotations that are neither actions nor objects, by what they tell the rule parser."""

from __future__ import annotations

from roboact_train.roboact_clip.annotation import HUMAN, ROBOT
from roboact_train.roboact_clip.inflect import verb_forms


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


SUBJECT_OF = {
    **dict.fromkeys("robot robots arm arms gripper grippers manipulator effector".split(), ROBOT),
    **dict.fromkeys("human person man woman boy girl someone somebody operator user he she hand hands".split(), HUMAN),
}
"""Who is meant by a word that stands where the subject does."""
SUBJECT_ADJECTIVES = _set("robot robotic end left right human mechanical industrial other")
DETERMINERS = _set("the a an this that these those its their his her my your our each every both all some any another")
NUMBERS = _set("one two three four five six seven eight nine ten first second third fourth fifth last next")
PRONOUNS = _set("it them him himself herself itself something anything everything there here me us you")
BE = _set("is are was were be been being has have had")
AUXILIARIES = BE | _set("will should must can could would may")
PREPOSITIONS = _set(
    "on onto in into inside at to toward towards from off out of over under underneath below above behind beside "
    "besides between among near by with without using through across along around against for about as up down via "
    "next after before until within beneath per"
)
DIRECTIONS = _set("up down out over off away back")
"""Words that may stand between a verb and its object: slide down the switch."""
OBJECT_PREPOSITIONS = _set("on at for with against through")
"""Those whose noun is the object when the verb has none of its own: type on the keyboard."""
RESULTS = _set(
    "open closed shut clean dry empty flat apart together upright straight aside forward forwards backward backwards "
    "away back around clockwise counterclockwise anticlockwise upside sideways left right again once twice completely "
    "fully halfway home upward upwards downward downwards now first alternately times slightly diagonally vertically"
)
"""Words that end an object when they follow its noun: push the drawer closed."""
SUBORDINATE = _set("that which who whose where until so because if when whenever as such")
"""Words after which nothing is done: until it clicks."""
CONNECTORS = _set("and then or before after while followed afterwards")
OPENERS = _set("please now first firstly then next finally just kindly lastly also again ok okay hey and or to you")
REQUESTS = tuple(
    tuple(phrase.split())
    for phrase in (
        "i want you to",
        "i need you to",
        "i would like you to",
        "can you",
        "could you",
        "would you",
        "will you",
        "you should",
        "you need to",
        "try to",
        "attempt to",
        "let the",
        "make the",
        "have the",
        "the task is to",
        "your task is to",
        "the goal is to",
    )
)
INSTRUMENT = _set("use uses using used with from on in at")
"""Words that begin a sentence with something other than its action: use the knife to …, with the left hand, …."""
OTHER_VERBS = {
    form: verb
    for verb in (
        "go look wait sit stand walk check eat drink stop leave start make find watch see show try bend build catch "
        "feed sharpen light burn cook swing wave dance read kick jump clap rub scratch comb shave tie untie stamp "
        "staple weigh measure pack unpack swap exchange pat pin snap trim zip unzip shred poke crush smash break tear"
    ).split()
    for form in verb_forms(verb)
}
"""Verbs that are none of the atomic actions: a second action is noticed whatever it is."""
MEASURES = _set("piece pieces slice slices pair pairs set pile stack row bit sheet sheets bunch handful kind lot")
"""Nouns that only count the one after "of": a piece of bread."""
COLOURS = _set("red green blue yellow orange purple pink black white grey gray brown golden silver")
ADJECTIVES = COLOURS | _set(
    "colorful transparent clear small big large little tiny huge long short tall thin thick wide narrow round square "
    "rectangular circular triangular left right middle center central top bottom upper lower front back rear inner "
    "outer corner leftmost rightmost other same different new old empty full open closed hot cold wet dry clean dirty "
    "soft hard heavy light dark wooden plastic metal rubber glass own entire whole corresponding specified target "
    "heavy bright loose correct appropriate specific single double ripe fresh raw whole half nearby yellowish two- "
    "finger remaining"
)
