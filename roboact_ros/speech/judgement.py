"""Decides whether what was heard may move an arm; sentences count as equal when they mean the same motions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from roboact_ros.errors import LanguageRefusal
from roboact_ros.language.controls import STOP
from roboact_ros.language.parse import Command, parse
from roboact_ros.speech.decoder import Spoken
from roboact_ros.speech.ear import Heard

SURE = 0.6
"""Confidence from which the arm may move."""
SURE_OF_STOP = 0.2
"""Stopping is always safe."""
CERTAIN = 0.66
"""Confidence below which a witness must agree before the arm may move."""
UNSHAKEN = 0.85
"""The same when the quick decoders disagreed, or no witness agreed."""
BRIEF = 1
"""So few words are heard in many a noise, however well they fit: a witness must agree, too."""

AGAIN = "I did not understand. Can you say it again?"
_ALL, _WORST = (-8.0, -2.5), (-13.0, -5.0)
"""Log likelihood of a frame, below that of the likeliest sound, that stands for a confidence of 0 and of 1: of all
words, and of the word that fits worst."""
_DISPUTED = 0.7
"""What is left of the confidence when not all who understood something agree."""

Meaning = tuple[tuple[str, ...], str | None]


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What one decoder heard.

    Attributes:
        words: Words with their times and fits, without pauses.
        measured: Whether the fits can be compared; what cannot has a vote, but adds no confidence.
    """

    words: tuple[Spoken, ...]
    measured: bool = True

    @property
    def text(self) -> str:
        """The sentence."""
        return " ".join(word.word for word in self.words)

    @property
    def quality(self) -> float:
        """How well it fits the sound, 0 … 1."""
        if not self.words or not self.measured:
            return 0.0
        frames = [word.end - word.start + 1 for word in self.words]
        together = sum(word.fit for word in self.words) / sum(frames)
        worst = min(word.fit / length for word, length in zip(self.words, frames, strict=True))
        return min(_scaled(together, *_ALL), _scaled(worst, *_WORST))


def judge(hypotheses: Sequence[Hypothesis]) -> Heard:
    """Return what to make of the hypotheses of several decoders for one utterance."""
    understood = [(hypothesis, *_meaning(hypothesis.text)) for hypothesis in hypotheses if hypothesis.words]
    if not understood:
        return Heard("", 0.0, (), AGAIN)
    texts = tuple(dict.fromkeys(hypothesis.text for hypothesis, _, _ in understood))
    stops = [hypothesis for hypothesis, meaning, _ in understood if meaning is not None and meaning[1] == STOP]
    if stops and (sure := max(stop.quality for stop in stops)) >= SURE_OF_STOP:
        return Heard(stops[0].text, sure, texts)
    votes = [meaning for _, meaning, _ in understood if meaning is not None]
    if not votes:
        hypothesis, _, refused = max(understood, key=lambda each: each[0].quality)
        sure = hypothesis.quality
        return Heard(hypothesis.text, sure, texts, refused if sure >= SURE else AGAIN)
    elected = max(votes, key=votes.count)
    best = max((each for each, meaning, _ in understood if meaning == elected), key=lambda each: each.quality)
    sure = best.quality * (1.0 if votes.count(elected) == len(votes) else _DISPUTED)
    if votes.count(elected) > 1 and sure >= SURE:
        return Heard(best.text, sure, tuple(text for text in texts if text != best.text))
    others = [text for text in texts if _meaning(text)[0] not in (None, elected)]
    asks = f'Did you say "{" or ".join(dict.fromkeys([best.text, *others]))}"?' if best.quality >= SURE else AGAIN
    return Heard(best.text, min(sure, SURE), tuple(text for text in texts if text != best.text), asks)


def needs_witness(heard: Heard, certain: float = CERTAIN) -> bool:
    """Return whether another acoustic model must hear the same before the arm may move.

    Args:
        heard: What was heard.
        certain: Confidence from which none is needed.
    """
    meaning, _ = _meaning(heard.text)
    if heard.asks or meaning is None or meaning[1] == STOP:
        return False
    moves_on_little = bool(meaning[0]) and len(heard.text.split()) <= BRIEF
    return moves_on_little or heard.confidence < certain


def agree(heard: Heard, testimonies: Iterable[Hypothesis]) -> bool:
    """Return whether a witness heard what means the same."""
    meaning, _ = _meaning(heard.text)
    return any(_meaning(testimony.text)[0] == meaning for testimony in testimonies)


def doubted(heard: Heard) -> Heard:
    """Return the question that is due when no witness agrees."""
    return replace(heard, confidence=min(heard.confidence, SURE), asks=f'Did you say "{heard.text}"?')


def question(text: str, sure: bool) -> str:
    """Return what to ask back about ``text``, nothing when it may be acted upon."""
    meaning, refused = _meaning(text)
    if meaning is not None and (sure or meaning[1] == STOP):
        return ""
    return refused if sure and text else f'Did you say "{text}"?' if text else AGAIN


def _meaning(text: str) -> tuple[Meaning | None, str]:
    try:
        command: Command = parse(text)
    except LanguageRefusal as refused:
        return None, str(refused)
    amount = f" {command.amount}" if command.amount is not None else ""
    return (tuple(motion.phrase for motion in command.motions), command.control and command.control + amount), ""


def _scaled(value: float, nothing: float, everything: float) -> float:
    return min(1.0, max(0.0, (value - nothing) / (everything - nothing)))
