"""The tasks as a Gymnasium environment: one step says one of the 58 motion primitives.

``gymnasium.make("roboact_ros.sim.environment:roboact/Tabletop-v0", task="stack")`` imports and registers it.
"""

from __future__ import annotations

import string
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from roboact_ros.cells.load import cell_from_mapping
from roboact_ros.errors import SimulationError
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.robots import robot_model
from roboact_ros.sim.renderer import Renderer
from roboact_ros.sim.runner import Runner
from roboact_ros.sim.tasks.situation import Situation
from roboact_ros.sim.tasks.suite import MOST_MOTIONS, Episode, episode
from roboact_ros.types import ImageArray

ID = "roboact/Tabletop-v0"
_LONGEST_INSTRUCTION = 120
_SEEDS = 2**31


class TabletopEnvironment(gymnasium.Env[dict[str, Any], np.int64]):
    """Episodes of one task. The reward is 1 for the motion that completes it and 0 for all others.

    The observation holds the ``instruction`` and, if asked for, the ``image``; ``info`` says ``success``, why the last
    motion was ``refused`` (empty if it was not) and the number of the ``episode``. An episode ends with success, and is
    cut off after ``MOST_MOTIONS`` motions.

    Args:
        task: Name in the suite.
        split: ``train`` or ``unseen``.
        model: The arm.
        image_size: Width and height of the images [px]; None makes none, which is many times faster.
        camera: Camera of the simulated scene.
        render_mode: ``rgb_array`` or None; needs ``image_size``.

    Raises:
        SimulationError: There is no such task or split, or pictures of no size are asked for.
        ConfigurationError: There is no such arm.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 1}

    def __init__(
        self,
        task: str = "point_at",
        split: str = "train",
        model: str = "ur5e",
        image_size: tuple[int, int] | None = None,
        camera: str = "front",
        render_mode: str | None = None,
    ) -> None:
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise SimulationError(f'no render mode "{render_mode}"; valid: rgb_array')
        if render_mode is not None and image_size is None:
            raise SimulationError(f"render mode {render_mode} needs an image_size, such as (320, 240)")
        episode(task, split, 0)
        self._task, self._split, self._camera, self._size = task, split, camera, image_size
        self.render_mode = render_mode
        self._cell = cell_from_mapping({"name": "environment", "arm": {"model": model}}, "the environment")
        self._renderer: Renderer | None = None
        letters = string.ascii_lowercase + " "
        observed: dict[str, spaces.Space[Any]] = {"instruction": spaces.Text(_LONGEST_INSTRUCTION, charset=letters)}
        if image_size is not None:
            width, height = image_size
            observed["image"] = spaces.Box(0, 255, (height, width, 3), np.uint8)
        self.observation_space = spaces.Dict(observed)
        self.action_space = spaces.Discrete(len(PRIMITIVES))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Start the episode number ``seed``; without it, one drawn from those that an earlier seed began."""
        super().reset(seed=seed)
        number = int(self.np_random.integers(_SEEDS)) if seed is None else seed
        self._episode = episode(self._task, self._split, number)
        world = self._episode.world(robot_model(self._cell.arm.model), self._cell.arm.home)
        self.runner = Runner(self._cell, world)
        self._start = self.runner.situation
        self._motions = 0
        self._close_renderer()
        if self._size is not None:
            self._renderer = Renderer(world.scene, *self._size)
        return self._observe(), self._info(self._start)

    def step(self, action: int | np.int64) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Say the primitive number ``action`` and let the arm carry it out."""
        outcome = self.runner.say(PRIMITIVES[int(action)])
        self._motions += 1
        info = self._info(self.runner.situation, outcome.refused)
        done = bool(info["success"])
        return self._observe(), float(done), done, self._motions >= MOST_MOTIONS and not done, info

    def render(self) -> ImageArray | None:
        """Return the present (H, W, 3) image."""
        return self._image() if self.render_mode == "rgb_array" else None

    def close(self) -> None:
        """Free the drawing surface."""
        self._close_renderer()

    @property
    def episode(self) -> Episode:
        """The episode that runs."""
        return self._episode

    @property
    def start(self) -> Situation:
        """The situation in which it began, for the teacher."""
        return self._start

    def _observe(self) -> dict[str, Any]:
        observation: dict[str, Any] = {"instruction": self._episode.instruction}
        image = self._image()
        return observation if image is None else {**observation, "image": image}

    def _image(self) -> ImageArray | None:
        if self._renderer is None:
            return None
        return self._renderer.render(self.runner.world.qpos(), self._camera)

    def _info(self, now: Situation, refused: str = "") -> dict[str, Any]:
        success = self._episode.task.succeeded(self._start, now)
        return {"success": success, "refused": refused, "episode": self._episode.seed}

    def _close_renderer(self) -> None:
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None


gymnasium.register(id=ID, entry_point=f"{__name__}:{TabletopEnvironment.__name__}")
