"""What an action chunk asks of one arm now: where its steps lead, counted from where the arm was when it was seen."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from roboact_ros.errors import MotionRefused
from roboact_ros.execution.arm_kinematics import ArmKinematics
from roboact_ros.execution.boundary import Boundary
from roboact_ros.execution.poses import rotation_from_vector
from roboact_ros.execution.steps import ChunkPart, Step
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.types import CHUNK_SPEED, CHUNK_TURN, ActionChunk, FloatArray, GripperState

REMEMBERED = 2.0
"""For how long it is known where the arm was [s]; no chunk is followed whose image is older."""

AHEAD_NS = 100_000_000
"""An image from farther in the future than this shows that clocks differ [ns]."""

CLOSES, OPENS = 0.4, 0.6
"""The gripper closes when a step wants less and opens when it wants more; in between it stays as it is."""

MOST_CHANGES = 8
"""Of grippers in a chunk: for each, the arms come to rest, and each part of the way is planned alone."""

EDGE, _INSIDE = 0.10, 0.001
"""A chunk that leads out of the workspace box by no more than this follows its edge, so far inside of it [m]."""

_CLOSE, _OPEN = (next(motion for motion in PRIMITIVES if motion.gripper == opening) for opening in (0.0, 1.0))


Stage = tuple[Step | None, ...]
"""What each arm does at the same time; None waits for the others."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What an arm makes of a chunk.

    Attributes:
        pose_tool_in_base: (4, 4) where the tool was when the image was taken.
        rows: (N, 7) its steps, see :data:`~roboact_ros.types.CHUNK_AXES`.
        passed: How many of them have passed while the arm moved on; at least one is left.
    """

    pose_tool_in_base: FloatArray
    rows: FloatArray
    passed: int


class ChunkIntake:
    """Turns chunks into steps.

    Args:
        kinematics: Kinematics of the arm with its tool.
        dt: Control period [s].
    """

    def __init__(self, kinematics: ArmKinematics, dt: float) -> None:
        self._kinematics = kinematics
        self._was: deque[tuple[int, FloatArray]] = deque(maxlen=round(REMEMBERED / dt))
        self._not_before_ns = self._newest_ns = 0
        self._why = ""

    def note(self, q: FloatArray | None, now_ns: int, why_not: str) -> None:
        """Remember one cycle.

        Args:
            q: (6,) commanded joints [rad], None while the arm is not driven.
            now_ns: Monotonic time [ns].
            why_not: Why an image of this moment must not be acted on; empty when it may.
        """
        if q is None or why_not:
            self._was.clear()
            self._not_before_ns, self._why = now_ns, why_not or "the arm was not driven"
        if q is not None:
            self._was.append((now_ns, q))

    def look(self, chunk: ActionChunk, q: FloatArray, arm: str = "", ahead_ns: int = 0) -> Look:
        """Return where the arm was when the image was taken, and what it should do from there.

        Args:
            chunk: The chunk, its stamp in monotonic time.
            q: (6,) commanded joints [rad].
            arm: Name of the arm.
            ahead_ns: In what time from now the arm is to begin [ns].

        Raises:
            MotionRefused: It is older than the one before, something has happened since its image, or its steps are no
                numbers or jump.
        """
        rows, stamp = chunk.of_arm(arm), chunk.stamp_ns
        _check_steps(rows, chunk.period_ns / 1e9, arm)
        if stamp <= self._newest_ns:
            older = (self._newest_ns - stamp) / 1e6
            raise MotionRefused(f"the chunk is stale: its image is {older:.0f} ms older than that of the one before")
        if stamp <= self._not_before_ns:
            since = (self._not_before_ns - stamp) / 1e6
            raise MotionRefused(f"the chunk is stale: its image was taken {since:.0f} ms too early, {self._why}")
        now = self._was[-1][0] if self._was else self._not_before_ns
        if stamp > now + AHEAD_NS:
            ahead = (stamp - now) / 1e9
            raise MotionRefused(f"the chunk's image is stamped {ahead:.1f} s ahead: the clocks of the cell differ")
        if len(self._was) == self._was.maxlen and stamp < self._was[0][0]:
            raise MotionRefused(f"the chunk is stale: its image is more than {REMEMBERED:g} s old")
        seen = next((was for at_ns, was in reversed(self._was) if at_ns <= stamp), self._was[0][1] if self._was else q)
        passed = (now + ahead_ns - stamp) // chunk.period_ns if self._was and (seen != q).any() else 0
        self._newest_ns = stamp
        return Look(self._kinematics.forward(seen), rows, min(passed, len(rows) - 1))


def _check_steps(rows: FloatArray, period: float, arm: str) -> None:
    """Refuse the (N, 7) steps of an arm if they are no numbers, or jump in their period [s]: no trajectory is made.

    Raises:
        MotionRefused: They are.
    """
    if not np.all(np.isfinite(rows)):
        raise MotionRefused("the steps of the chunk are not finite numbers")
    name = f"{arm} arm: " if arm else ""
    for part, unit, speed in ((rows[:, :3], "m", CHUNK_SPEED), (rows[:, 3:6], "rad", CHUNK_TURN)):
        most = speed * min(period, 1.0)
        lengths = np.hypot(np.hypot(part[:, 0], part[:, 1]), part[:, 2])
        number = int(lengths.argmax())
        if lengths[number] > most:
            raise MotionRefused(
                f"{name}step {number} of the chunk jumps by {lengths[number]:.3g} {unit}, more than {most:.3g} {unit} "
                f"in {period:.3g} s"
            )


def waypoints(pose_tool_in_base: FloatArray, rows: FloatArray) -> FloatArray:
    """Return the (N, 4, 4) poses of the tool in the base after each of the steps (N, 7) from a pose (4, 4)."""
    poses = np.repeat(pose_tool_in_base[None], len(rows), axis=0)
    poses[:, :3, 3] += np.cumsum(rows[:, :3], axis=0)
    rotation = pose_tool_in_base[:3, :3]
    for pose, row in zip(poses, rows.tolist(), strict=True):
        pose[:3, :3] = rotation = rotation_from_vector(*row[3:6]) @ rotation
    return poses


def along_the_edge(look: Look, boundary: Boundary, arm: str = "") -> Look:
    """Return steps that stay in the workspace box if they lead out of it by a little.

    A learned policy is some centimetres off, and would otherwise be refused again and again where a thing lies near
    the edge.

    Raises:
        MotionRefused: They lead out of it by more.
    """
    start = look.pose_tool_in_base[:3, 3]
    places = start + np.cumsum(look.rows[:, :3], axis=0)
    low, high = boundary.box_low + _INSIDE, boundary.box_high - _INSIDE
    kept = places.clip(np.minimum(low, start), np.maximum(high, start))
    cut = np.abs(places - kept).max()
    if cut > EDGE + _INSIDE:
        name = f"{arm} arm: " if arm else ""
        raise MotionRefused(f"{name}{boundary.left(places, start)}; up to {EDGE:g} m are cut off")
    if cut == 0.0:
        return look
    return replace(look, rows=np.hstack((np.diff(kept, axis=0, prepend=start[None]), look.rows[:, 3:])))


def is_open(gripper: GripperState | None) -> bool:
    """Whether a gripper can only be closed; one that holds something is closed, however wide it is."""
    return gripper is None or (gripper.opening > (CLOSES + OPENS) / 2 and not gripper.holding)


def stages(chunk: ActionChunk, looks: Sequence[Look], grippers: Sequence[GripperState | None]) -> list[Stage]:
    """Return what the arms are to do, one stage after the other; where a gripper changes, all wait for it.

    Steps whose time has passed while an arm moved on are left out, but never one at which a gripper changes, as it
    would then do so elsewhere; the others lead where they led when the image was taken.

    Args:
        chunk: The chunk.
        looks: What each arm saw of it; steps that have passed for one have passed for all.
        grippers: Measured state of each, None when it is not known.

    Raises:
        MotionRefused: The grippers would change too often.
    """
    count, opened = len(chunk.steps), [is_open(gripper) for gripper in grippers]

    def changed(number: int) -> list[bool]:
        wanted = [float(look.rows[number, 6]) for look in looks]
        return [want < CLOSES if was else want > OPENS for want, was in zip(wanted, opened, strict=True)]

    passed = max(look.passed for look in looks)
    first = next((number for number in range(passed) if any(changed(number))), passed)
    poses = [waypoints(look.pose_tool_in_base, look.rows) for look in looks]
    begun, found = first, list[Stage]()
    for number in range(first, count):
        changes = changed(number)
        if any(changes) or number == count - 1:
            part = slice(begun, number + 1)
            period, begin, end = chunk.period_ns / 1e9, begun / count, (number + 1) / count
            found.append(tuple(ChunkPart(chunk.phrase, pose[part], period, begin, end) for pose in poses))
            begun = number + 1
        if any(changes):
            opened = [was != change for was, change in zip(opened, changes, strict=True)]
            steps = zip(opened, changes, strict=True)
            found.append(tuple((_OPEN if now else _CLOSE) if change else None for now, change in steps))
    if (often := sum(not isinstance(stage[0], ChunkPart) for stage in found)) > MOST_CHANGES:
        raise MotionRefused(f"the chunk would move a gripper {often} times, allowed {MOST_CHANGES}")
    return found
