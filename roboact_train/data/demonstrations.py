"""Episodes of other people's data: images, words and 7-D actions, and their way to samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from roboact_ros.errors import RecordingError
from roboact_ros.types import FloatArray
from roboact_train.data.pictures import Picture
from roboact_train.data.samples import DATASET, EpisodeSamples, Sample, motion_of
from roboact_train.data.supervision import NONE, Bounds, checked, labels_from_actions, phrase, vocabulary_label


@dataclass(frozen=True, slots=True, eq=False)
class Demonstration:
    """One episode.

    Attributes:
        name: What to call it.
        pictures: What was seen before each step.
        instructions: The task at each step; a step without words teaches nothing.
        actions: (N, 7): displacement [m] and rotation [rad] of the tool in each step, absolute gripper command
            (0 closed … 1 open).
        stamps_ns: When each step began, since the start of the episode [ns].

    Raises:
        RecordingError: They are not equally many, or an action is not finite.
    """

    name: str
    pictures: Sequence[Picture]
    instructions: Sequence[str]
    actions: FloatArray
    stamps_ns: Sequence[int]

    def __post_init__(self) -> None:
        try:
            checked(self.actions)
        except RecordingError as error:
            raise RecordingError(f"{self.name}: {error}") from error
        counts = [len(part) for part in (self.pictures, self.instructions, self.actions, self.stamps_ns)]
        if len(set(counts)) != 1:
            raise RecordingError(f"{self.name}: (images, instructions, actions, stamps) differ in number: {counts}")


def samples_from_demonstration(
    demonstration: Demonstration, bounds: Bounds | None, generator: np.random.Generator
) -> EpisodeSamples:
    """Return a sample for each step that has supervision, in words drawn from the templates.

    Args:
        demonstration: The episode.
        bounds: Normalisation of its data set; see :func:`~roboact_train.data.supervision.labels_from_actions`.
        generator: Draws the words.
    """
    samples: list[Sample] = []
    skipped: Counter[str] = Counter()
    for step, found in enumerate(labels_from_actions(demonstration.actions, bounds).tolist()):
        words = demonstration.instructions[step].strip()
        if found == NONE or not words:
            skipped["no dominant motion" if words else "no instruction"] += 1
            continue
        label = vocabulary_label(found)
        samples.append(
            Sample(
                demonstration.pictures[step],
                words,
                phrase(found, generator),
                motion_of(label).action,
                label,
                DATASET,
                demonstration.stamps_ns[step],
                demonstration.name,
            )
        )
    return EpisodeSamples(samples, skipped)
