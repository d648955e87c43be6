"""The samples of a training, split by episode into those to learn from and those to judge by."""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from roboact_ros.errors import RecordingError
from roboact_train.data.pictures import Encoded, Pixels, jpeg
from roboact_train.data.samples import CORRECTION, POLICY, Sample
from roboact_train.data.sources import Source

_TOLD = 50


@dataclass(frozen=True, slots=True)
class Corpus:
    """What a model learns from.

    Attributes:
        train: Samples to learn from, those of an episode in order.
        validation: Samples of other episodes, to choose the best model by.
        counts: Samples by source (``teleop``, ``augmented``, …).
        episodes: Number of episodes.
    """

    train: list[Sample]
    validation: list[Sample]
    counts: Counter[str]
    episodes: int

    @property
    def fingerprint(self) -> int:
        """A number that changes with the data: what was interrupted on some data goes on with the same."""
        number = 0
        for sample in (*self.train, *self.validation):
            number = zlib.crc32(f"{sample.episode} {sample.label} {sample.stamp_ns}".encode(), number)
        return number


def read_corpus(
    sources: Sequence[Source],
    validation: float,
    tell: Callable[[str], None],
    corrections: Sequence[Source] = (),
    repeats: int = 1,
) -> Corpus:
    """Read all samples but those that a policy chose itself, which teach it nothing; images stay compressed.

    Args:
        sources: Episodes.
        validation: Part of the episodes that is kept aside, at least one if it is not 0 and there are two.
        tell: Gets lines of progress.
        corrections: Episodes of policies of which only the corrections of people are used, and only to learn from.
        repeats: How often each correction counts.

    Raises:
        RecordingError: A source cannot be read, or there is nothing to learn from.
    """
    samples: list[Sample] = []
    for number, source in enumerate(sources, 1):
        samples += [_compressed(sample) for sample in source.read().samples if sample.source != POLICY]
        if number % _TOLD == 0 or number == len(sources):
            tell(f"read {number} of {len(sources)} sources: {len(samples)} samples")
    episodes = sorted({sample.episode for sample in samples}, key=lambda name: (zlib.crc32(name.encode()), name))
    kept = min(math.ceil(validation * len(episodes)), len(episodes) - 1) if episodes else 0
    aside = set(episodes[:kept])
    train = [sample for sample in samples if sample.episode not in aside]
    corrected = [s for source in corrections for s in source.read().samples if s.source == CORRECTION]
    if corrections:
        tell(f"{len(corrected)} corrections in {len(corrections)} episodes, each counted {repeats} times")
    train += [_compressed(sample) for sample in corrected] * repeats
    if not train:
        raise RecordingError(f"{', '.join(source.name for source in sources[:3])} …: no sample to learn from")
    judged = [sample for sample in samples if sample.episode in aside]
    counts = Counter(sample.source for sample in (*train, *judged))
    return Corpus(train, judged, counts, len({sample.episode for sample in (*train, *judged)}))


def _compressed(sample: Sample) -> Sample:
    if not isinstance(sample.picture, Pixels):
        return sample
    return replace(sample, picture=Encoded(jpeg(sample.picture), sample.episode))
