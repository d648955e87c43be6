"""The table of every phrase the parser knows. A phrase of several words wins over its parts.

Nothing here looks at context: what may stand beside what is the grammar's business.
"""

from __future__ import annotations

from roboact_ros.language.meanings import Body, Entry, Kind
from roboact_ros.language.words import amounts, gripper, motion, talk, unclear
from roboact_ros.language.words.combined import alternatives
from roboact_ros.language.words.controls import CONTROLS


def _table() -> dict[tuple[str, ...], Entry]:
    phrases = [*motion.PHRASES, *gripper.PHRASES, *talk.PHRASES, *amounts.PHRASES, *unclear.PHRASES]
    phrases += [(Entry(Kind.CONTROL, control), text) for control, text in CONTROLS.items()]
    table: dict[tuple[str, ...], Entry] = {(";",): Entry(Kind.THEN)}
    for entry, text in phrases:
        for phrase in alternatives(text):
            table.setdefault(tuple(phrase.split()), entry)
    return table


LEXICON = _table()
LONGEST = max(map(len, LEXICON))
WORDS = frozenset(word for phrase in LEXICON for word in phrase if word.isalpha())

_COMMON = frozenset(
    """
    the and then please just now could would can you want need like robot a little bit tiny small slightly really very
    actually instead sorry okay about towards toward from over way next after also this that there back down
    """.split()
)
"""Words that carry little but are worth recognising when misspelt."""

_POOR = frozenset(
    """
    angle anew bare base been behind being bits bump clasp climb come crumb dab dash degs dip dipping dip drag draw
    encore extra fist forth free fresh from front getting give glide goal going gone hair hairs hang haul have head
    heading hence hoist into jot keep last latch level like loads loose lots many mark mile miles minute mission mite
    moment motion notch pair park parse pick plenty point pose press rear redo revs same second send shade shove sink
    sinking stay step sunk super take task tip those time times tons touch trifle used want ways what when where wide
    wise with work yank your
    """.split()
)
"""Words that too many others resemble to be what a misspelt one stands for."""


def _targets() -> frozenset[str]:
    idle = (Kind.FILLER, Kind.INTERJECTION, Kind.CORRECTION, Kind.REQUEST, Kind.NEGATION, Kind.PRONOUN)
    words = {
        word
        for phrase, entry in LEXICON.items()
        if entry.kind not in idle and entry.value is not Body.OBJECT
        for word in phrase
        # Of a longer phrase only a control is worth it, and only for words that are nothing alone.
        if len(phrase) == 1 or (entry.kind is Kind.CONTROL and (word,) not in LEXICON)
    }
    return frozenset(word for word in words - _POOR if word.isalpha() and len(word) > 3) | _COMMON


TARGETS = _targets()
"""Words that a misspelt one may be corrected to."""
