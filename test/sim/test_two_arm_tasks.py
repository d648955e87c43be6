"""Tasks for two arms: reproducible, done by the teacher with chunks for both arms, and judged by the physics."""

from __future__ import annotations

import numpy as np
import pytest

from roboact_ros.cells.load import load_cell
from roboact_ros.errors import SimulationError
from roboact_ros.robots import UR5E
from roboact_ros.sim.pair_runner import PairRunner
from roboact_ros.sim.pair_teacher import AXES, next_steps, teach_pair
from roboact_ros.sim.tasks.two_arms import PAIR_TASKS, PairEpisode, observe_pair, pair_episode
from roboact_ros.sim.world import World
from roboact_ros.types import ActionChunk

CELL = load_cell("clap_dual_ur5")


def of(name: str, split: str = "train", seed: int = 0) -> tuple[PairRunner, PairEpisode]:
    episode = pair_episode(name, split, seed)
    return PairRunner(CELL, episode.world(CELL)), episode


@pytest.mark.parametrize("name", PAIR_TASKS)
def test_an_episode_is_decided_by_task_split_and_seed(name: str) -> None:
    assert pair_episode(name, "train", 5) == pair_episode(name, "train", 5)
    assert pair_episode(name, "train", 5) != pair_episode(name, "train", 6)
    seen, unseen = (
        [abs(pair_episode(name, split, seed).contents.trays[0].place.x - 0.50) for seed in range(30)]
        for split in ("train", "unseen")
    )
    assert max(seen) <= 0.02 < 0.03 <= min(unseen)


@pytest.mark.parametrize("name", PAIR_TASKS)
def test_the_teacher_does_it(name: str) -> None:
    runner, episode = of(name, "unseen", 1)
    assert not episode.task.succeeded(runner.situation, runner.situation)
    lesson = teach_pair(episode, runner)
    assert lesson.success and not lesson.problem, lesson


def test_one_arm_alone_does_not_lift_a_tray() -> None:
    runner, episode = of("lift_tray")
    start = runner.situation
    while not all(gripper.holding for gripper in runner.situation.grippers):
        steps = next_steps(episode.task, start, runner.situation)
        assert steps is not None
        assert not runner.follow(ActionChunk(AXES, steps, 10**8, runner.now_ns))
    up = np.zeros((8, 14))
    up[:, 2] = 0.015
    up[:, 13] = 1.0  # the right gripper opens
    runner.follow(ActionChunk(AXES, up, 10**8, runner.now_ns))
    assert not episode.task.succeeded(start, runner.situation)


def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(SimulationError, match='did you mean "lift_tray"'):
        pair_episode("lift_try", "train", 0)
    with pytest.raises(SimulationError, match="valid: train, unseen"):
        pair_episode("lift_tray", "test", 0)
    with pytest.raises(SimulationError, match="not negative"):
        pair_episode("lift_tray", "train", -1)
    with pytest.raises(SimulationError, match="needs two, not 1"):
        observe_pair(World([UR5E]))
