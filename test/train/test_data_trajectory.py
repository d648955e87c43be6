"""Augmented trajectories pass the same waypoints, and what leaves the path comes back to it."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from roboact_ros.language.parse import parse
from roboact_ros.language.vocabulary import PRIMITIVES, displacement, motion_for, opening, primitive
from roboact_ros.types import Motion
from roboact_train.data.trajectory import (
    DEVIATIONS,
    KEPT,
    STEPS,
    AugmentedStep,
    Part,
    augmented,
    diversified,
    reversed_motion,
    waypoints,
)

SEEDS = range(30)


def say(*texts: str) -> list[Motion]:
    return [motion for text in texts for motion in parse(text).motions]


def random_demonstration(seed: int) -> list[Motion]:
    generator = np.random.default_rng(seed)
    return [PRIMITIVES[int(i)] for i in generator.integers(0, 58, int(generator.integers(1, 25)))]


def moved(motions: list[Motion]) -> np.ndarray:
    return np.sum([motion.action[:3] for motion in motions], axis=0) if motions else np.zeros(3)


def turns(motions: list[Motion]) -> list[Motion]:
    return [motion for motion in motions if any(motion.action[3:7]) or motion.gripper is not None]


def test_the_gripper_and_reversals_make_waypoints() -> None:
    assert waypoints([]) == []
    assert waypoints(say("move left", "move left", "raise the arm")) == [3]
    # Forward, left, then back: the arm is at the turning point before the third motion.
    assert waypoints(say("move forward", "move left", "move back a bit", "move back a bit")) == [2, 4]
    assert waypoints(say("lower the arm", "close the gripper", "raise the arm")) == [1, 2, 3]
    # The gripper is closed already: nothing changes.
    assert waypoints(say("close the gripper", "move left", "close the gripper")) == [1, 3]
    # A turn of the tool reverses nothing.
    assert waypoints(say("roll the arm clockwise", "roll the arm counterclockwise")) == [2]


@pytest.mark.parametrize("seed", SEEDS)
def test_within_a_segment_no_axis_reverses_and_no_gripper_changes(seed: int) -> None:
    motions = random_demonstration(seed)
    points = waypoints(motions)
    assert points == sorted(set(points))
    assert points[-1] == len(motions)
    for start, end in zip([0, *points], points, strict=False):
        segment = motions[start:end]
        for axis in range(3):
            signs = {np.sign(motion.action[axis]) for motion in segment} - {0.0}
            assert len(signs) <= 1
        openings = [motion.gripper for motion in segment if motion.gripper is not None]
        assert len(openings) <= 1 or len(set(openings)) == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_diversified_steps_add_up_to_the_same_and_keep_the_rotations(seed: int) -> None:
    motions = random_demonstration(seed)
    new = diversified(motions, np.random.default_rng(seed))
    np.testing.assert_allclose(moved(new), moved(motions), atol=1e-12)
    assert turns(new) == turns(motions)
    total = moved(motions)
    for motion in new:
        assert motion_for(motion.action) == motion
        for axis in range(3):
            if motion.action[axis]:
                assert round(abs(motion.action[axis]) * 100) in STEPS
                assert np.sign(motion.action[axis]) == np.sign(total[axis])


def test_a_part_of_a_centimetre_is_not_lost() -> None:
    motions = say("move left 7.5 cm", "move left 0.3 cm")
    for seed in SEEDS:
        new = diversified(motions, np.random.default_rng(seed))
        np.testing.assert_allclose(moved(new), [0.0, 0.078, 0.0], atol=1e-9)
        assert sum(motion.primitive != motion.phrase for motion in new) == 1


def test_diversification_finds_different_ways_and_is_reproducible() -> None:
    motions = say("move left 20 cm", "raise the arm 20 cm", "move left 10 cm")
    ways = {tuple(motion.phrase for motion in diversified(motions, np.random.default_rng(seed))) for seed in SEEDS}
    assert len(ways) > len(SEEDS) // 2
    assert diversified(motions, np.random.default_rng(3)) == diversified(motions, np.random.default_rng(3))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_plan_passes_every_waypoint_and_ends_as_recorded(seed: int) -> None:
    motions = random_demonstration(seed)
    plan = augmented(motions, np.random.default_rng(seed))
    states = [moved([step.motion for step in plan[:i]]) for i in range(len(plan) + 1)]
    kept = [step.motion for step in plan if step.part is Part.KEPT]
    at = 0
    start = 0
    for end in waypoints(motions):
        tail = motions[max(start, end - KEPT) : end]
        assert kept[at : at + len(tail)] == tail
        at += len(tail)
        reached = moved(motions[:end])
        assert any(np.allclose(state, reached, atol=1e-9) for state in states)
        start = end
    assert at == len(kept)
    np.testing.assert_allclose(states[-1], moved(motions), atol=1e-9)
    assert turns([step.motion for step in plan]) == turns(motions)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_deviation_is_taken_back_at_once_and_is_no_sample(seed: int) -> None:
    plan = augmented(random_demonstration(seed), np.random.default_rng(seed))
    for i, step in enumerate(plan):
        assert step.record == (step.part is not Part.DEVIATION)
        if step.part is Part.DEVIATION:
            back, kept = plan[i + 1], plan[i + 2]
            assert (back.part, kept.part) == (Part.RECOVERY, Part.KEPT)
            assert kept.motion.gripper is None
            np.testing.assert_allclose(np.add(step.motion.action[:7], back.motion.action[:7]), np.zeros(7), atol=1e-12)
            assert back.motion == primitive(back.motion.phrase)
        if step.part is Part.RECOVERY:
            assert plan[i - 1].part is Part.DEVIATION


def test_deviations_can_be_limited_or_left_out() -> None:
    motions = say("move left", "lower the arm", "close the gripper")
    up = displacement(2, 1, Decimal(5))
    plan = augmented(motions, np.random.default_rng(0), deviations=[up])
    assert [step.motion for step in plan if step.part is Part.DEVIATION] == [up, up]
    bare = augmented(motions, np.random.default_rng(0), deviations=())
    assert bare == [AugmentedStep(motion, Part.KEPT) for motion in motions]


def test_deviations_are_primitives_that_reverse() -> None:
    assert len(set(DEVIATIONS)) == 18
    for motion in DEVIATIONS:
        assert motion in PRIMITIVES
        assert reversed_motion(reversed_motion(motion)) == motion


def test_the_gripper_is_never_diversified() -> None:
    motions = [*say("move left 20 cm", "move left 20 cm", "move left 20 cm", "move left 20 cm"), opening(Decimal(40))]
    plan = augmented(motions, np.random.default_rng(0))
    assert plan[-1] == AugmentedStep(motions[-1], Part.KEPT)
    assert {step.motion.gripper for step in plan[:-1]} == {None}
