"""The contract of a task for two arms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from roboact_ros.sim.scene import Contents, Planar, Tray
from roboact_ros.sim.tasks.layout import Split
from roboact_ros.sim.tasks.pair.situation import PairSituation
from roboact_ros.sim.tasks.task import Waypoint

Both = tuple[Waypoint, Waypoint]


class PairTask(Protocol):
    """One thing that two arms do; immutable, decided by the situation alone."""

    @property
    def instruction(self) -> str:
        """The words of the person."""
        ...

    def succeeded(self, start: PairSituation, now: PairSituation) -> bool:
        """Whether it is done, given the situations at the start of the episode and now."""
        ...

    def next_waypoints(self, start: PairSituation, now: PairSituation) -> Both | None:
        """Return where to take both tools now; None when nothing can be done."""
        ...


@dataclass(frozen=True, slots=True)
class PairDraft:
    """A task and the table it is to be done on; ``places`` says where the loose objects stand, by name."""

    task: PairTask
    contents: Contents
    places: Mapping[str, Planar] = field(default_factory=dict, hash=False)


HELD_OUT_COLOURS = ("blue", "orange")
"""Colours of the trays and rods of unseen episodes; seen ones are of wood."""


def drawn(tray: Tray, split: Split, random: np.random.Generator) -> Tray:
    """Return a tray somewhere else, up to 2 cm away along x and y; if unseen, of another colour."""
    x = float(random.uniform(0.0, 0.02)) * (1 if random.random() < 0.5 else -1)
    place = Planar(tray.place.x + x, tray.place.y + float(random.uniform(-0.02, 0.02)))
    colour = None if split is Split.TRAIN else HELD_OUT_COLOURS[int(random.integers(len(HELD_OUT_COLOURS)))]
    return replace(tray, place=place, colour=colour)


def with_trays(task: PairTask, *trays: Tray) -> PairDraft:
    """Return a task on a table that has only trays on it."""
    return PairDraft(task, Contents((), (), (), (), (), trays))
