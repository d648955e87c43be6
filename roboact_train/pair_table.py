"""One episode of a task for two arms, done in this process: what its cameras see, and arms that follow chunks."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType

import numpy as np

from roboact_ros.cells.load import load_cell
from roboact_ros.errors import ConfigurationError
from roboact_ros.execution.chunks import is_open
from roboact_ros.execution.poses import inverse_pose, pose_from_vector
from roboact_ros.sim.pair_runner import PairRunner
from roboact_ros.sim.renderer import Renderer
from roboact_ros.sim.tasks.two_arms import PairEpisode
from roboact_ros.types import ActionChunk, FloatArray, Frame, GripperState, ImageArray, ToolState

CELL = "clap_dual_ur5"
CAMERAS = {"head": "head", "right": "wrist_right", "left": "wrist_left"}
"""The camera of the cell that shows each view of CLAP, in the order of its images."""

_PAUSE = 0.1
"""How long arms stand after a refusal before anybody looks again [s]."""


@dataclass(frozen=True, slots=True)
class PairView:
    """What is looked at: views of CLAP, and the size of their images [px]."""

    views: tuple[str, ...] = tuple(CAMERAS)
    width: int = 320
    height: int = 240

    def __post_init__(self) -> None:
        if not (16 <= self.width <= 4096 and 16 <= self.height <= 4096):
            raise ConfigurationError(f"images are 16 … 4096 pixels wide and high, not {self.width} x {self.height}")


class PairTable:
    """A new world with its runner and cameras; use it in a ``with`` block.

    Attributes:
        episode: What is to be done.
        view: What is looked at.
        runner: Carries out chunks.
        start: The situation in which it began. Teachers and predicates look at it; a policy gets :meth:`frame` only.
        steps: How many steps were asked for.
        refused: How many chunks were refused or given up.

    Args:
        episode: The episode.
        view: What is looked at.

    Raises:
        CameraError: This machine cannot draw.
    """

    def __init__(self, episode: PairEpisode, view: PairView) -> None:
        cell = load_cell(CELL)
        self.episode, self.view = episode, view
        self.runner = PairRunner(cell, episode.world(cell))
        self.start = self.runner.situation
        self.steps = self.refused = 0
        self._sources = {seen: cell.cameras[CAMERAS[seen]].source for seen in view.views}
        poses = [pose_from_vector(*cell.arms[name].pose_base_in_cell) for name in cell.arm_names]  # type: ignore[index]
        self._bases_in_world = [inverse_pose(poses[0]) @ pose for pose in poses]
        self._renderer = Renderer(self.runner.world.scene, view.width, view.height)

    @property
    def success(self) -> bool:
        """Whether the task is done now."""
        return self.episode.task.succeeded(self.start, self.runner.situation)

    def images(self) -> dict[str, ImageArray]:
        """Return what each view shows now, (H, W, 3) uint8 RGB."""
        qpos = self.runner.world.qpos()
        return {seen: self._renderer.render(qpos, source) for seen, source in self._sources.items()}

    def frame(self) -> Frame:
        """Return what a policy knows: the first view, the others beside it, and where the tools are."""
        stamp = self.runner.now_ns
        first, *rest = (Frame(CAMERAS[seen], stamp, image) for seen, image in self.images().items())
        both = zip(self.tools(), self._grippers(), strict=True)
        tools = tuple(ToolState(pose, is_open(gripper), gripper.opening) for pose, gripper in both)
        return Frame(first.camera, stamp, first.image, beside=tuple(rest), tools=tools)

    def tools(self) -> FloatArray:
        """Return the (2, 4, 4) measured poses of the tools, each in the base of its arm [m]."""
        arms = self.runner.world.arms
        return np.stack(
            [inverse_pose(base) @ arm.pose_tool_in_world for base, arm in zip(self._bases_in_world, arms, strict=True)]
        )

    def openings(self) -> FloatArray:
        """Return the (2,) measured openings of the grippers: 0 closed … 1 open."""
        return np.array([gripper.opening for gripper in self._grippers()])

    def follow(self, chunk: ActionChunk) -> str:
        """Follow a chunk to its end and return why it was refused or given up, empty if it was not."""
        problem = self.runner.follow(chunk)
        if problem:
            self.runner.wait(_PAUSE)  # what is seen at the moment of a refusal is not acted on
        self.note(len(chunk.steps), bool(problem))
        return problem

    def note(self, steps: int, refused: bool) -> None:
        """Count steps that were asked for."""
        self.steps += steps
        self.refused += refused

    def _grippers(self) -> list[GripperState]:
        return [arm.read().gripper for arm in self.runner.world.arms]

    def __enter__(self) -> PairTable:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Free the drawing surface."""
        self._renderer.close()
