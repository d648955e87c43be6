"""Which objects an episode has and where they lie, seen in training or held out from it."""

from __future__ import annotations

import enum
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import cos, hypot, pi, sin, sqrt

import numpy as np

from roboact_ros.errors import SimulationError
from roboact_ros.sim.placement import MOST_YAW, Disc, Rectangle, kept_free, place
from roboact_ros.sim.scene import Block, Bowl, Can, Contents, Drawer, HingedBox, Planar
from roboact_ros.sim.tasks.task import Task

PALETTE = ("red", "green", "blue", "yellow", "orange", "purple", "pink")
"""Colours of blocks and cans; every one of them is seen on one of the two kinds in training."""

HELD_OUT_BLOCKS, HELD_OUT_CANS = ("orange", "purple"), ("red", "green")
"""Combinations of kind and colour that training never shows."""

HELD_OUT_SIZE, SIZE = 0.044, 0.04
"""Edge of the blocks of unseen and of seen episodes [m]."""

HELD_OUT_PLACE: Disc = (0.50, -0.06, 0.07)
"""Where the object that an unseen episode is about lies, and no loose object of a seen one: x, y, radius [m]."""

REGION: Rectangle = (0.30, 0.755, -0.365, 0.375)
"""Where the tools of all supported arms reach the table, x from, x to, y from, y to [m]."""

_APART = 0.02
"""Width of the border between seen and held-out places [m]."""
_ROUNDS = 200
_DRAWER, _BOX = Drawer(), HingedBox()


class Split(enum.Enum):
    """Which episodes a policy may learn from."""

    TRAIN = "train"
    UNSEEN = "unseen"


def part_and_stream(name: str, split: Split | str, seed: int) -> tuple[Split, np.random.Generator]:
    """Return the split, and the random numbers of the episode number ``seed`` of a task.

    The streams of different tasks and splits have nothing in common.

    Raises:
        SimulationError: There is no such split, or the seed is negative.
    """
    try:
        part = Split(split)
    except ValueError:
        raise SimulationError(f'no split "{split}": valid: {", ".join(s.value for s in Split)}') from None
    if seed < 0:
        raise SimulationError(f"a seed is not negative: {seed}")
    return part, np.random.default_rng((zlib.crc32(name.encode()), tuple(Split).index(part), seed))


@dataclass(frozen=True, slots=True)
class Draft:
    """A task and the table it is to be done on; ``places`` says where the loose objects stand, by name."""

    task: Task
    contents: Contents
    places: Mapping[str, Planar] = field(hash=False)


class Draw:
    """Everything random about an episode.

    Args:
        split: Whether it may hold what training shows, or what is held out from it.
        random: Source of all choices.
    """

    def __init__(self, split: Split, random: np.random.Generator) -> None:
        self.split, self._random = split, random

    def choice(self, options: tuple[str, ...]) -> str:
        """Return one of ``options``."""
        return options[int(self._random.integers(len(options)))]

    def blocks(self, least: int = 2, most: int = 3, targets: int = 1) -> tuple[Block, ...]:
        """Return blocks of different colours; in unseen episodes the first ``targets`` are held-out combinations."""
        size = HELD_OUT_SIZE if self.split is Split.UNSEEN else SIZE
        colours = self._colours(HELD_OUT_BLOCKS, int(self._random.integers(least, most + 1)), targets)
        return tuple(Block(colour, size) for colour in colours)

    def cans(self, count: int = 2) -> tuple[Can, ...]:
        """Return cans of different colours, the first of unseen episodes a held-out combination.

        Where there is only one, the word for its colour says nothing, and nobody learns what it means.
        """
        return tuple(Can(colour) for colour in self._colours(HELD_OUT_CANS, count, 1))

    def maybe_a_can(self) -> tuple[Can, ...]:
        """Return a can, or none, that the task is not about."""
        return self.cans(1) if self._random.random() < 0.5 else ()

    def shifted(self, middle: Planar, least: float, most: float) -> Planar:
        """Return ``middle`` moved along the edge of the table: up to ``least`` [m] if seen, from there to ``most``."""
        low, high = (0.0, least) if self.split is Split.TRAIN else (least, most)
        by = float(self._random.uniform(low, high)) * (1 if self._random.random() < 0.5 else -1)
        return Planar(middle.x + by, middle.y, middle.yaw)

    def table(
        self,
        task: Task,
        blocks: tuple[Block, ...],
        cans: tuple[Can, ...] = (),
        target: str | None = None,
        room: Mapping[str, float] | None = None,
        drawer: Drawer = _DRAWER,
        box: HingedBox = _BOX,
    ) -> Draft:
        """Lay the table.

        Args:
            task: What is to be done.
            blocks: The blocks.
            cans: The cans.
            target: Loose object that the task is about; an unseen episode has it in the held-out place.
            room: Radius that objects get to themselves where they need more than their own [m].
            drawer: The drawer.
            box: The box with its lid.

        Raises:
            SimulationError: No free places were found.
        """
        colour = "white" if self.split is Split.TRAIN else "pink"
        contents = Contents(blocks, cans, (Bowl(colour=colour),), (drawer,), (box,))
        radii = {item.name: 0.75 * item.size if isinstance(item, Block) else item.radius for item in contents.loose}
        radii.update(room or {})
        furniture = kept_free(contents.drawers, contents.boxes)
        for _ in range(_ROUNDS):
            places = self._places(radii, furniture, target)
            if places is not None:
                return Draft(task, contents, places)
        raise SimulationError(f"no places for {', '.join(radii)} were found; use fewer objects")

    def _places(self, radii: dict[str, float], furniture: list[Disc], target: str | None) -> dict[str, Planar] | None:
        """Return one try at a place for each object; None where they do not fit."""
        x, y, radius = HELD_OUT_PLACE
        fixed: dict[str, Planar] = {}
        taken = list(furniture)
        if self.split is Split.UNSEEN and target is not None:
            angle, way = self._random.uniform(0.0, 2 * pi), radius * sqrt(self._random.random())
            yaw = float(self._random.uniform(-MOST_YAW, MOST_YAW))
            fixed[target] = Planar(x + way * cos(angle), y + way * sin(angle), yaw)
            taken.append((fixed[target].x, fixed[target].y, radii[target]))
        names = sorted((name for name in radii if name not in fixed), key=lambda name: -radii[name])
        try:
            found = place([radii[name] for name in names], REGION, taken, int(self._random.integers(2**31)))
        except SimulationError:
            return None
        if self.split is Split.TRAIN and any(hypot(where.x - x, where.y - y) < radius + _APART for where in found):
            return None
        return {**dict(zip(names, found, strict=True)), **fixed}

    def _colours(self, held_out: tuple[str, ...], count: int, targets: int) -> list[str]:
        seen = [colour for colour in PALETTE if colour not in held_out]
        if self.split is Split.TRAIN:
            return [str(colour) for colour in self._random.permutation(seen)[:count]]
        first = [str(colour) for colour in self._random.permutation(list(held_out))[:targets]]
        rest = [str(colour) for colour in self._random.permutation(PALETTE) if colour not in first]
        return [*first, *rest[: count - len(first)]]
