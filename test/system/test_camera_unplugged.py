"""A camera is unplugged while a policy drives: the arm holds, the reason shows, and plugging it in is all it takes."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from cell import MOTION_SECONDS, running_cell
from diagnostic_msgs.msg import DiagnosticArray

from roboact_ros.nodes.messages.diagnostics import Status, status_from_message

sys.path.append(str(Path(__file__).parent.parent / "policies"))
from tiny_clip import tiny_model  # noqa: E402

LOADING_SECONDS = 60.0
"""A policy gives way to the other processes of a busy machine."""

pytestmark = pytest.mark.timeout(200)


def test_unplugged_and_plugged_in_again_during_a_run(tmp_path: Path) -> None:
    camera, unplugged = tmp_path / "camera", tmp_path / "unplugged"
    camera.mkdir()
    cv2.imwrite(str(camera / "table.png"), np.full((240, 320, 3), 120, np.uint8))
    overrides = [
        f"sim.address:=127.27.{os.getpid() % 250 + 1}.7",
        f"bags:={tmp_path / 'bags'}",
        f"model:={tiny_model(tmp_path / 'model')}",
        "policy.random:=true",
        "checkpoint:=",
        "policy.device:=cpu",
        "console.enabled:=false",
        f"camera:=opencv:{camera}",
        # Whatever the random weights choose has room, and lasts.
        "safety.tool_speed:=0.05",
        "safety.workspace_x:=[-0.4, 0.4]",
        "safety.workspace_y:=[-0.7, 0.7]",
    ]
    with running_cell("clip_rt_ur5", overrides, tmp_path) as cell:
        statuses: dict[str, Status] = {}

        def hear(message: DiagnosticArray) -> None:
            statuses.update({status.name: status for status in map(status_from_message, message.status)})

        cell.talk._node.create_subscription(DiagnosticArray, "/diagnostics", hear, 10)

        def see(condition: Callable[[], bool], what: str, seconds: float = MOTION_SECONDS) -> None:
            try:
                cell.talk.wait(condition, seconds, f"not seen: {what}")
            finally:
                print(what, *statuses.values(), sep="\n  ")

        def driven() -> bool:
            return cell.talk.state == "moving" and cell.talk.arm.values["source"] == "policy"

        def says(name: str, words: str) -> bool:
            return name in statuses and words in statuses[name].message

        cell.talk.instruct("point at the red block")
        see(driven, "the policy drives", LOADING_SECONDS)

        camera.rename(unplugged)
        see(lambda: cell.talk.state == "holding", "the arm is held")
        assert "camera front: no image" in cell.talk.arm.message
        see(lambda: says("camera/front", str(camera)), "the reason is told")
        see(lambda: says("policy", "holding"), "the policy says why it waits")
        cell.talk.rest(MOTION_SECONDS)
        held, images = cell.talk.position, cell.talk.images["front"]
        cell.talk.rest(MOTION_SECONDS)
        assert np.abs(cell.talk.position - held).max() < 0.001 and cell.talk.images["front"] == images

        unplugged.rename(camera)
        see(driven, "the run goes on")
        cell.talk.wait_until_moved(0.005, MOTION_SECONDS)
