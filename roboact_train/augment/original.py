"""What a bag has to say to be done again: its motions, its instruction, and the cell it was recorded in."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from roboact_ros.errors import LanguageRefusal, RecordingError
from roboact_ros.language.plan import plan_from_text
from roboact_ros.recording.folders import BagState, find_bags
from roboact_ros.recording.reader import Episode
from roboact_ros.types import FloatArray, Motion
from roboact_train.data.bag_topics import STATUS, reports, require
from roboact_train.data.bags import AUGMENTED_FROM
from roboact_train.data.executed import PERSON, UNDO, Executed, executed_steps

COPY = "augmented_copy"
"""Note of an augmented bag: its number among the copies of the original, from 1 on."""

_POSE = "tcp_pose"
_NO_TRACE = ("undone", "cut off by the end of the recording")


@dataclass(frozen=True, slots=True, eq=False)
class Original:
    """One demonstration.

    Attributes:
        path: The bag.
        instruction: The task.
        motions: What was done, without what was undone.
        cell: Description of the cell, as in a system file.
        start: (3,) where the tool was at the beginning [m]; None when nobody measured it.
    """

    path: Path
    instruction: str
    motions: tuple[Motion, ...]
    cell: dict[str, Any]
    start: FloatArray | None = None

    @property
    def name(self) -> str:
        """Name of the bag."""
        return self.path.name


@dataclass(frozen=True, slots=True)
class Copy:
    """An augmented copy that is to be made; ``number`` counts from 1."""

    original: Original
    number: int

    def generator(self, seed: int, attempt: int) -> np.random.Generator:
        """Return what draws the copy."""
        return np.random.default_rng((seed, zlib.crc32(self.original.name.encode()), self.number, attempt))


def read_original(path: str | Path) -> Original:
    """Read a bag of language teleoperation.

    Raises:
        RecordingError: It is an augmented copy itself, it holds no motions or nobody said what the task is, or some of
            what was done cannot be repeated: home, and motions that were stopped or taken over on the way.
    """
    with Episode(path) as episode:
        if AUGMENTED_FROM in episode.notes:
            raise RecordingError(f"{path} is an augmented copy itself, of {episode.notes[AUGMENTED_FROM]}")
        require(episode, STATUS)
        motions = [
            _motion(episode.path, step)
            for step in executed_steps(reports(episode))
            if step.refusal not in _NO_TRACE and not step.phrase.startswith(UNDO)
        ]
        if not motions:
            raise RecordingError(f"{path}: nothing in it was done that could be done again")
        if not episode.instruction:
            raise RecordingError(f"{path}: nobody said what the task is, and none is noted")
        return Original(episode.path, episode.instruction, tuple(motions), episode.cell, _start(episode))


def copies_to_make(originals: Iterable[Original], times: int, folder: Path) -> list[Copy]:
    """Return the copies that are not among the saved bags in ``folder`` yet."""
    made: set[tuple[str, str]] = set()
    for bag in find_bags(folder) if folder.is_dir() else []:
        if bag.state is BagState.SAVED:
            with Episode(bag.path) as episode:
                made.add((episode.notes.get(AUGMENTED_FROM, ""), episode.notes.get(COPY, "")))
    wanted = [Copy(original, number) for original in originals for number in range(1, times + 1)]
    return [copy for copy in wanted if (copy.original.name, str(copy.number)) not in made]


def _start(episode: Episode) -> FloatArray | None:
    if episode.full_name(_POSE) not in episode.topics:
        return None
    for _, _, message in episode.messages([_POSE]):
        point = message.pose.position
        return np.array([point.x, point.y, point.z])
    return None


def _motion(path: Path, step: Executed) -> Motion:
    if step.refusal or step.source != PERSON:
        why = step.refusal or f"it was chosen by the {step.source}"
        raise RecordingError(f'{path} cannot be done again: "{step.phrase}": {why}')
    try:
        plan = plan_from_text(step.phrase)
    except LanguageRefusal as error:
        raise RecordingError(f'{path} cannot be done again: "{step.phrase}": {error}') from error
    if isinstance(plan, str) or len(plan) != 1:
        raise RecordingError(f'{path} cannot be done again: "{step.phrase}" is not one motion')
    return plan[0]
