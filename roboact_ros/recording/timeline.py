"""The course of an episode in plain numbers, for pictures of it: what was seen, said, commanded and measured when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from roboact_ros.cells.arm_description import topic_of_arm
from roboact_ros.errors import RecordingError
from roboact_ros.recording.reader import Episode, RawMessage
from roboact_ros.recording.summary import Event, Summary, summarise
from roboact_ros.types import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Numbers over time: (N,) seconds since the start, (N, M) values, M names; N is 0 where nothing was recorded."""

    seconds: FloatArray
    values: FloatArray
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A motion of the arm: from when to when [s], its phrase, and who asked for it."""

    begin: float
    end: float
    phrase: str
    source: str


@dataclass(frozen=True, slots=True)
class ArmCurves:
    """One arm: where its tool is in its base [m], how far its gripper is open (0 … 1), and its joints [rad]."""

    tool: Curve
    gripper: Curve
    joints: Curve


@dataclass(frozen=True, slots=True)
class Timeline:
    """One episode.

    Attributes:
        summary: What is known without its course.
        images: The messages of each camera with their times since the start [s].
        arms: Each arm by its name, which is empty for a single one.
        steps: Motions, of two arms those of both.
        said: What was said and chosen.
    """

    summary: Summary
    images: dict[str, list[tuple[float, RawMessage]]]
    arms: dict[str, ArmCurves]
    steps: list[Step]
    said: list[Event]


def timeline(episode: Episode) -> Timeline:
    """Read an episode that stays open as long as its images are wanted.

    Raises:
        RecordingError: It is empty or cannot be read.
    """
    if not any(topic.count for topic in episode.topics.values()):
        raise RecordingError(f"{episode.path} is empty: no message was recorded")
    summary = summarise(Path(episode.path))
    arms = {arm: _arm(episode, arm) for arm in episode.arms or ("",)}
    return Timeline(summary, _images(episode), arms, _steps(episode), summary.said + summary.motions)


def _arm(episode: Episode, arm: str) -> ArmCurves:
    return ArmCurves(
        _curve(episode, topic_of_arm(arm, "tcp_pose"), _position, ("x", "y", "z")),
        _curve(episode, topic_of_arm(arm, "gripper"), lambda m: m.position[:1], ("gripper",)),
        _curve(episode, topic_of_arm(arm, "joint_states"), lambda m: m.position, None),
    )


def _position(message: Any) -> list[float]:
    p = message.pose.position
    return [p.x, p.y, p.z]


def _curve(episode: Episode, topic: str, numbers: Callable[[Any], Any], names: tuple[str, ...] | None) -> Curve:
    if episode.full_name(topic) not in episode.topics:
        return Curve(np.empty(0), np.empty((0, 0)), ())
    seconds, rows = [], []
    for _, logged, message in episode.messages([topic]):
        seconds.append((logged - episode.start_ns) / 1e9)
        rows.append(np.asarray(numbers(message), dtype=np.float64))
        names = names or tuple(message.name)
    return Curve(np.array(seconds), np.stack(rows), names or ())


def _images(episode: Episode) -> dict[str, list[tuple[float, RawMessage]]]:
    found: dict[str, list[tuple[float, RawMessage]]] = {}
    prefix = episode.full_name("camera/")
    for kind in ("/image/compressed", "/image_raw"):
        for topic in sorted(name for name in episode.topics if name.startswith(prefix) and name.endswith(kind)):
            camera = topic.removeprefix(prefix).removesuffix(kind)
            if camera not in found:
                messages = episode.raw_messages([topic])
                found[camera] = [((raw.log_time_ns - episode.start_ns) / 1e9, raw) for raw in messages]
    return found


def _steps(episode: Episode) -> list[Step]:
    steps: list[Step] = []
    running: tuple[float, str, str] | None = None
    if episode.full_name("executor/status") not in episode.topics:
        return []
    for _, logged, message in episode.messages(["executor/status"]):
        values = {value.key: value.value for value in message.values}
        now = (logged - episode.start_ns) / 1e9
        motion, source = values.get("motion", ""), values.get("source", "")
        if running is not None and (motion, source) != running[1:]:
            steps.append(Step(running[0], now, running[1], running[2]))
            running = None
        if running is None and motion:
            running = now, motion, source
    if running is not None:
        steps.append(Step(running[0], episode.duration, running[1], running[2]))
    return steps
