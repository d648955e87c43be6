"""Lets the teacher do an episode on a runner."""

from __future__ import annotations

from dataclasses import dataclass

from roboact_ros.sim.runner import Runner
from roboact_ros.sim.tasks.suite import MOST_MOTIONS, Episode
from roboact_ros.sim.teacher import Teacher


@dataclass(frozen=True, slots=True)
class Lesson:
    """What happened.

    Attributes:
        phrases: What the teacher said.
        success: Whether the task was done in the end.
        problem: Why a motion was refused or given up; empty when none was.
        seconds: Simulated time it took [s].
    """

    phrases: tuple[str, ...]
    success: bool
    problem: str
    seconds: float


def teach(episode: Episode, runner: Runner) -> Lesson:
    """Do ``episode`` on ``runner``, whose world is that of the episode, in words alone."""
    start, began = runner.situation, runner.time
    teacher = Teacher(episode.task, start)
    phrases: list[str] = []
    problem = ""
    while len(phrases) < MOST_MOTIONS and not problem:
        motion = teacher.next_motion(runner.situation)
        if motion is None:
            break
        phrases.append(motion.phrase)
        problem = runner.say(motion.phrase).refused
    success = episode.task.succeeded(start, runner.situation)
    return Lesson(tuple(phrases), success, problem, runner.time - began)
