"""What is evaluated: a model, random motions as the lower bound, or the teacher as the upper one."""

from __future__ import annotations

import functools
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from roboact_ros.cells.description import Cell
from roboact_ros.cells.load import cell_from_mapping
from roboact_ros.errors import PolicyError
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.policies.load import policy_from_description
from roboact_ros.policies.manifest import MANIFEST, read_notes, trained_model_folder
from roboact_ros.policies.policy import AnyPolicy
from roboact_ros.policies.scripted import ScriptedPolicy
from roboact_ros.sim.tasks.layout import Split
from roboact_ros.sim.tasks.suite import MOST_MOTIONS
from roboact_ros.sim.teacher import Teacher
from roboact_ros.types import Decision, Frame
from roboact_train.data.samples import DONE_LABEL, motion_of
from roboact_train.table import Table

RANDOM, TEACHER = "random", "teacher"


@dataclass(frozen=True, slots=True)
class Contender:
    """A policy by name; small enough to be sent to another process, which loads it once.

    Attributes:
        name: ``random``, ``teacher``, a trained model (its folder, or the name of a shipped one), or a file of weights.
        model: open_clip model that a file of weights belongs to; not used otherwise.
        device: Torch device of a model.
    """

    name: str
    model: str = "ViT-H-14-378-quickgelu"
    device: str = "auto"

    @property
    def privileged(self) -> bool:
        """Whether it sees the true state of the table and not only images."""
        return self.name == TEACHER

    def load(self) -> None:
        """Load a model, once in a process.

        To be called before anything is drawn: PyTorch's compiler and Mesa's software renderer each bring an LLVM of
        their own, and the process dies when PyTorch's comes second.

        Raises:
            PolicyError: It cannot be loaded.
        """
        if self.name not in (RANDOM, TEACHER):
            self._model()

    def at(self, table: Table) -> AnyPolicy:
        """Return the policy for the episode of ``table``, instructed.

        Raises:
            PolicyError: It cannot be loaded.
        """
        policy = self._policy(table)
        policy.instruct(table.episode.instruction)
        return policy

    def _policy(self, table: Table) -> AnyPolicy:
        if self.name == TEACHER:
            return _TeacherPolicy(table)
        if self.name != RANDOM:
            return self._model()
        chosen = table.episode
        stream = random_stream(chosen.name, chosen.split, chosen.seed)
        numbers = stream.integers(len(PRIMITIVES), size=MOST_MOTIONS)
        return ScriptedPolicy([PRIMITIVES[number] for number in numbers.tolist()])

    def _model(self) -> AnyPolicy:
        return _loaded(self.name, self.model, self.device, written_ns(self.name))


def random_stream(name: str, split: Split, seed: int) -> np.random.Generator:
    """Return the random numbers of the lower bound in one episode, the same ones for equal episodes."""
    return np.random.default_rng((zlib.crc32(name.encode()), zlib.crc32(split.value.encode()), seed))


def written_ns(name: str) -> int:
    """Return when a model was written [ns], which tells a new one from an old one of its name; 0: there is none."""
    path = trained_model_folder(name) or Path(name)
    return path.stat().st_mtime_ns if path.exists() else 0


def model_of(cell: Cell) -> AnyPolicy:
    """Load the policy of a cell so that it decides alike in every process.

    Raises:
        PolicyError: It cannot be loaded.
    """
    import torch

    # The last digits of a sum depend on the number of threads.
    torch.set_num_threads(1)
    return policy_from_description(cell.policy, cell)


def kind_of(name: str) -> str:
    """Return which kind of policy a folder of a trained model holds; a file of weights is one of CLIP-RT.

    Raises:
        PolicyError: There is no such policy, or its manifest cannot be read.
    """
    folder = trained_model_folder(name)
    if folder is None:
        if Path(name).is_file():
            return "clip_rt"
        raise PolicyError(
            f'no policy "{name}": give {RANDOM}, {TEACHER}, a trained model (folder or name), or a file of weights'
        )
    try:
        return str(read_notes(folder)["kind"])
    except KeyError as error:
        raise PolicyError(f"{folder} is not the folder of a trained model: {MANIFEST}: {error}") from error


@functools.lru_cache(maxsize=1)
def _loaded(name: str, model: str, device: str, written: int) -> AnyPolicy:
    """Load a policy; ``written`` tells a new model from an old one of the same name."""
    policy = {"kind": kind_of(name), "model": model, "checkpoint": name, "device": device}
    return model_of(cell_from_mapping({"name": "evaluation", "cameras": {"front": {}}, "policy": policy}, name))


class _TeacherPolicy:
    """The teacher as a policy; it looks at the table instead of the image."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._teacher = Teacher(table.episode.task, table.start)

    def instruct(self, instruction: str) -> None:
        """Do nothing: the teacher knows the task."""

    def act(self, frame: Frame) -> Decision:
        """Return what the teacher would do; ``done`` when it knows no way on."""
        motion = self._teacher.next_motion(self._table.situation) or motion_of(DONE_LABEL)
        return Decision(motion, {motion.phrase: 1.0}, frame.stamp_ns, 0.0)
