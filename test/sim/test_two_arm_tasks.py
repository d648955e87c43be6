"""Tasks for two arms: reproducible, done by the teacher with chunks for both arms, and judged by the physics."""

from __future__ import annotations

import numpy as np
import pytest

from roboact_ros.cells.load import load_cell
from roboact_ros.errors import SimulationError
from roboact_ros.robots import UR5E
from roboact_ros.sim.pair_runner import PairRunner
from roboact_ros.sim.pair_teacher import AXES, next_steps, teach_pair
from roboact_ros.sim.tasks.pair.open_and_place import HELD_OUT_PLACE, OpenAndPlace
from roboact_ros.sim.tasks.pair.situation import observe_pair
from roboact_ros.sim.tasks.two_arms import PAIR_TASKS, PairEpisode, pair_episode
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


@pytest.mark.parametrize(
    ("name", "middle", "seen", "unseen"),
    [
        ("lift_tray", 0.50, 0.02, 0.03),
        ("pull_tray", 0.50, 0.02, 0.03),
        ("push_tray", 0.50, 0.02, 0.03),
        ("hand_over", 0.50, 0.02, 0.03),
        ("open_and_place", 0.56, 0.02, 0.02),
    ],
)
def test_things_stand_elsewhere_in_unseen_episodes(name: str, middle: float, seen: float, unseen: float) -> None:
    def away(split: str, seed: int) -> float:
        contents = pair_episode(name, split, seed).contents
        (place,) = [tray.place for tray in contents.trays] + [drawer.place for drawer in contents.drawers]
        return abs(place.x - middle)

    assert max(away("train", seed) for seed in range(20)) <= seen
    assert min(away("unseen", seed) for seed in range(20)) >= unseen


def test_the_block_of_an_unseen_episode_has_another_colour_and_place() -> None:
    x, y, radius = HELD_OUT_PLACE
    colours: dict[str, set[str]] = {}
    for split in ("train", "unseen"):
        for seed in range(20):
            episode = pair_episode("open_and_place", split, seed)
            assert isinstance(episode.task, OpenAndPlace)
            assert episode.instruction == f"open the drawer and put the {episode.task.block} in it"
            held_out = [np.hypot(at.x - x, at.y - y) < radius for at in episode.draft.places.values()]
            assert held_out[0] if split == "unseen" else not any(held_out)
            colours.setdefault(split, set()).add(episode.task.block)
    assert not colours["train"] & colours["unseen"]


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
