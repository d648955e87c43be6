"""Records augmented copies of a demonstration in a running cell."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np

from roboact_ros.errors import RecordingError
from roboact_ros.types import FloatArray
from roboact_train.augment.carry_out import Failed, carry_out
from roboact_train.augment.original import COPY, Copy
from roboact_train.data.bags import AUGMENTED_FROM, DEVIATIONS
from roboact_train.data.trajectory import AugmentedStep, augmented

_SAME_START = 0.01
"""The tool begins at most this far from where it began in the original [m]."""


class Performer(Protocol):
    """A cell that records an episode; :class:`roboact_ros.nodes.take.Take` is one."""

    @property
    def position(self) -> FloatArray:
        """(3,) measured position of the tool in the base [m]."""
        ...

    def do(self, phrase: str) -> str:
        """Say something, wait until the arm rests, and return why it was refused, or empty."""
        ...

    def save(self, notes: Mapping[str, str]) -> Path:
        """Finish the episode with the word ``done`` and return the bag."""
        ...


def record_copy(copy: Copy, performer: Performer, generator: np.random.Generator, judge: Callable[[], bool]) -> Path:
    """Carry out an augmented copy in words, and save it with the notes by which its deviations are left out.

    Args:
        copy: What to make.
        performer: The cell, with the table as it was when the original began.
        generator: Draws the copy.
        judge: Says at the end whether the task is done.

    Raises:
        Failed: A motion was refused or the task was not done; nothing is saved then.
        RecordingError: The original began elsewhere.
    """
    start = copy.original.start
    if start is not None and np.abs(performer.position - start).max() > _SAME_START:
        raise RecordingError(
            f"{copy.original.path} began with the tool at {np.round(start, 3).tolist()} m, the arm is at "
            f"{np.round(performer.position, 3).tolist()} m; only demonstrations that begin at home can be done again"
        )
    deviations: list[tuple[int, int]] = []

    def do(step: AugmentedStep) -> str:
        begun = time.time_ns()
        refused = performer.do(step.motion.phrase)
        if not step.record:
            deviations.append((begun, time.time_ns()))
        return refused

    carry_out(augmented(copy.original.motions, generator), do, lambda: performer.position)
    if not judge():
        raise Failed("an augmented copy did not do the task")
    notes = {AUGMENTED_FROM: copy.original.name, COPY: str(copy.number), DEVIATIONS: json.dumps(deviations)}
    return performer.save(notes)
