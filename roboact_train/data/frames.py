"""Bags to frames: one for each image of a camera, with the arm and what it was commanded at that moment.

Samples (:mod:`roboact_train.data.bags`) teach one motion each; frames are the dense stream that other people's training
expects.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from roboact_ros.errors import LanguageRefusal, RecordingError
from roboact_ros.language.plan import plan_from_text
from roboact_ros.recording.reader import Episode
from roboact_ros.types import FloatArray, Motion
from roboact_train.data.bag_topics import STATUS, check_commands, policy_chose, reports, require, task_at, tasks
from roboact_train.data.executed import PERSON, UNDO, Executed, executed_steps
from roboact_train.data.frame_streams import image_streams, series, stamp_ns
from roboact_train.data.pictures import Picture
from roboact_train.data.samples import CORRECTION, POLICY, TELEOP

GRIPPER = "gripper"
_COMMANDED_NS = 500_000_000
"""Without a newer target than this the arm is commanded nothing, and its measured joints stand for the action."""
_MEASURED_NS = 150_000_000
"""Where the tool was longer ago says nothing of where it is."""
_SAME_RATE = 0.1
"""Rates are the same if one is at most by this part more than the other."""
_COUNTED = 10
"""Fewer images do not say at which rate they came."""
_CUT_OFF = ("repaired", "cut off")
"""Outcomes of recordings that ended before what they show."""


@dataclass(frozen=True, slots=True, eq=False)
class EpisodeFrames:
    """One episode, N frames long.

    Attributes:
        name: Name of the bag.
        fps: Frames per second that the camera was asked for, or those that came where it gave others, as in the dark,
            or where that is not known [1/s].
        robot: Model of the arm, empty when unknown.
        names: Names of the entries of ``state`` and ``action``.
        stamps_ns: (N,) moments of exposure, Unix time [ns].
        state: (N, 6 or 7) measured joints [rad], and the opening of the gripper (0 closed … 1 open) where there is one.
        action: (N, 6 or 7) commanded joints [rad] at that moment, and the commanded opening.
        tool_pose: (N, 7) measured tool in the base: x, y, z [m], quaternion x, y, z, w; NaN where it is not known, or
            was not measured for a while.
        tasks: N instructions.
        motions: N phrases of the motion that ran, empty at rest.
        sources: N times who asked for it: ``teleop``, ``correction``, ``policy``, or empty.
        pictures: N images of each camera, by its name.
        truncated: Whether the recording was cut off.
    """

    name: str
    fps: float
    robot: str
    names: tuple[str, ...]
    stamps_ns: Sequence[int]
    state: FloatArray
    action: FloatArray
    tool_pose: FloatArray
    tasks: Sequence[str]
    motions: Sequence[str]
    sources: Sequence[str]
    pictures: dict[str, list[Picture]]
    truncated: bool

    @property
    def measured_fps(self) -> float:
        """Mean rate of the frames [1/s]; 0 for a single one."""
        seconds = (self.stamps_ns[-1] - self.stamps_ns[0]) / 1e9
        return (len(self.stamps_ns) - 1) / seconds if seconds > 0.0 else 0.0


def frames_from_bag(path: str | Path, camera: str = "", instruction: str = "") -> EpisodeFrames:
    """Read the frames of one bag.

    Every image of the first camera is a frame. From the other cameras comes the image nearest in time, from the arm
    what was measured last and what was commanded last before the exposure.

    Args:
        path: Folder of the bag.
        camera: The only camera to take; by default all, and the frames are those of the policy's camera, or the first.
        instruction: The task, in place of what was recorded.

    Raises:
        RecordingError: The bag is empty or lacks a topic, or a message in it cannot be used; names bag and topic.
    """
    with Episode(path) as episode:
        if not any(topic.count for topic in episode.topics.values()):
            raise RecordingError(f"{episode.path} is empty: no message was recorded")
        require(episode, "joint_states")
        check_commands(episode)
        streams = image_streams(episode, camera)
        leading = next(iter(streams))
        stamps = streams[leading].times
        names = _joint_names(episode)
        joints = series(episode, "joint_states", lambda m: np.asarray(m.position)[_order(m.name, names)])
        gripper = series(episode, "gripper", lambda m: m.position[:1])
        steps = executed_steps(reports(episode)) if episode.full_name(STATUS) in episode.topics else []
        corrected, given = policy_chose(episode), tasks(episode)
        running = [_running(steps, at) for at in stamps]
        state = joints.before(stamps)
        targets = _targets(episode, names)
        action = _commanded(targets, stamps, state, names)
        if gripper.times:
            opening = gripper.before(stamps)
            state = np.column_stack((state, opening))
            told = _gripper_commands(steps, stamps, float(opening[0, 0]))
            of_gripper = [target for target in targets if GRIPPER in target.names]
            action = np.column_stack((action, _commanded(of_gripper, stamps, told, (GRIPPER,))))
            names = (*names, GRIPPER)
        pose = series(episode, "tcp_pose", _pose)
        return EpisodeFrames(
            name=episode.path.name,
            fps=_fps(episode, leading, stamps),
            robot=str((episode.cell.get("arm") or {}).get("model", "")),
            names=names,
            stamps_ns=stamps,
            state=state,
            action=action,
            tool_pose=pose.before(stamps, _MEASURED_NS) if pose.times else np.full((len(stamps), 7), np.nan),
            tasks=[instruction or task_at(episode, given, stamp) for stamp in stamps],
            motions=["" if step is None else step.phrase for step in running],
            sources=["" if step is None else _source(step, corrected) for step in running],
            pictures={name: images.nearest(stamps) for name, images in streams.items()},
            truncated=not episode.complete or episode.notes.get("outcome") in _CUT_OFF,
        )


def _joint_names(episode: Episode) -> tuple[str, ...]:
    for _, _, message in episode.messages(["joint_states"]):
        return tuple(message.name)
    raise RecordingError(f"{episode.path}, topic joint_states: no message was recorded")


def _order(given: Sequence[str], names: Sequence[str]) -> list[int]:
    return [list(given).index(name) for name in names]


@dataclass(frozen=True, slots=True, eq=False)
class _Target:
    """What joints, and the gripper where it is among the ``names``, were sent to from ``at_ns`` on."""

    at_ns: int
    names: Sequence[str]
    positions: FloatArray


def _targets(episode: Episode, names: Sequence[str]) -> list[_Target]:
    """Return everything that the arm was sent to, each with all of its joints ``names``."""
    targets: list[_Target] = []
    if episode.full_name("executor/action") in episode.topics:
        for _, _, message in episode.messages(["executor/action"]):
            if missing := set(names) - set(message.joint_names):
                raise RecordingError(
                    f'{episode.path}, topic executor/action: no target of "{sorted(missing)[0]}", only of '
                    f"{', '.join(message.joint_names)}"
                )
            start = stamp_ns(message)
            for point in message.points:
                at = start + point.time_from_start.sec * 10**9 + point.time_from_start.nanosec
                targets.append(_Target(at, message.joint_names, np.asarray(point.positions, dtype=np.float64)))
    return targets


def _commanded(
    targets: Sequence[_Target], moments: Sequence[int], measured: FloatArray, names: Sequence[str]
) -> FloatArray:
    """Return the newest target of some joints at each moment, or ``measured`` where they were commanded nothing."""
    times, action = [target.at_ns for target in targets], measured.copy()
    for row, at in enumerate(moments):
        place = bisect.bisect_right(times, at) - 1
        if place >= 0 and at - times[place] <= _COMMANDED_NS:
            action[row] = targets[place].positions[_order(targets[place].names, names)]
    return action


def _gripper_commands(steps: Sequence[Executed], moments: Sequence[int], opening: float) -> FloatArray:
    """Return the (N, 1) commanded opening at each moment; before the first command, what is nearest to ``opening``."""
    times, openings, before = [0], [float(opening >= 0.5)], list[float]()
    for step in steps:
        motion = _motion(step.phrase.removeprefix(UNDO))
        if motion is None or motion.gripper is None:
            continue
        if not step.phrase.startswith(UNDO):
            before.append(openings[-1])
            openings.append(motion.gripper)
        elif before:
            openings.append(before.pop())
        else:
            continue  # what is undone was done before the recording
        times.append(step.seen_ns)
    return np.array([[openings[bisect.bisect_right(times, at) - 1]] for at in moments])


def _motion(phrase: str) -> Motion | None:
    try:
        plan = plan_from_text(phrase)
    except LanguageRefusal:  # home, or a chunk
        return None
    return plan[0] if not isinstance(plan, str) and plan else None


def _running(steps: Sequence[Executed], at: int) -> Executed | None:
    return next((step for step in steps if step.seen_ns <= at < step.ended_ns), None)


def _source(step: Executed, corrected: bool) -> str:
    if step.source != PERSON:
        return POLICY
    return CORRECTION if corrected else TELEOP


def _pose(message: Any) -> list[float]:
    p, o = message.pose.position, message.pose.orientation
    return [p.x, p.y, p.z, o.x, o.y, o.z, o.w]


def _fps(episode: Episode, camera: str, stamps: Sequence[int]) -> float:
    described = (episode.cell.get("cameras") or {}).get(camera) or {}
    asked = float(described.get("fps", 0.0))
    if asked and len(stamps) < _COUNTED:
        return asked
    if len(stamps) < 2:
        return 1.0
    found = 1e9 / max(1.0, float(np.median(np.diff(stamps))))
    return asked if same_rate(asked, found) else max(1.0, round(found))


def same_rate(one: float, other: float) -> bool:
    """Whether two rates [1/s] are as near as those of one camera are."""
    return abs(one / other - 1.0) <= _SAME_RATE
