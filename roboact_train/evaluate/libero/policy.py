"""What acts in LIBERO: random steps as the lower bound, a server that runs a model, or a run of CLAP-RF."""

from __future__ import annotations

import functools
import threading
import zlib
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from roboact_ros.errors import PolicyError
from roboact_ros.policies.clap.run_folder import ClapRun, weights_in
from roboact_ros.policies.clap.server import PolicyServer
from roboact_ros.types import FloatArray, Frame
from roboact_train.evaluate.libero.adapter import ACTION, LiberoObservation, policy_images

RANDOM, REMOTE = "random", "remote:"
HORIZON = 8
"""Steps that the released model chooses at once."""

_UNIT, _PERIOD_NS = 1e-3, 50_000_000
"""In which steps are counted on their way through a chunk [m or rad], small so that turns are exact; and their time."""
_TIMEOUT = 120.0
_MODEL = threading.Lock()
"""Episodes run in several threads and share one model, and CUDA records one graph at a time."""


class LiberoPolicy(Protocol):
    """Acts in one episode."""

    def chunk(self, observation: LiberoObservation) -> FloatArray:
        """Return the next steps (T, 7), all of which are carried out: x, y, z, rotation, gripper 0 closed … 1 open.

        Raises:
            PolicyError: The policy has no answer that can be used.
        """
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


class RandomSteps:
    """Draws each entry evenly, the same ones for equal tasks and episodes."""

    def __init__(self, task: str, episode: int) -> None:
        self._generator = np.random.default_rng((zlib.crc32(task.encode()), episode))

    def chunk(self, observation: LiberoObservation) -> FloatArray:
        """See :class:`LiberoPolicy`."""
        drawn = self._generator.uniform(-1.0, 1.0, (HORIZON, ACTION))
        drawn[:, -1] = (drawn[:, -1] + 1.0) / 2.0
        return drawn

    def close(self) -> None:
        """See :class:`LiberoPolicy`."""


class RemoteSteps:
    """Asks a policy server, which undoes the normalisation itself.

    Args:
        address: Address of the server; see :class:`~roboact_ros.policies.clap.server.PolicyServer`.
        instruction: The task in words.

    Raises:
        PolicyError: The address cannot be used.
    """

    def __init__(self, address: str, instruction: str) -> None:
        self._executed = 0
        self._instruction = instruction
        self._server = PolicyServer(address, _TIMEOUT, self._note)

    def chunk(self, observation: LiberoObservation) -> FloatArray:
        """See :class:`LiberoPolicy`."""
        example = {"image": policy_images(observation), "lang": self._instruction}
        actions = self._server.ask({"examples": [example]}).get("actions")
        if not isinstance(actions, np.ndarray) or actions.ndim != 3 or len(actions) != 1 or actions.shape[2] != ACTION:
            found = actions.shape if isinstance(actions, np.ndarray) else type(actions).__name__
            raise PolicyError(f"{self._server.address} sent {found}; valid are actions of (1, steps, {ACTION})")
        if actions.dtype.kind not in "fiu":
            raise PolicyError(f"{self._server.address} sent actions of the type {actions.dtype}; valid are numbers")
        if not actions.shape[1]:
            raise PolicyError(f"{self._server.address} sent no step")
        rows: FloatArray = actions[0].astype(np.float64)
        return rows[: self._executed or len(rows)]

    def close(self) -> None:
        """See :class:`LiberoPolicy`."""
        self._server.close()

    def _note(self, metadata: dict[str, Any]) -> None:
        """Note how many steps are carried out before the server is asked again."""
        size = metadata.get("action_chunk_size", 0)
        if type(size) is not int or size < 0:
            raise PolicyError(f"{self._server.address} has an action_chunk_size of {size!r}")
        self._executed = size


class ClapSteps:
    """Runs CLAP-RF here.

    Args:
        run: Trained on LIBERO's own steps, e.g. the released one.
        instruction: The task in words.
        device: Torch device.
        seed: Of the noise.

    Raises:
        PolicyError: The run was trained on something else.
    """

    def __init__(self, run: ClapRun, instruction: str, device: str, seed: int) -> None:
        from roboact_ros.policies.clap.layout import ArmLayout
        from roboact_ros.policies.clap.rf import ClapRf, meaning_of_steps
        from roboact_ros.policies.clap.robots import robot_named
        from roboact_ros.policies.clip_step import torch_device

        layout, robot = ArmLayout.SINGLE_RIGHT, robot_named(run.config.robot or "franka")
        meaning = meaning_of_steps(run.statistics(), layout, _UNIT, _UNIT)
        self._policy = ClapRf(run, meaning, layout, robot.name, _PERIOD_NS, torch_device(device), seed)
        self._policy.instruct(instruction)
        self._units = np.array([_UNIT] * 6 + [1.0])

    def chunk(self, observation: LiberoObservation) -> FloatArray:
        """See :class:`LiberoPolicy`."""
        front, wrist = policy_images(observation)
        beside = Frame("wrist", 0, wrist)
        with _MODEL:
            chunk = self._policy.act(Frame("agentview", 0, front, beside=(beside,)))
        rows: FloatArray = chunk.of_arm() / self._units
        return rows

    def close(self) -> None:
        """See :class:`LiberoPolicy`."""


def weights_of(name: str) -> Path | None:
    """Return the file of weights of a policy that runs here, None for one that does not.

    Raises:
        PolicyError: There is no such policy.
    """
    if name == RANDOM or name.startswith(REMOTE):
        return None
    path = Path(name)
    if path.is_dir():
        return weights_in(path)
    if not path.is_file():
        raise PolicyError(
            f'no policy "{name}" for LIBERO; valid: {RANDOM}, {REMOTE}ws://HOST:PORT, the folder of a run of CLAP-RF, '
            "or a file of weights in one"
        )
    return path


def policy_at(name: str, task: str, episode: int, instruction: str, device: str, base: str = "") -> LiberoPolicy:
    """Return the policy for one episode.

    Args:
        name: ``random``, ``remote:`` and an address, the folder of a run, or a file of weights in one.
        task: Name of the task.
        episode: Number of the episode.
        instruction: The task in words.
        device: Torch device of a run.
        base: Folder of the language model that the run began with; without it, where the run says.

    Raises:
        PolicyError: There is no such policy, or it knows nothing of LIBERO.
    """
    if name == RANDOM:
        return RandomSteps(task, episode)
    weights = weights_of(name)
    if weights is None:
        return RemoteSteps(name.removeprefix(REMOTE), instruction)
    with _MODEL:
        return ClapSteps(_run(weights, device, base), instruction, device, episode)


@functools.lru_cache(maxsize=1)
def _run(weights: Path, device: str, base: str) -> ClapRun:
    """Read a run once for all episodes."""
    import torch

    from roboact_ros.policies.clap.run_folder import read_run
    from roboact_ros.policies.clip_step import torch_device

    dtype = torch.float32 if torch_device(device).type == "cpu" else None
    return read_run(weights, Path(base) if base else None, dtype)
