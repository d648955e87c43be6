"""A data set as the training sees it: clips with their classes, texts and parts."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from roboact_ros.errors import ConfigurationError, RecordingError
from roboact_ros.policies.nets.roboact_clip.classes import ActClasses
from roboact_train.roboact_clip.annotation import Triplet
from roboact_train.roboact_clip.clips import FRAMES
from roboact_train.roboact_clip.dataset import AtomicClip
from roboact_train.roboact_clip.split import Split, split

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """What is learned and judged.

    Attributes:
        clips: All clips.
        classes: Their classes, the most frequent first.
        labels: (clips, 3) numbers of subject, action and object.
        descriptions: All different texts.
        text_of: (clips,) the text of each clip.
        action_of: (descriptions,) class of the action that a text names.
        parts: What is learned from and what is kept aside.
        recombined: (pool, 3) triplets that recombination learns; none has a pair that is kept aside.
        unseen: (pairs, 3) triplets of the pairs that are kept aside, with the most frequent subject.
        rivals: (rivals, 3) triplets with that subject, among which a recombined feature of one has to find its text.
    """

    clips: Sequence[AtomicClip]
    classes: ActClasses
    labels: IntArray
    descriptions: tuple[str, ...]
    text_of: IntArray
    action_of: IntArray
    parts: Split
    recombined: IntArray
    unseen: IntArray
    rivals: IntArray

    def sentence(self, triplet: Sequence[int]) -> str:
        """Return the text of the recombination loss (eq. 18) for three numbers of classes."""
        return self.triplet(triplet).recombined

    def triplet(self, numbers: Sequence[int]) -> Triplet:
        """Return the names of three classes."""
        names = self.classes
        return Triplet(names.subjects[numbers[0]], names.actions[numbers[1]], names.objects[numbers[2]])

    @property
    def fingerprint(self) -> int:
        """A number that changes with the clips, their classes and their parts."""
        text = repr([(clip.clip, clip.triplet) for clip in self.clips]) + repr(self.parts)
        return zlib.crc32(text.encode())

    @property
    def counts(self) -> dict[str, int]:
        """How many clips are what."""
        parts = self.parts
        counts = {"train": len(parts.train), "validation": len(parts.validation), "of unseen pairs": len(parts.unseen)}
        return counts | {f"shorter than {FRAMES} frames": sum(clip.clip.frames < FRAMES for clip in self.clips)}


def corpus_of(clips: Sequence[AtomicClip], validation: float, unseen: float, recombinations: int, seed: int) -> Corpus:
    """Return a corpus.

    Args:
        clips: All clips.
        validation: Part of the episodes to judge by.
        unseen: Part of the pairs of which nothing is learned from.
        recombinations: Most triplets to recombine.
        seed: Of what is drawn.

    Raises:
        ConfigurationError: There are no clips.
        RecordingError: A clip has a single frame, or no subject, action or object.
    """
    if not clips:
        raise ConfigurationError("the data set has no clips; see left_out.jsonl beside it for the reasons")
    for clip in clips:
        _check(clip)
    counted = [Counter(getattr(clip.triplet, kind) for clip in clips) for kind in ("subject", "action", "object")]
    classes = ActClasses(*(tuple(sorted(c, key=lambda name: (-c[name], name))) for c in counted))
    numbers = [classes.numbers(c.triplet.subject, c.triplet.action, c.triplet.object, c.clip.name) for c in clips]
    triplets = {clip.triplet: labels for clip, labels in zip(clips, numbers, strict=True)}
    places = {triplet: place for place, triplet in enumerate(triplets)}
    parts = split(clips, validation, unseen, seed)
    hidden = sorted({numbers[n][1:] for n in parts.unseen})
    random = np.random.default_rng((seed, 1))
    pool = _combinations(classes, recombinations, random)
    known = {row for row in pool if row[1:] not in hidden} | {numbers[n] for n in parts.train}
    asked = [(0, *pair) for pair in hidden]
    rivals = sorted({row for row in pool if row[0] == 0} | {(0, *row[1:]) for row in numbers})
    return Corpus(
        clips,
        classes,
        _rows(numbers),
        tuple(triplet.description for triplet in triplets),
        np.array([places[clip.triplet] for clip in clips]),
        np.array([labels[1] for labels in triplets.values()]),
        parts,
        _rows(sorted(known)),
        _rows(asked),
        _rows(rivals),
    )


def _check(clip: AtomicClip) -> None:
    for kind in ("subject", "action", "object"):
        if not getattr(clip.triplet, kind).strip():
            raise RecordingError(f'{clip.clip.name}: no {kind} in its text "{clip.clip.text}"')
    if clip.clip.frames < 2:
        raise RecordingError(f"{clip.clip.name} has {max(clip.clip.frames, 0)} frame(s); an action takes at least 2")


def _combinations(classes: ActClasses, most: int, random: np.random.Generator) -> list[tuple[int, int, int]]:
    """Return all combinations of classes, or as many as allowed, drawn without repetition."""
    sizes = len(classes.subjects), len(classes.actions), len(classes.objects)
    every = sizes[0] * sizes[1] * sizes[2]
    chosen = np.arange(every) if every <= most else np.sort(random.choice(every, most, replace=False))
    return [(int(s), int(a), int(o)) for s, a, o in zip(*np.unravel_index(chosen, sizes), strict=True)]


def _rows(triplets: Sequence[tuple[int, int, int]]) -> IntArray:
    return np.array(triplets, dtype=np.int64).reshape(-1, 3)
