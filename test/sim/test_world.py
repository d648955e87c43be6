import json

import numpy as np
import pytest
from operator_hand import PERIOD, Hand, forward

from roboact_ros.errors import SimulationError
from roboact_ros.robots import UR5, UR5E, RobotModel
from roboact_ros.sim.mujoco_arm import MujocoArm
from roboact_ros.sim.scene import HOME, Block, Can, Contents, Planar, Scene
from roboact_ros.sim.world import World

EMPTY = Contents((), (), (), (), ())


def settled(world: World, arm: MujocoArm, q: np.ndarray) -> np.ndarray:
    """Drive ``arm`` straight to ``q`` and return the pose its tool ends at."""
    start = arm.read().q
    for k in range(1, 501):
        arm.drive(start + (q - start) * k / 500)
        world.step(PERIOD)
    for _ in range(250):
        world.step(PERIOD)
    return arm.pose_tool_in_world


@pytest.mark.parametrize("model", [UR5, UR5E], ids=lambda m: m.name)
def test_the_tool_is_where_the_dh_table_says(model: RobotModel) -> None:
    world = World([model], contents=EMPTY)
    random = np.random.default_rng(1)
    for _ in range(3):
        q = np.array(HOME) + random.uniform(-0.25, 0.25, 6)
        pose = settled(world, world.arms[0], q)
        measured = world.arms[0].read()
        np.testing.assert_allclose(pose, forward(model, measured.q), atol=1e-9)
        assert np.linalg.norm(pose[:3, 3] - forward(model, q)[:3, 3]) < 0.3e-3
        np.testing.assert_allclose(measured.torque, 0.0, atol=1e-6)


@pytest.mark.parametrize("model", [UR5, UR5E], ids=lambda m: m.name)
def test_home_puts_the_tool_in_front_of_the_base_pointing_down(model: RobotModel) -> None:
    world = World([model])
    pose = world.arms[0].pose_tool_in_world
    np.testing.assert_allclose(pose[:3, 2], [0, 0, -1], atol=1e-9)
    np.testing.assert_allclose(pose[:3, 0], [1, 0, 0], atol=1e-9)
    assert pose[0, 3] > 0.4
    # Going down as far as the workspace allows reaches the middle of a block.
    assert 0.0 < pose[2, 3] - 0.27 - world.scene.table_z < 0.03


@pytest.mark.parametrize("direction", [(0.2, 0, 0), (0, 0.2, 0), (0, -0.2, 0), (0, 0, -0.2)])
def test_a_move_of_20_cm_is_measured_as_20_cm(direction: tuple[float, float, float]) -> None:
    hand = Hand(World([UR5E], contents=EMPTY))
    before = hand.tool
    hand.by(*direction)
    np.testing.assert_allclose(hand.tool - before, direction, atol=1e-3)
    hand.wait(0.2)
    np.testing.assert_allclose(hand.tool - before, direction, atol=1e-4)


def test_objects_lie_apart_and_rest_on_the_table() -> None:
    world = World([UR5E], seed=3)
    poses = {}
    for seed in range(5):
        world.reset(seed)
        before = {name: world.pose_object_in_base(name) for name in world.objects}
        for _ in range(250):
            world.step(PERIOD)
        for name in world.objects:
            np.testing.assert_allclose(world.pose_object_in_base(name)[:3, 3], before[name][:3, 3], atol=4e-3)
        loose = [before[item.name][:2, 3] for item in world.scene.contents.loose]
        assert min(np.linalg.norm(a - b) for i, a in enumerate(loose) for b in loose[:i]) > 0.1
        poses[seed] = np.concatenate(loose).round(6).tolist()
    assert len({tuple(p) for p in poses.values()}) == 5


def test_the_same_seed_gives_the_same_world() -> None:
    first, second = World([UR5E], seed=7), World([UR5E], seed=8)
    second.reset(7)
    for _ in range(100):
        first.step(PERIOD)
        second.step(PERIOD)
    np.testing.assert_array_equal(first.qpos(), second.qpos())


def test_a_reset_leaves_arms_and_time_alone() -> None:
    world = World([UR5E])
    hand = Hand(world)
    hand.by(z=-0.1)
    time, q = world.time, hand.arm.read().q
    world.reset(4)
    assert world.time == time
    np.testing.assert_array_equal(hand.arm.read().q, q)


def test_a_description_survives_json_and_names_positions_alike() -> None:
    world = World([UR5E, UR5], contents=Contents(blocks=(Block("pink"),), cans=(Can("orange"),)))
    assert Scene.from_mapping(json.loads(json.dumps(world.describe()))) == world.scene


def test_two_arms_move_independently() -> None:
    world = World([UR5E, UR5E], bases=[Planar(0, 0), Planar(0.0, -0.8)])
    left, right = world.arms
    q = np.array(HOME) + [0.2, 0, 0, 0, 0, 0]
    pose = settled(world, right, q)
    expected = forward(UR5E, q)
    expected[1, 3] -= 0.8
    np.testing.assert_allclose(pose, expected, atol=1e-4)
    np.testing.assert_allclose(left.read().q, HOME, atol=1e-5)


def test_hitting_the_table_is_felt() -> None:
    world = World([UR5E], contents=EMPTY)
    hand = Hand(world)
    hand.by(z=-0.25)
    assert np.abs(hand.arm.read().torque).max() < 1.0
    hand.by(z=-0.10)
    assert np.abs(hand.arm.read().torque).max() > 20.0
    assert np.abs(hand.arm.read().q - hand.q).max() > 0.01


def test_a_released_arm_can_be_pushed_and_then_holds_where_it_is() -> None:
    world = World([UR5E], contents=EMPTY)
    arm = world.arms[0]
    for _ in range(10):
        arm.drive(np.array(HOME))
        world.step(PERIOD)
    arm.release(True)
    arm.drive(np.array(HOME) + 0.5)
    for _ in range(100):
        world.step(PERIOD)
    np.testing.assert_allclose(arm.read().q, HOME, atol=1e-3)
    arm.release(False)
    for _ in range(100):
        world.step(PERIOD)
    np.testing.assert_allclose(arm.read().q, HOME, atol=1e-3)


def test_what_cannot_be_done_is_refused_with_the_valid_values() -> None:
    world = World([UR5E])
    with pytest.raises(SimulationError, match='did you mean "red block"'):
        world.pose_object_in_base("red blok")
    with pytest.raises(SimulationError, match='did you mean "bowl"'):
        world.place("bowel", (0.5, 0.0))
    with pytest.raises(SimulationError, match="cannot place"):
        world.place("red block", (0.5, 0.0, -1.0))
    with pytest.raises(SimulationError, match="nothing to open"):
        world.opening("bowl")
    with pytest.raises(SimulationError, match="0.003"):
        world.step(0.003)
    with pytest.raises(SimulationError, match="-1"):
        world.reset(-1)
    with pytest.raises(SimulationError, match="2 arms"):
        World([UR5E, UR5E], home=[HOME])
    with pytest.raises(SimulationError, match="no colour"):
        Contents(blocks=(Block("beige"),))
    with pytest.raises(SimulationError, match="red block"):
        Contents(blocks=(Block("red"), Block("red")))
    with pytest.raises(SimulationError, match="do not fit"):
        World([UR5E], contents=Contents(blocks=tuple(Block(c, 0.15) for c in ("red", "green", "blue", "pink"))))


def test_what_sleeps_on_a_block_falls_when_the_block_is_taken_away() -> None:
    world = World([UR5E], seed=0)
    table = world.scene.table_z
    world.place("blue block", (0.45, -0.1))
    world.place("red block", (0.45, -0.1, table + 0.06))
    world.step(2.0)
    resting = world.report()
    world.step(1.0)
    assert world.report() == resting
    world.place("blue block", (0.45, 0.0))
    world.step(1.0)
    assert world.pose_object_in_base("red block")[2, 3] == pytest.approx(table + 0.02, abs=2e-3)


def test_an_object_put_into_the_air_falls() -> None:
    world = World([UR5E], seed=0)
    world.step(1.0)
    table = world.scene.table_z
    world.place("red block", (0.45, -0.1, table + 0.2))
    world.step(1.0)
    assert world.pose_object_in_base("red block")[2, 3] == pytest.approx(table + 0.02, abs=2e-3)
