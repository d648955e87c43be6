"""One episode of the task suite, done in this process: what a camera sees, and an arm that carries out motions."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType

from scipy.spatial.transform import Rotation

from roboact_ros.cells.load import cell_from_mapping
from roboact_ros.execution.chunks import is_open
from roboact_ros.robots import robot_model
from roboact_ros.sim.renderer import Renderer
from roboact_ros.sim.runner import Outcome, Runner
from roboact_ros.sim.tasks.suite import MOST_MOTIONS, Episode
from roboact_ros.types import ActionChunk, Frame, ImageArray, Motion, ToolState
from roboact_train.data.pictures import Encoded, Pixels, jpeg
from roboact_train.data.samples import DONE, DONE_ACTION, DONE_LABEL, ArmTrace, Sample, label_of

_Arm = tuple[tuple[float, ...], tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class View:
    """Which camera of the simulated cell looks, and the size of its images [px]."""

    camera: str = "front"
    width: int = 320
    height: int = 240


class Table:
    """A new world with its runner and camera; use it in a ``with`` block.

    Attributes:
        episode: What is to be done.
        start: The situation in which it began.
        situation: The present situation. Teachers and predicates look at it; a policy gets :meth:`frame` only.
        motions: How many motions were asked for.
        refused: How many of them were refused or given up.

    Args:
        episode: The episode.
        view: The camera.
        model: The arm.

    Raises:
        CameraError: This machine cannot draw, or there is no such camera.
    """

    def __init__(self, episode: Episode, view: View, model: str = "ur5e") -> None:
        cell = cell_from_mapping({"name": "table", "arm": {"model": model}}, "the table")
        self.episode = episode
        self._view = view
        self._runner = Runner(cell, episode.world(robot_model(model), cell.arm.home))
        self.start = self.situation = self._runner.situation
        self.motions = self.refused = 0
        self._renderer = Renderer(self._runner.world.scene, view.width, view.height)

    @property
    def success(self) -> bool:
        """Whether the task is done now."""
        return self.episode.task.succeeded(self.start, self.situation)

    @property
    def over(self) -> bool:
        """Whether no further motion is allowed, or none is possible because the robot has stopped itself."""
        return self.success or self.motions >= MOST_MOTIONS or self._runner.stopped

    def frame(self) -> Frame:
        """Return what the camera sees, stamped with the simulated time, and where the tool is."""
        image: ImageArray = self._renderer.render(self._runner.world.qpos(), self._view.camera)
        tool = ToolState(self._runner.world.arms[0].pose_tool_in_world, is_open(self.situation.gripper))
        return Frame(self._view.camera, round(self._runner.time * 1e9), image, tools=(tool,))

    def do(self, motion: Motion) -> Outcome:
        """Carry a motion out to its end."""
        return self._note(self._runner.say(motion), 1)

    def follow(self, chunk: ActionChunk) -> Outcome:
        """Follow a chunk to its end; each of its steps counts as a motion."""
        return self._note(self._runner.follow(chunk), len(chunk.steps))

    def _note(self, outcome: Outcome, motions: int) -> Outcome:
        self.situation = self._runner.situation
        self.motions += motions
        self.refused += bool(outcome.refused)
        return outcome

    def taught(self, motion: Motion, source: str, name: str) -> tuple[Sample, Outcome]:
        """Carry a motion out and return it as a sample, with the image from before it.

        Args:
            motion: The motion.
            source: Who chose it; one of :data:`roboact_train.data.samples.SOURCES`.
            name: Name of the episode.
        """
        picture, before = self._picture(), self._arm()
        outcome = self.do(motion)
        trace = ArmTrace(before[0], self._arm()[0], before[1], self._arm()[1])
        label = label_of(motion.primitive, name)
        sample = Sample(
            picture, self.episode.instruction, motion.primitive, motion.action, label, source, 0, name, trace
        )
        return sample, outcome

    def done(self, source: str, name: str) -> Sample:
        """Return the last sample of an episode, which says that the task is done."""
        return Sample(self._picture(), self.episode.instruction, DONE, DONE_ACTION, DONE_LABEL, source, 0, name)

    def __enter__(self) -> Table:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Free the drawing surface."""
        self._renderer.close()

    def _picture(self) -> Encoded:
        return Encoded(jpeg(Pixels(self.frame().image)), self.episode.name)

    def _arm(self) -> _Arm:
        """Return pose of the tool in the base (x, y, z [m], rotation vector) and joints [rad]."""
        arm = self._runner.world.arms[0]
        pose = arm.pose_tool_in_world
        vector = Rotation.from_matrix(pose[:3, :3]).as_rotvec()
        return (*pose[:3, 3].tolist(), *vector.tolist()), tuple(arm.read().q.tolist())
