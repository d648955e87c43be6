"""The cable to the robot is pulled while the arm moves, and plugged in again."""

import os
import time
from pathlib import Path

import pytest
from cell import MOTION_SECONDS, running_cell, simulated_robot
from link import link_to
from recovery import Observer, goes_on, start_moving


@pytest.mark.timeout(200)
def test_link_cut_for_two_seconds(tmp_path: Path) -> None:
    number = os.getpid() % 250 + 1
    near, far = f"127.24.{number}.7", f"127.25.{number}.7"
    overrides = [f"robot_ip:={near}", "cameras:={}", "namespace:=linked", f"bags:={tmp_path}"]
    with simulated_robot(far), link_to(near, far) as link, Observer(far):
        with running_cell("teleop_ur5", overrides, tmp_path, namespace="linked", cameras=()) as cell:
            start_moving(cell)
            link.cut()
            cut_at = time.monotonic()
            cell.talk.wait(lambda: cell.talk.state == "disconnected", MOTION_SECONDS, "the cut was not noticed")
            assert cell.talk.arm is not None and cell.talk.arm.message
            cell.talk.wait(lambda: time.monotonic() - cut_at > 2.0, MOTION_SECONDS, "two seconds did not pass")
            link.mend()
            goes_on(cell)
