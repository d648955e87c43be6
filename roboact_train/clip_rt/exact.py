"""Reads other people's demonstrations with their exact actions, which ``clip_rt_plus`` learns instead of words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from roboact_train.data.demonstrations import Demonstration
from roboact_train.data.samples import DATASET, DONE, DONE_LABEL, EpisodeSamples, Sample
from roboact_train.data.sources import LeRobotSource, PathSource, Source, demonstrations_of


@dataclass(frozen=True, slots=True)
class ExactSource:
    """See :class:`~roboact_train.data.sources.Source`."""

    source: LeRobotSource | PathSource

    @property
    def name(self) -> str:
        """That of the source."""
        return self.source.name

    def read(self) -> EpisodeSamples:
        """Read every step that has an instruction; see the contract."""
        found = EpisodeSamples([], Counter())
        for demonstration in demonstrations_of(self.source):
            for number, words in enumerate(demonstration.instructions):
                if words.strip():
                    found.samples.append(_sample(demonstration, number, words.strip()))
                else:
                    found.skipped["no instruction"] += 1
        return found


def exact(sources: Iterable[Source]) -> list[Source]:
    """Return sources whose samples have exact actions where the data has them."""
    return [
        ExactSource(source)
        if isinstance(source, LeRobotSource) or (isinstance(source, PathSource) and source.kind in ("npz", "tfrecord"))
        else source
        for source in sources
    ]


def _sample(demonstration: Demonstration, number: int, words: str) -> Sample:
    x, y, z, rx, ry, rz, opening = demonstration.actions[number].tolist()
    picture, stamp_ns = demonstration.pictures[number], demonstration.stamps_ns[number]
    action = (x, y, z, rx, ry, rz, 0.0, opening)
    return Sample(picture, words, DONE, action, DONE_LABEL, DATASET, stamp_ns, demonstration.name)
