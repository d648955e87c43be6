"""The few frozen dataclasses that cross rooms.

Lengths are metres, angles radians, times nanoseconds unless a name says otherwise. Frames follow REP-103: in the robot
base, x points away from the base towards the table, y to the left and z up.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from roboact_ros.errors import MotionRefused

FloatArray = NDArray[np.float64]
ImageArray = NDArray[np.uint8]

ACTION_SIZE = 8
"""Entries of an action: x, y, z, rx, ry, rz, last wrist joint, gripper (specification of CLIP-RT, section 1)."""

GRIPPER_UNCHANGED = 1.0
"""Gripper entry of every motion that displaces the tool; only an action without displacement commands the gripper."""


@dataclass(frozen=True, slots=True)
class Intrinsics:
    """Pinhole model of a camera: image size, focal lengths and principal point [px], and distortion.

    The distortion has the five numbers of ROS' ``plumb_bob`` or the eight of its ``rational_polynomial``.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class ToolState:
    """Where a tool is and whether its gripper is open: what a policy may know beside images.

    Attributes:
        pose_tool_in_base: (4, 4) homogeneous transform [m].
        open: Whether the gripper is open; one that holds something is not, however wide it is.
        opening: How far it is open, 0 closed … 1 open; None where only ``open`` is known.
    """

    pose_tool_in_base: FloatArray
    open: bool
    opening: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One image of one camera.

    Attributes:
        camera: Name of the camera in the system file.
        stamp_ns: Moment of exposure, ROS (Unix) time [ns].
        image: (H, W, 3) uint8, RGB.
        intrinsics: Pinhole model, or None when the source does not know it.
        depth: (H, W) uint16 [mm] aligned to ``image``, 0 where unknown; None without a depth sensor.
        beside: What the policy's further cameras saw at the same moment, in the order of ``policy.more_cameras``.
        tools: The arms when the image was handed to a policy, left before right; empty where nobody knows.
    """

    camera: str
    stamp_ns: int
    image: ImageArray
    intrinsics: Intrinsics | None = None
    depth: NDArray[np.uint16] | None = None
    beside: tuple[Frame, ...] = ()
    tools: tuple[ToolState, ...] = ()

    @property
    def oldest_ns(self) -> int:
        """Stamp of the oldest of this image and those beside it, ROS (Unix) time [ns]."""
        return min(frame.stamp_ns for frame in (self, *self.beside))


@dataclass(frozen=True, slots=True)
class Motion:
    """One motion of one arm, in the words that name it and the numbers that execute it.

    Attributes:
        phrase: Canonical phrase, e.g. ``move the arm to the left by twenty centimeters``; parsing it gives this motion.
        action: Eight numbers: displacement of the tool x, y, z [m] and rotation rx, ry, rz [rad] about the base axes
            through the tool, last wrist joint [rad], gripper (0 closed … 1 open).
        primitive: The vocabulary phrase nearest to ``phrase``; equal to it for the 58 primitives.
    """

    phrase: str
    action: tuple[float, float, float, float, float, float, float, float]
    primitive: str

    @property
    def moves_tool(self) -> bool:
        """Whether any of the seven displacement entries is not zero."""
        return any(self.action[:7])

    @property
    def gripper(self) -> float | None:
        """Commanded opening (0 closed … 1 open), or None when this motion leaves the gripper as it is."""
        return None if self.moves_tool else self.action[7]


class ArmMode(enum.Enum):
    """What the robot can do right now; anything but RUNNING holds the arm."""

    RUNNING = "running"
    PROTECTIVE_STOP = "protective stop"
    EMERGENCY_STOP = "emergency stop"
    LOCAL = "local mode"
    FREEDRIVE = "moved by hand"
    POWER_OFF = "power off"
    NO_PROGRAM = "control program not running"
    SILENT = "no joint states are heard"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True, eq=False)
class ArmState:
    """Measured state of one arm.

    Attributes:
        monotonic_ns: When the state was read, ``time.monotonic_ns()`` [ns].
        q: (6,) joint positions [rad].
        qd: (6,) joint velocities [rad/s].
        mode: What the robot can do right now.
        speed_scaling: Fraction of the commanded speed the robot runs at (teach pendant slider), 0 … 1.
    """

    monotonic_ns: int
    q: FloatArray
    qd: FloatArray
    mode: ArmMode
    speed_scaling: float = 1.0


@dataclass(frozen=True, slots=True)
class GripperState:
    """Measured state of a gripper: opening 0 closed … 1 open, whether it still moves, whether it feels an object."""

    opening: float
    moving: bool
    holding: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What a policy chose for one frame.

    Attributes:
        motion: The chosen motion.
        scores: Every candidate phrase with its score, in vocabulary order.
        stamp_ns: Stamp of the frame it was chosen for, ROS time [ns].
        inference_ms: Time from the image array to the scores [ms].
        note: What the operator should know of how it came about, or empty.
        warn: Whether that is bad.
    """

    motion: Motion
    scores: dict[str, float] = field(hash=False)
    stamp_ns: int
    inference_ms: float
    note: str = ""
    warn: bool = False


CHUNK_AXES = ("x", "y", "z", "rx", "ry", "rz", "gripper")
"""Axes of one arm in an action chunk."""

CHUNK_SPEED, CHUNK_TURN = 3.0, 15.0
"""A tool that would move [m/s] or turn [rad/s] faster than this from step to step jumps; no arm of its size can."""

MOST_STEPS, MOST_AXES = 128, 64
"""Of a chunk: more would keep whoever plans its way from everything else."""

CHUNK = "chunk of "
"""How the words begin by which an operator reads of an action chunk; no motion of the vocabulary begins like that."""


@dataclass(frozen=True, slots=True, eq=False)
class ActionChunk:
    """Some steps in a row that a policy wants the arms to make.

    Of each arm, ``x``, ``y`` and ``z`` displace the tool in a step along the base axes [m], ``rx``, ``ry`` and ``rz``
    turn it by a rotation vector about the base axes through the tool [rad], and ``gripper`` is the opening wanted at
    the end of the step (0 closed … 1 open). With several arms the name of the arm comes first: ``left/x``.

    Attributes:
        axes: Names of the columns of ``steps``, at most ``MOST_AXES``.
        steps: (N, axes) float64, N from 1 to ``MOST_STEPS``.
        period_ns: Time of one step [ns]; a step that is too fast for the arm takes longer.
        stamp_ns: When the image that they were chosen for was exposed, ROS time [ns].
        note: What the operator should know of how they came about, e.g. the present subtask, or empty.

    Raises:
        MotionRefused: The sizes contradict each other or are too large, or the period is not positive.
    """

    axes: tuple[str, ...]
    steps: FloatArray
    period_ns: int
    stamp_ns: int
    note: str = ""

    def __post_init__(self) -> None:
        if self.steps.ndim != 2 or len(self.steps) < 1 or self.steps.shape[1] != len(self.axes):
            raise MotionRefused(f"a chunk has steps of {len(self.axes)} axes each, not an array {self.steps.shape}")
        if len(self.steps) > MOST_STEPS or len(self.axes) > MOST_AXES:
            raise MotionRefused(
                f"a chunk has at most {MOST_STEPS} steps of {MOST_AXES} axes, not {len(self.steps)} of {len(self.axes)}"
            )
        if self.period_ns <= 0:
            raise MotionRefused(f"the steps of a chunk take a positive time, not {self.period_ns} ns")

    @property
    def phrase(self) -> str:
        """What the operator reads."""
        return f"{CHUNK}{len(self.steps)} steps"

    def of_arm(self, arm: str = "") -> FloatArray:
        """Return the (N, 7) steps of one arm, columns in the order of ``CHUNK_AXES``.

        Raises:
            MotionRefused: An axis of that arm is missing.
        """
        names = [f"{arm}/{axis}" if arm else axis for axis in CHUNK_AXES]
        if missing := [name for name in names if name not in self.axes]:
            raise MotionRefused(f"the chunk lacks the axes {', '.join(missing)}; it has {', '.join(self.axes)}")
        return self.steps[:, [self.axes.index(name) for name in names]]
