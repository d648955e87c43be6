"""The rule parser: finds subject, actions and objects in English annotations without a language model.

What counts: every verb on every object is an action. A purpose ("… to turn on the lamp") and what goes on meanwhile are
further actions; an instrument ("use a knife to …") and a manner ("… by rotating it") are not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from roboact_train.roboact_clip import words as w
from roboact_train.roboact_clip.annotation import Act, Annotation
from roboact_train.roboact_clip.classes import ACTIONS, verb_table
from roboact_train.roboact_clip.nouns import end_of_noun_phrase, is_adverb, object_of

_TOKEN = re.compile(r"[a-z0-9]+(?:[-'][a-z0-9]+)*|[.,;:!?()]")
_ENDS = frozenset(".;:!?")


class RuleParser:
    """Annotates texts with the verbs of some classes.

    Args:
        actions: Verbs of every class, see :data:`~roboact_train.roboact_clip.classes.ACTIONS`.
        kept: Adjectives that belong to objects, such as :data:`~roboact_train.roboact_clip.words.COLOURS`.
    """

    def __init__(self, actions: Mapping[str, tuple[str, ...]] = ACTIONS, kept: Collection[str] = ()) -> None:
        self._kept = kept
        self.verbs = {**w.OTHER_VERBS, **verb_table(actions)}
        self.longest = max(len(verb.split()) for verb in self.verbs)

    @property
    def name(self) -> str:
        """What annotated."""
        return "rules"

    def annotate(self, text: str) -> Annotation:
        """Return what a text says; a verb of no class is an action of its own name."""
        sentence = _Reading(self, _TOKEN.findall(text.lower().replace("’", "'").replace("-and-", " and ")))
        sentence.read()
        return Annotation(sentence.subject, tuple(dict.fromkeys(sentence.acts)))

    def object_of(self, phrase: Sequence[str]) -> str:
        """Return what a noun phrase is about."""
        return object_of(phrase, self._kept)


class _Reading:
    """Goes through the words of one text from left to right."""

    def __init__(self, parser: RuleParser, tokens: list[str]) -> None:
        self._parser, self._tokens, self._at = parser, tokens, 0
        self.subject = ""
        self.acts: list[Act] = []

    def read(self) -> None:
        """Read everything."""
        while self._at < len(self._tokens):
            begun = self._at
            self._clause()
            self._to_next_clause()
            self._at = max(self._at, begun + 1)

    def _clause(self) -> None:
        self._openers()
        verb, end = self._verb(self._at)
        if not verb and self._subject():
            self._openers()
            verb, end = self._verb(self._at)
        if verb:
            self._at = end
            return self._object(verb)
        if self._passive():
            return None
        # A verb that nobody listed: at the beginning, with a determiner after it.
        if self._token(1) in w.DETERMINERS and self._token()[:1].isalpha() and self._token() not in w.PREPOSITIONS:
            verb = self._token()
            self._at += 1
            self._object(verb)
        return None

    def _openers(self) -> None:
        while True:
            token = self._token()
            request = next((r for r in w.REQUESTS if tuple(self._tokens[self._at : self._at + len(r)]) == r), ())
            if request:
                self._at += len(request) - (request[-1] == "the")
            elif token in w.OPENERS or token == "," or (is_adverb(token) and not self._verb(self._at)[0]):
                self._at += 1
            elif token in w.CONNECTORS or (token == "go" and self._verb(self._at + 1)[0]):
                self._at += 1
            elif token in w.INSTRUMENT and self._after_instrument():
                self._at = self._after_instrument()
            else:
                return

    def _after_instrument(self) -> int:
        """Return where the action begins after something it is done with or at; 0 when there is none."""
        for at in range(self._at + 1, len(self._tokens)):
            token = self._tokens[at]
            if token in _ENDS:
                return 0
            if token == "," or (token == "to" and self._verb(at + 1)[0]):
                return at + 1
        return 0

    def _subject(self) -> bool:
        at = self._at
        while self._token_at(at) in w.DETERMINERS or self._token_at(at) in w.SUBJECT_ADJECTIVES - set(w.SUBJECT_OF):
            at += 1
        begun = at
        while self._token_at(at).removesuffix("'s") in w.SUBJECT_OF or self._token_at(at) in w.SUBJECT_ADJECTIVES:
            at += 1
        if at == begun:
            return False
        who = {w.SUBJECT_OF.get(token.removesuffix("'s"), "") for token in self._tokens[begun:at]} - {""}
        while (
            self._token_at(at) in w.AUXILIARIES
            or is_adverb(self._token_at(at))
            or self._token_at(at) in (",", ":", "to")
        ):
            at += 1
        while self._token_at(at) in w.OPENERS:
            at += 1
        if not who or not (self._verb(at)[0] or self._token_at(at + 1) in w.DETERMINERS):
            return False
        self.subject = self.subject or ("robot" if "robot" in who else "human")
        self._at = at
        return True

    def _object(self, verb: str) -> None:
        said = self._tokens[self._at - 1]
        while is_adverb(self._token()) or (
            self._token() in ("me", "him", "her", "us") and self._token(1) not in ("", ".")
        ):
            self._at += 1
        if self._token() in w.DIRECTIONS and self._token(1) in w.DETERMINERS:
            self._at += 1
        phrase = self._noun_phrase()
        if not phrase and self._token() in w.OBJECT_PREPOSITIONS:
            self._at += 1
            phrase = self._noun_phrase()
        verb = self._with_particle(said, verb)
        self.acts.append(Act(verb, self._parser.object_of(phrase)))
        while self._token() in ("and", ",", "or") and not self._verb(self._skipping_connectors())[0]:
            self._at = self._skipping_connectors()
            further = self._parser.object_of(self._noun_phrase())
            if not further:
                return
            self.acts.append(Act(verb, further))

    def _noun_phrase(self) -> list[str]:
        """Return the words of a noun phrase, with an "of" phrase, and go behind it."""
        begun = self._at
        self._at = end_of_noun_phrase(self._tokens, begun, lambda at: bool(self._verb(at)[0]))
        if self._token() == "of" and self._at > begun:
            self._at = end_of_noun_phrase(self._tokens, self._at + 1, lambda at: bool(self._verb(at)[0]))
        return self._tokens[begun : self._at]

    def _with_particle(self, said: str, verb: str) -> str:
        """Return the class when the rest of the verb stands behind the object: turn the stove on."""
        particle = self._token()
        if particle == "on" and self._token(1) in w.DETERMINERS:
            return verb
        whole = self._parser.verbs.get(f"{said} {particle}", "")
        if whole:
            self._at += 1
        return whole or verb

    def _passive(self) -> bool:
        """Read "the drawer is opened by the robot"."""
        begun = self._at
        phrase = self._noun_phrase()
        while self._token() in w.AUXILIARIES or is_adverb(self._token()):
            self._at += 1
        verb, end = self._verb(self._at)
        if not phrase or not verb or self._tokens[self._at - 1] not in w.AUXILIARIES or self._token().endswith("ing"):
            self._at = begun
            return False
        self._at = end
        self.acts.append(Act(verb, self._parser.object_of(phrase)))
        rest = self._tokens[end:]
        if "by" in rest:
            who = [w.SUBJECT_OF[token] for token in rest[rest.index("by") :] if token in w.SUBJECT_OF]
            self.subject = self.subject or (who[0] if who else "")
        return True

    def _to_next_clause(self) -> None:
        """Go to the next word after which something may be done."""
        subordinate = False
        while self._at < len(self._tokens):
            token = self._token()
            if token in _ENDS:
                self._at += 1
                return
            if not subordinate and token in ("before", "after", "while", "to"):
                if self._verb(self._skipping_connectors())[0]:
                    return
            elif token in ("and", "then", ",") and self._verb(self._skipping_connectors())[0]:
                return
            subordinate = subordinate or token in w.SUBORDINATE
            self._at += 1

    def _skipping_connectors(self) -> int:
        at = self._at
        while (token := self._token_at(at)) and (
            token in w.CONNECTORS or token in w.OPENERS or token == "," or is_adverb(token)
        ):
            at += 1
        return at

    def _verb(self, at: int) -> tuple[str, int]:
        """Return the action of the longest verb that begins at an index, and where it ends; nothing without one."""
        for length in range(self._parser.longest, 0, -1):
            action = self._parser.verbs.get(" ".join(self._tokens[at : at + length]), "")
            if action and at + length <= len(self._tokens):
                return action, at + length
        return "", at

    def _token(self, ahead: int = 0) -> str:
        return self._token_at(self._at + ahead)

    def _token_at(self, at: int) -> str:
        return self._tokens[at] if at < len(self._tokens) else ""
