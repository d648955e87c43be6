"""What is evaluated with two arms: a CLAP policy, random steps as the lower bound, or the teacher as the upper one."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from roboact_ros.cells.load import load_cell
from roboact_ros.errors import PolicyError
from roboact_ros.policies.clap.ntp_folder import KIND as NTP
from roboact_ros.policies.clap.run_config import read_run_config
from roboact_ros.policies.clap.run_folder import CONFIG
from roboact_ros.policies.manifest import read_notes, trained_model_folder
from roboact_ros.policies.policy import AnyPolicy
from roboact_ros.sim.pair_teacher import AXES, PERIOD_NS, next_steps
from roboact_ros.types import ActionChunk, Frame
from roboact_train.evaluate.contender import RANDOM, TEACHER, kind_of, model_of, random_stream, written_ns
from roboact_train.pair_table import CAMERAS, CELL, PairTable, PairView

_RF = "clap_rf"
_KINDS = {_RF: "clap", "clap": "clap", NTP: NTP}
"""Kind of a cell's policy by the kind that training notes."""
_RANDOM_STEP, _RANDOM_STEPS = 0.01, 8
"""Longest random step on an axis [m], and how many there are in a chunk."""


class PairPolicy(Protocol):
    """Puts out chunks for both arms."""

    def act(self, frame: Frame) -> ActionChunk | None:
        """Return the next steps; None when it knows no way on."""
        ...


@dataclass(frozen=True, slots=True)
class PairContender:
    """A policy by name; small enough to be sent to another process, which loads it once.

    Attributes:
        name: ``random``, ``teacher``, or the folder of a trained CLAP-RF or CLAP-NTP.
        device: Torch device of a model.
        executed: How many steps of its chunks are carried out; 0 for all.
    """

    name: str
    device: str = "auto"
    executed: int = 0

    @property
    def privileged(self) -> bool:
        """Whether it sees the true state of the table and not only images."""
        return self.name == TEACHER

    @property
    def learned(self) -> bool:
        """Whether it is a model."""
        return self.name not in (RANDOM, TEACHER)

    def view(self, size: tuple[int, int] | None = None) -> PairView:
        """Return what it looks at: a model what it was trained with, unless another size is asked for.

        Raises:
            PolicyError: There is no such model, or it is not one for two arms.
        """
        if not self.learned:
            return PairView(tuple(CAMERAS)[:1], *(size or (32, 24)))  # neither looks
        views, own = _seen_by(self.name)
        unknown = [view for view in views if view not in CAMERAS]
        if unknown:
            raise PolicyError(f"{self.name} looks at {', '.join(views)}; two arms have {', '.join(CAMERAS)}")
        return PairView(views, *(size or own or (320, 240)))

    def load(self) -> None:
        """Load a model, once in a process and before anything is drawn (as of one arm).

        Raises:
            PolicyError: It cannot be loaded.
        """
        if self.learned:
            self._model()

    def at(self, table: PairTable) -> PairPolicy:
        """Return the policy for the episode of ``table``, instructed.

        Raises:
            PolicyError: It cannot be loaded.
        """
        if self.name == TEACHER:
            return _TeacherPolicy(table)
        if self.name == RANDOM:
            return _RandomPolicy(table)
        policy = self._model()
        policy.instruct(table.episode.instruction)
        return _Chunks(policy)

    def _model(self) -> AnyPolicy:
        return _loaded(self.name, self.view().views, self.device, self.executed, written_ns(self.name))


def _seen_by(name: str) -> tuple[tuple[str, ...], tuple[int, int] | None]:
    """Return the views and the size of images that a model was trained with."""
    kind, folder = kind_of(name), trained_model_folder(name)
    if kind not in _KINDS or folder is None:
        raise PolicyError(f"{name} is a {kind}; two arms are driven by {', '.join(sorted(set(_KINDS.values())))}")
    if _KINDS[kind] == NTP:
        about = read_notes(folder).get(NTP) or {}
        width, height = about.get("image_size", (320, 240))
        return tuple(about.get("views", CAMERAS)), (int(width), int(height))
    config = read_run_config(folder / CONFIG)
    return config.views or tuple(CAMERAS), config.image_size


@functools.lru_cache(maxsize=1)
def _loaded(name: str, views: tuple[str, ...], device: str, executed: int, written: int) -> AnyPolicy:
    """Load a policy; ``written`` tells a new model from an old one of the same name."""
    first, *rest = (CAMERAS[view] for view in views)
    words = [
        *(f"policy.kind:={_KINDS[kind_of(name)]}", f"policy.checkpoint:={name}", f"policy.device:={device}"),
        *(f"policy.camera:={first}", f"policy.more_cameras:=[{', '.join(rest)}]", f"policy.clap.executed:={executed}"),
    ]
    return model_of(load_cell(CELL, words))


class _Chunks:
    """A model whose chunks are followed."""

    def __init__(self, policy: AnyPolicy) -> None:
        self._policy = policy

    def act(self, frame: Frame) -> ActionChunk:
        """See :class:`PairPolicy`."""
        chosen = self._policy.act(frame)
        if not isinstance(chosen, ActionChunk):
            raise PolicyError("two arms are driven by chunks, not by single motions")
        return chosen


class _TeacherPolicy:
    """The teacher as a policy; it looks at the table instead of the images."""

    def __init__(self, table: PairTable) -> None:
        self._table = table

    def act(self, frame: Frame) -> ActionChunk | None:
        """See :class:`PairPolicy`."""
        steps = next_steps(self._table.episode.task, self._table.start, self._table.runner.situation)
        return None if steps is None else ActionChunk(AXES, steps, PERIOD_NS, frame.stamp_ns)


class _RandomPolicy:
    """Each arm goes somewhere, and opens or closes its gripper."""

    def __init__(self, table: PairTable) -> None:
        chosen = table.episode
        self._random = random_stream(chosen.name, chosen.split, chosen.seed)

    def act(self, frame: Frame) -> ActionChunk:
        """See :class:`PairPolicy`."""
        step = np.zeros(len(AXES))
        for arm in range(2):
            step[7 * arm : 7 * arm + 3] = self._random.uniform(-_RANDOM_STEP, _RANDOM_STEP, 3)
            step[7 * arm + 6] = self._random.integers(2)
        return ActionChunk(AXES, np.tile(step, (_RANDOM_STEPS, 1)), PERIOD_NS, frame.stamp_ns)
