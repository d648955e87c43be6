"""The task suite: episodes are reproducible, splits are apart, and the teacher can do every task in words."""

from __future__ import annotations

import numpy as np
import pytest

from roboact_ros.cells.load import cell_from_mapping
from roboact_ros.errors import SimulationError
from roboact_ros.language.parse import parse
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.robots import UR5, UR5E, robot_model
from roboact_ros.sim.lesson import teach
from roboact_ros.sim.placement import GAP
from roboact_ros.sim.runner import Runner
from roboact_ros.sim.scene import Planar
from roboact_ros.sim.tasks.layout import HELD_OUT_BLOCKS, HELD_OUT_CANS, HELD_OUT_PLACE, HELD_OUT_SIZE, Split
from roboact_ros.sim.tasks.situation import from_report, observe
from roboact_ros.sim.tasks.suite import TASKS, Episode, episode
from roboact_ros.sim.teacher import Teacher

SEEDS = range(40)
MIDDLE = {"drawer": 0.56, "lid": 0.66}
PHRASES = {motion.phrase for motion in PRIMITIVES}


def of(name: str, split: str, seed: int, model: str = "ur5e") -> tuple[Runner, Episode]:
    cell = cell_from_mapping({"name": "test", "arm": {"model": model}}, "a test")
    chosen = episode(name, split, seed)
    return Runner(cell, chosen.world(robot_model(model), cell.arm.home)), chosen


def away(where: Planar, x: float, y: float) -> float:
    return float(np.hypot(where.x - x, where.y - y))


@pytest.mark.parametrize("name", TASKS)
def test_an_episode_is_decided_by_task_split_and_seed(name: str) -> None:
    assert episode(name, "train", 5) == episode(name, "train", 5)
    assert dict(episode(name, "unseen", 5).draft.places) == dict(episode(name, "unseen", 5).draft.places)
    places = {tuple(sorted((n, w.x, w.y) for n, w in episode(name, "train", k).draft.places.items())) for k in SEEDS}
    assert len(places) == len(SEEDS)


def test_tasks_and_splits_draw_differently() -> None:
    layouts = {str(sorted(episode(name, split, 0).draft.places.items())) for name in TASKS for split in Split}
    assert len(layouts) == 2 * len(TASKS)


@pytest.mark.parametrize("name", TASKS)
def test_training_shows_nothing_that_is_held_out(name: str) -> None:
    x, y, radius = HELD_OUT_PLACE
    for seed in SEEDS:
        draft = episode(name, Split.TRAIN, seed).draft
        assert not {block.colour for block in draft.contents.blocks} & set(HELD_OUT_BLOCKS)
        assert not {can.colour for can in draft.contents.cans} & set(HELD_OUT_CANS)
        assert {bowl.colour for bowl in draft.contents.bowls} == {"white"}
        assert HELD_OUT_SIZE not in {block.size for block in draft.contents.blocks}
        assert min(away(where, x, y) for where in draft.places.values()) > radius


@pytest.mark.parametrize("name", TASKS)
def test_unseen_episodes_are_about_what_was_held_out(name: str) -> None:
    x, y, radius = HELD_OUT_PLACE
    for seed in SEEDS:
        chosen = episode(name, Split.UNSEEN, seed)
        target = chosen.task.target
        if target in MIDDLE:
            furniture = {item.name: item for item in (*chosen.draft.contents.drawers, *chosen.draft.contents.boxes)}
            assert abs(furniture[target].place.x - MIDDLE[target]) >= 0.03
            continue
        colour, _, kind = target.partition(" ")
        assert colour in (HELD_OUT_BLOCKS if kind == "block" else HELD_OUT_CANS)
        assert away(chosen.draft.places[target], x, y) <= radius


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("split", ["train", "unseen"])
def test_objects_stand_apart(name: str, split: str) -> None:
    for seed in SEEDS:
        places = list(episode(name, split, seed).draft.places.values())
        for k, one in enumerate(places):
            assert all(away(other, one.x, one.y) > GAP for other in places[k + 1 :])


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("split", ["train", "unseen"])
def test_the_teacher_does_every_task_in_primitives(name: str, split: str) -> None:
    runner, chosen = of(name, split, 1)
    lesson = teach(chosen, runner)
    assert lesson.success and not lesson.problem
    assert set(lesson.phrases) <= PHRASES
    assert all(len(parse(phrase).motions) == 1 for phrase in lesson.phrases)


@pytest.mark.parametrize("name", ["point_at", "stack", "open_drawer"])
def test_the_teacher_does_tasks_with_the_other_arm(name: str) -> None:
    runner, chosen = of(name, "train", 2, "ur5")
    assert teach(chosen, runner).success


@pytest.mark.parametrize("name", TASKS)
def test_nothing_is_done_at_the_start_and_nothing_happens_by_itself(name: str) -> None:
    for model in (UR5, UR5E):
        chosen = episode(name, "train", 3)
        world = chosen.world(model)
        start = observe(world)
        assert not chosen.task.succeeded(start, start)
        world.step(2.0)
        assert not chosen.task.succeeded(start, observe(world))


def test_a_report_from_the_network_tells_the_same() -> None:
    runner, _ = of("knock_over", "train", 0)
    there = runner.situation
    heard = from_report(runner.world.report(), there.tool, there.gripper, there.table_z)
    assert heard.openings == there.openings
    assert heard.poses.keys() == there.poses.keys()
    for name, pose in there.poses.items():
        np.testing.assert_allclose(heard.poses[name], pose, atol=1e-9)


def test_the_teacher_takes_over_from_any_state() -> None:
    runner, chosen = of("put_in_bowl", "train", 0)
    for words in ("close the gripper", "move left 20 cm", "lower the arm by 20 cm", "move back 5 cm"):
        assert runner.say(words).refused == ""
    assert teach(chosen, runner).success


def test_the_teacher_has_nothing_to_say_when_it_is_done() -> None:
    runner, chosen = of("pick_block", "train", 0)
    teacher = Teacher(chosen.task, runner.situation)
    assert teach(chosen, runner).success
    assert teacher.next_motion(runner.situation) is None


def test_a_dropped_block_was_not_picked_up() -> None:
    runner, chosen = of("pick_block", "train", 0)
    start = runner.situation
    assert teach(chosen, runner).success
    runner.say("open the gripper")
    assert not chosen.task.succeeded(start, runner.situation)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("pick_blok", "train", 0), "did you mean"),
        (("push", "test", 0), "valid: train, unseen"),
        (("push", "train", -1), "negative"),
    ],
)
def test_bad_episodes_are_named(arguments: tuple[str, str, int], message: str) -> None:
    with pytest.raises(SimulationError, match=message):
        episode(*arguments)
