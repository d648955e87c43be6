"""What acts in the kitchen: the contract, random velocities as the lower bound, and who else there is by name."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from roboact_ros.errors import PolicyError
from roboact_ros.policies.manifest import read_notes, trained_model_folder
from roboact_ros.types import FloatArray, ImageArray
from roboact_train.evaluate.kitchen.tasks import INSTRUCTIONS, MOST_STEPS

RANDOM, SCRIPTED = "random", "scripted"
JOINTS = 9
"""Seven of the arm and two fingers."""


@dataclass(frozen=True, slots=True, eq=False)
class TrueState:
    """What no camera shows; in the frame of the kitchen.

    Attributes:
        tool_position: (3,) point between the fingers [m].
        tool_rotation: (3, 3) of the tool in the kitchen; its third axis points out of the hand.
        jacobian: (6, 9) velocity and angular velocity of the tool per joint velocity.
        holding: (9,) how far the target of each joint has to be from where it is to stand still [rad or m].
        handle: (3,) what has to be moved [m].
    """

    tool_position: FloatArray
    tool_rotation: FloatArray
    jacobian: FloatArray
    holding: FloatArray
    handle: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class KitchenObservation:
    """What is known before a step.

    Attributes:
        joints: (9,) measured positions [rad], of the fingers [m].
        image: (H, W, 3) RGB, or None where no policy looks.
        state: For privileged policies only.
    """

    joints: FloatArray
    image: ImageArray | None = None
    state: TrueState | None = None


class KitchenPolicy(Protocol):
    """Acts in one episode.

    Attributes:
        sees: Whether it wants images.
        privileged: Whether it wants the true state.
    """

    sees: bool
    privileged: bool

    def instruct(self, instruction: str) -> None:
        """Begin an episode in which ``instruction`` is to be done."""

    def act(self, observation: KitchenObservation) -> FloatArray:
        """Return (9,) velocities of the joints in -1 … 1; 1 is about 1 rad/s."""


class RandomVelocities:
    """Draws each velocity evenly, the same ones for equal tasks and seeds."""

    sees = privileged = False

    def __init__(self, task: str, seed: int) -> None:
        drawn = np.random.default_rng((zlib.crc32(task.encode()), seed)).uniform(-1.0, 1.0, (MOST_STEPS, JOINTS))
        self._drawn = iter(drawn)

    def instruct(self, instruction: str) -> None:
        """Do nothing."""

    def act(self, observation: KitchenObservation) -> FloatArray:
        """Return the next velocities."""
        return next(self._drawn)


KINDS: dict[str, Callable[[Path, str], KitchenPolicy]] = {}
"""Makes the policy of a trained model from its folder and the Torch device, by the kind in its manifest.

It is made for each episode, and several episodes run in threads at the same time: keep the network, not the policy.
"""


def policy_at(name: str, device: str, task: str, seed: int) -> KitchenPolicy:
    """Return the policy for one episode, instructed.

    Args:
        name: ``random``, ``scripted``, or a trained model of one of ``KINDS`` (folder or name).
        device: Torch device of a model.
        task: Name of the task.
        seed: Number of the episode.

    Raises:
        PolicyError: There is no such policy, or it knows nothing of kitchens.
    """
    policy = _policy(name, device, task, seed)
    policy.instruct(INSTRUCTIONS[task])
    return policy


def _policy(name: str, device: str, task: str, seed: int) -> KitchenPolicy:
    if name == RANDOM:
        return RandomVelocities(task, seed)
    if name == SCRIPTED:
        from roboact_train.evaluate.kitchen.scripted import ScriptedCook

        return ScriptedCook()
    valid = ", ".join((RANDOM, SCRIPTED, *(f"a trained model of kind {kind}" for kind in KINDS)))
    folder = trained_model_folder(name)
    if folder is None:
        raise PolicyError(f'no policy "{name}" for the kitchen; valid: {valid}')
    kind = str(read_notes(folder).get("kind"))
    if kind not in KINDS:
        raise PolicyError(
            f"{name} is of kind {kind}, which does not put out the nine joint velocities of the kitchen; valid: {valid}"
        )
    return KINDS[kind](folder, device)
