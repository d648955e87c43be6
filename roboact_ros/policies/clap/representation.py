"""Poses of a chunk relative to where the arms were when it began, and the steps that an arm makes of them.

Within a chunk every action is counted from the one state at its first frame: the position by subtraction, the rotation
by a turn about the axes of the base. The gripper is absolute.
"""

from __future__ import annotations

import numpy as np

from roboact_ros.errors import MotionRefused, PolicyError
from roboact_ros.policies.clap.euler import euler_from_rotation, rotation_from_euler
from roboact_ros.policies.clap.layout import ARM_WIDTH, ARMS, COLUMNS, WIDTH, ArmLayout, check_width
from roboact_ros.policies.underway import Rest, poses_of_steps, steps_of_poses
from roboact_ros.types import CHUNK_AXES, CHUNK_SPEED, CHUNK_TURN, ActionChunk, FloatArray

_XYZ, _RPY = slice(0, 3), slice(3, 6)


def chunk_relative(actions: FloatArray, state: FloatArray) -> FloatArray:
    """Return (…, T, 14) actions relative to a state.

    Args:
        actions: (…, T, 14) absolute poses in the base and grippers.
        state: (…, 14) pose in the base at the first frame of the chunk.

    Raises:
        PolicyError: The number of columns is another.
    """
    return _counted(actions, state, forth=True)


def absolute(relative: FloatArray, state: FloatArray) -> FloatArray:
    """Inverse of :func:`chunk_relative`."""
    return _counted(relative, state, forth=False)


def why_refused(relative: FloatArray, layout: ArmLayout, period: float) -> str:
    """Return what is wrong with a chunk, empty if nothing is.

    Args:
        relative: (T, 14) actions relative to the state at the first frame.
        layout: Arms that exist; what the others should do does not matter.
        period: Time of a step [s].

    Raises:
        PolicyError: The number of columns is another, or there is no step.
    """
    if relative.ndim != 2 or not len(relative):
        raise PolicyError(f"a chunk has steps of {WIDTH} columns each, not the shape {relative.shape}")
    check_width(relative, "a chunk")
    bad = ~np.isfinite(relative) & layout.columns
    if bad.any():
        step, column = np.argwhere(bad)[0].tolist()
        return f"step {step}: {COLUMNS[column]} is {relative[step, column]}"
    for arm, present in enumerate(layout.mask):
        if not present:
            continue
        moved = steps_of_arm(relative[:, arm * ARM_WIDTH : (arm + 1) * ARM_WIDTH])
        for part, unit, most in ((_XYZ, "m", CHUNK_SPEED * period), (_RPY, "rad", CHUNK_TURN * period)):
            lengths = np.linalg.norm(moved[:, part], axis=1)
            step = int(lengths.argmax())
            if lengths[step] > most:
                jump = f"jumps by {lengths[step]:.3g} {unit}, more than {most:.3g} {unit} in {period:.3g} s"
                return f"step {step}: the {ARMS[arm]} arm {jump}"
    return ""


def is_static(relative: FloatArray, layout: ArmLayout, still: float = 1e-3) -> bool:
    """Whether all arms are where they were (metres and radians together within ``still``) in half of (T, 14) steps."""
    arms = relative.reshape(-1, len(ARMS), ARM_WIDTH)[:, list(layout.mask), :6]
    return bool((np.linalg.norm(arms, axis=-1).max(axis=1) <= still).mean() >= 0.5)


def steps_of_arm(relative: FloatArray) -> FloatArray:
    """Return (T, 7) steps of one arm as an :class:`~roboact_ros.types.ActionChunk` has them.

    They need no state: each leads from where the one before it ended, the first from where the arm was.

    Args:
        relative: (T, 7) actions of the arm relative to the state at the first frame.
    """
    poses = np.tile(np.eye(4), (len(relative), 1, 1))
    poses[:, :3, 3] = relative[:, _XYZ]
    poses[:, :3, :3] = rotation_from_euler(relative[:, _RPY])
    return steps_of_poses(poses, opening_of(relative[:, 6]))


def relative_from_steps(steps: FloatArray) -> FloatArray:
    """Inverse of :func:`steps_of_arm`."""
    return _columns(poses_of_steps(steps)[1:], steps[:, 6])


def relative_of(rest: Rest, layout: ArmLayout) -> FloatArray:
    """Return the (T, 14) actions, relative to where the arms are now, of what is left of a chunk of the arms there."""
    return layout.padded(np.hstack([_columns(*arm) for arm in zip(rest.poses, rest.openings, strict=True)]))


def action_chunk(relative: FloatArray, layout: ArmLayout, period_ns: int, stamp_ns: int, note: str = "") -> ActionChunk:
    """Return what the arms should do.

    Args:
        relative: (T, 14) actions relative to the state at the first frame.
        layout: Arms that exist; the axes of a single one have no prefix.
        period_ns: Time of a step [ns].
        stamp_ns: When the image was exposed, ROS time [ns].
        note: For the operator.

    Raises:
        PolicyError: The number of columns is another.
        MotionRefused: A number is not finite, or an arm would jump.
    """
    if refusal := why_refused(relative, layout, period_ns / 1e9):
        raise MotionRefused(f"the chunk cannot be carried out: {refusal}")
    arms = [relative[:, i * ARM_WIDTH : (i + 1) * ARM_WIDTH] for i, present in enumerate(layout.mask) if present]
    prefixes = [f"{arm}/" for arm in ARMS] if layout is ArmLayout.DUAL else [""]
    axes = tuple(f"{prefix}{axis}" for prefix in prefixes for axis in CHUNK_AXES)
    return ActionChunk(axes, np.column_stack([steps_of_arm(arm) for arm in arms]), period_ns, stamp_ns, note)


def state_of_arm(pose_tool_in_base: FloatArray, opening: float) -> FloatArray:
    """Return the (7,) state of an arm of which the tool (4, 4) [m] and the opening (0 closed … 1 open) are known."""
    state: FloatArray = _columns(pose_tool_in_base[None], np.array([opening]))[0]
    return state


def opening_of(gripper: FloatArray) -> FloatArray:
    """Return the opening (0 closed … 1 open) that a gripper entry (-1 open … 1 closed) means."""
    return ((1.0 - gripper) / 2.0).clip(0.0, 1.0)


def _columns(poses: FloatArray, openings: FloatArray) -> FloatArray:
    """Return the (N, 7) columns of one arm for (N, 4, 4) poses and (N,) openings."""
    return np.column_stack((poses[:, :3, 3], euler_from_rotation(poses[:, :3, :3]), 1.0 - 2.0 * openings))


def _counted(actions: FloatArray, state: FloatArray, forth: bool) -> FloatArray:
    check_width(actions, "an action")
    check_width(state, "a state")
    counted = np.array(actions, dtype=np.float64)
    for start in range(0, WIDTH, ARM_WIDTH):
        xyz, rpy = slice(start, start + 3), slice(start + 3, start + 6)
        turn = rotation_from_euler(state[..., None, rpy])
        if forth:
            counted[..., xyz] -= state[..., None, xyz]
            turn = turn.swapaxes(-1, -2)
        else:
            counted[..., xyz] += state[..., None, xyz]
        counted[..., rpy] = euler_from_rotation(rotation_from_euler(actions[..., rpy]) @ turn)
    return counted
