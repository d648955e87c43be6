import numpy as np
import pytest
from operator_hand import PERIOD, Hand

from roboact_ros.robots import UR5, UR5E, RobotModel
from roboact_ros.sim.furniture import HANDLE_REACH
from roboact_ros.sim.scene import Can, Contents
from roboact_ros.sim.world import World


def pick(hand: Hand, name: str) -> None:
    x, y, z = hand.world.pose_object_in_base(name)[:3, 3]
    hand.grip(1.0)
    hand.to((x, y, z + 0.15))
    hand.to((x, y, z))
    hand.grip(0.0)
    hand.by(z=0.15)


@pytest.mark.parametrize("model", [UR5, UR5E], ids=lambda m: m.name)
def test_a_picked_block_stays_between_the_fingers(model: RobotModel) -> None:
    world = World([model], seed=1)
    hand = Hand(world)
    pick(hand, "red block")
    gripper = hand.arm.read().gripper
    assert gripper.holding and not gripper.moving
    assert 0.4 < gripper.opening < 0.7
    np.testing.assert_allclose(world.pose_object_in_base("red block")[:3, 3], hand.tool, atol=2e-3)
    hand.by(y=0.1)
    hand.wait(3.0)
    np.testing.assert_allclose(world.pose_object_in_base("red block")[:3, 3], hand.tool, atol=2e-3)
    hand.grip(1.0)
    assert not hand.arm.read().gripper.holding
    hand.wait(0.5)
    assert world.pose_object_in_base("red block")[2, 3] < world.scene.table_z + 0.03


def test_fingers_that_close_on_nothing_hold_nothing() -> None:
    hand = Hand(World([UR5E]))
    hand.grip(0.0)
    gripper = hand.arm.read().gripper
    assert not gripper.holding and not gripper.moving
    assert gripper.opening == pytest.approx(0.0, abs=0.02)
    hand.grip(0.5, speed=0.0)
    assert hand.arm.read().gripper.opening == pytest.approx(0.5, abs=0.03)


def test_a_command_repeated_every_period_does_not_hide_what_is_held() -> None:
    hand = Hand(World([UR5E], seed=1))
    pick(hand, "blue block")
    for _ in range(100):
        hand.arm.grip(0.0, 1.0, 0.5)
        hand.world.step(PERIOD)
    assert hand.arm.read().gripper.holding


def test_a_block_goes_into_the_bowl() -> None:
    world = World([UR5E], seed=2)
    hand = Hand(world)
    pick(hand, "green block")
    x, y, z = world.pose_object_in_base("bowl")[:3, 3]
    hand.to((x, y, z + 0.15))
    hand.to((x, y, z + 0.05))
    hand.grip(1.0)
    hand.by(z=0.15)
    hand.wait(0.5)
    offset = world.pose_object_in_base("green block")[:3, 3] - world.pose_object_in_base("bowl")[:3, 3]
    assert np.linalg.norm(offset[:2]) < 0.03
    assert 0.02 < offset[2] < 0.04


def test_a_block_stands_on_another() -> None:
    world = World([UR5E], seed=0)
    hand = Hand(world)
    pick(hand, "red block")
    x, y, z = world.pose_object_in_base("yellow block")[:3, 3]
    hand.to((x, y, z + 0.15))
    hand.to((x, y, z + 0.041))
    hand.grip(1.0)
    hand.by(z=0.15)
    hand.wait(1.0)
    offset = world.pose_object_in_base("red block")[:3, 3] - world.pose_object_in_base("yellow block")[:3, 3]
    np.testing.assert_allclose(offset, [0, 0, 0.04], atol=3e-3)


def test_a_closed_gripper_pushes_a_block() -> None:
    world = World([UR5E], seed=0)
    hand = Hand(world)
    world.place("blue block", (0.5, 0.0))
    hand.grip(0.0)
    hand.to((0.43, 0.0, world.scene.table_z + 0.15))
    hand.to((0.43, 0.0, world.scene.table_z + 0.02))
    hand.by(x=0.12)
    assert world.pose_object_in_base("blue block")[0, 3] > 0.55


def test_a_can_is_knocked_over() -> None:
    world = World([UR5E], seed=0, contents=Contents(cans=(Can("orange"),)))
    hand = Hand(world)
    world.place("orange can", (0.5, 0.0))
    hand.grip(0.0)
    hand.wait(0.5)
    assert world.pose_object_in_base("orange can")[2, 2] > 0.99
    hand.to((0.42, 0.0, world.scene.table_z + 0.15))
    hand.to((0.42, 0.0, world.scene.table_z + 0.08))
    hand.by(x=0.12)
    hand.wait(1.0)
    assert abs(world.pose_object_in_base("orange can")[2, 2]) < 0.2


def test_the_drawer_opens_by_its_handle_and_shuts_again() -> None:
    world = World([UR5E])
    hand = Hand(world)
    drawer, table = world.scene.contents.drawers[0], world.scene.table_z
    handle = (drawer.place.x, drawer.place.y - drawer.size[0] / 2 - HANDLE_REACH)
    hand.to((*handle, table + 0.2))
    hand.to((*handle, table + 0.066))
    hand.grip(0.0)
    assert hand.arm.read().gripper.holding
    hand.by(y=-0.11)
    hand.wait(0.2)
    assert world.opening("drawer") == pytest.approx(0.11, abs=5e-3)
    hand.by(y=0.11)
    hand.wait(0.2)
    assert world.opening("drawer") == pytest.approx(0.0, abs=5e-3)


def test_the_lid_falls_shut_when_it_is_pushed_over() -> None:
    world = World([UR5E])
    hand = Hand(world)
    place, table = world.scene.contents.boxes[0].place, world.scene.table_z
    hand.wait(0.5)
    assert world.opening("lid") > 1.8
    hand.to((place.x, place.y + 0.2, table + 0.2))
    hand.to((place.x, place.y + 0.2, table + 0.14))
    hand.by(y=-0.17)
    hand.wait(0.5)
    assert world.opening("lid") == pytest.approx(0.0, abs=0.05)
    world.reset(0)
    assert world.opening("lid") > 1.8
