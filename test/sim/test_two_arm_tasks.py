"""Tasks for two arms: reproducible, done by the teacher with chunks for both arms, and judged by the physics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from roboact_ros.cells.load import load_cell
from roboact_ros.errors import SimulationError
from roboact_ros.robots import UR5E
from roboact_ros.sim.build import build_model
from roboact_ros.sim.pair_runner import PairRunner
from roboact_ros.sim.pair_teacher import AXES, next_steps, teach_pair
from roboact_ros.sim.scene import COLOURS, Contents, Tray
from roboact_ros.sim.tasks.pair.open_and_place import HELD_OUT_PLACE, OpenAndPlace
from roboact_ros.sim.tasks.pair.situation import observe_pair
from roboact_ros.sim.tasks.pair.task import HELD_OUT_COLOURS
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


@pytest.mark.parametrize("name", [name for name in PAIR_TASKS if name != "open_and_place"])
def test_trays_and_rods_of_unseen_episodes_have_other_colours(name: str) -> None:
    def trays(split: str) -> list[Tray]:
        return [pair_episode(name, split, seed).contents.trays[0] for seed in range(20)]

    assert {tray.colour for tray in trays("train")} == {None}
    assert {tray.colour for tray in trays("unseen")} == set(HELD_OUT_COLOURS)
    for split in ("train", "unseen"):
        places = np.array([[tray.place.x, tray.place.y] for tray in trays(split)])
        assert (0.02 < np.ptp(places, axis=0)).all() and (np.ptp(places, axis=0) <= 0.04).all()
        assert abs(places[:, 0] - 0.50).max() <= 0.02


def test_a_tray_of_a_colour_looks_like_it_and_one_of_no_colour_is_refused() -> None:
    def shown(colour: str | None) -> np.ndarray:
        contents = Contents((), (), (), (), (), (Tray(colour=colour),))
        return build_model(replace(of("lift_tray")[0].world.scene, contents=contents)).geom_rgba

    wooden, blue = shown(None), shown("blue")
    (changed,) = np.nonzero((wooden != blue).any(axis=1))
    assert len(changed) == 3 and np.allclose(blue[changed], [*COLOURS["blue"], 1.0])
    with pytest.raises(SimulationError, match='no colour "gold"; valid: red, green'):
        Contents(trays=(Tray(colour="gold"),))


def test_a_drawer_stands_elsewhere_in_unseen_episodes() -> None:
    def away(split: str, seed: int) -> float:
        return abs(pair_episode("open_and_place", split, seed).contents.drawers[0].place.x - 0.56)

    assert max(away("train", seed) for seed in range(20)) <= 0.02 <= min(away("unseen", seed) for seed in range(20))


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
