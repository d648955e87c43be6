"""The sample: what one step of an episode teaches."""

from __future__ import annotations

import functools
import math
from collections import Counter
from dataclasses import dataclass

from roboact_ros.errors import LanguageRefusal, RecordingError
from roboact_ros.language import vocabulary
from roboact_ros.language.parse import parse
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.types import ACTION_SIZE, ImageArray, Motion
from roboact_train.data.pictures import Picture

Action = tuple[float, float, float, float, float, float, float, float]

DONE = vocabulary.DONE.phrase
DONE_LABEL = len(PRIMITIVES)
"""Label of the step at which the task is complete; the motions have 0 … 57, in the order of the vocabulary."""
DONE_ACTION: Action = vocabulary.DONE.action

TELEOP, CORRECTION, POLICY, AUGMENTED, DATASET = "teleop", "correction", "policy", "augmented", "dataset"
SOURCES = (TELEOP, CORRECTION, POLICY, AUGMENTED, DATASET)
"""Who chose the motion: a person teaching or correcting a policy, the policy, augmentation, other people's data."""

VOCABULARY = f"clip_rt/{len(PRIMITIVES)}"
"""Name of the vocabulary that the labels count in; kept with data so that others are not mixed in."""

_LABELS = {motion.phrase: label for label, motion in enumerate(PRIMITIVES)} | {DONE: DONE_LABEL}


@dataclass(frozen=True, slots=True)
class ArmTrace:
    """Measured arm before and after a step: tool poses (x, y, z [m], rotation vector) in the base, joints [rad]."""

    prev_eef_pose: tuple[float, ...]
    eef_pose: tuple[float, ...]
    prev_joint: tuple[float, ...]
    joint: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """One step: seeing ``image``, asked for ``instruction``, the right words are ``supervision``.

    Attributes:
        picture: Where the image comes from.
        instruction: The task.
        supervision: A canonical primitive phrase or ``done``; in other people's data any phrase that means the same.
        action: What was done, eight entries as in :class:`~roboact_ros.types.Motion`; of ``done`` and of other people's
            data the entry of the vocabulary.
        label: Place of the nearest primitive in the vocabulary, 0 … 57; 58 is ``done``.
        source: One of ``SOURCES``.
        stamp_ns: Moment of exposure, Unix time [ns]; 0 when unknown.
        episode: Name of the episode.
        arm: Measured arm, None when unknown.

    Raises:
        RecordingError: An entry is not what it should be.
    """

    picture: Picture
    instruction: str
    supervision: str
    action: Action
    label: int
    source: str
    stamp_ns: int
    episode: str
    arm: ArmTrace | None = None

    def __post_init__(self) -> None:
        if len(self.action) != ACTION_SIZE or not all(map(math.isfinite, self.action)):
            raise RecordingError(f"{self.episode}: an action is {ACTION_SIZE} finite numbers, not {list(self.action)}")
        if not 0 <= self.label <= DONE_LABEL:
            raise RecordingError(f"{self.episode}: label {self.label} is not in 0 … {DONE_LABEL}")
        if self.source not in SOURCES:
            raise RecordingError(f'{self.episode}: source "{self.source}" is unknown; valid: {", ".join(SOURCES)}')
        if not self.instruction.strip():
            raise RecordingError(f"{self.episode}: a sample has no instruction")

    @property
    def image(self) -> ImageArray:
        """(H, W, 3) uint8 RGB, decoded anew at each call."""
        return self.picture.load()


@dataclass(frozen=True, slots=True)
class EpisodeSamples:
    """Samples of one episode, in order, and how many of its steps teach nothing, by reason."""

    samples: list[Sample]
    skipped: Counter[str]


def label_of(supervision: str, where: str) -> int:
    """Return the label of a phrase: the nearest primitive, or ``done``.

    Args:
        supervision: A phrase of the vocabulary or any sentence that asks for one motion.
        where: What to name in errors.

    Raises:
        RecordingError: It asks for no single motion, so it is of another vocabulary.
    """
    label = _labels(supervision)
    if label is None:
        raise RecordingError(
            f'{where}: the supervision "{supervision}" names no single motion of the vocabulary {VOCABULARY}; data of '
            "several vocabularies cannot be mixed"
        )
    return label


def motion_of(label: int) -> Motion:
    """Return the primitive with a label 0 … 57, or one that does not move for ``done``."""
    return PRIMITIVES[label] if label != DONE_LABEL else vocabulary.DONE


@functools.lru_cache(maxsize=4096)
def _labels(supervision: str) -> int | None:
    if supervision in _LABELS:
        return _LABELS[supervision]
    try:
        motions = parse(supervision).motions
    except LanguageRefusal:
        return None
    return _LABELS[motions[0].primitive] if len(motions) == 1 else None
