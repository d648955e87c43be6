"""A policy drives the whole cell, and a person's words beat it."""

import os
import sys
from pathlib import Path

import numpy as np
from cell import LOADING_SECONDS, MOTION_SECONDS, RunningCell, running_cell

from roboact_ros.recording.reader import Episode
from roboact_ros.sim.world_client import WorldClient

sys.path.append(str(Path(__file__).parent.parent / "policies"))
from tiny_clip import tiny_model  # noqa: E402


def policy_says(cell: RunningCell) -> str:
    said = cell.talk.policy
    return f"{said.values['instruction']}: {said.message}" if said is not None else ""


def source(cell: RunningCell) -> str:
    return cell.talk.arm.values["source"] if cell.talk.arm is not None else ""


def test_a_person_beats_the_policy_which_then_goes_on(tmp_path: Path) -> None:
    overrides = [
        f"sim.address:=127.26.{os.getpid() % 250 + 1}.7",
        f"bags:={tmp_path / 'bags'}",
        "record:=true",
        f"model:={tiny_model(tmp_path / 'model')}",
        "policy.random:=true",
        "checkpoint:=",
        "policy.device:=cpu",
        # Whatever the random weights choose has room, so that the policy keeps driving.
        "safety.tool_speed:=0.05",
    ]
    with running_cell("clip_rt_ur5", overrides, tmp_path) as cell:
        cell.talk.rest(MOTION_SECONDS)
        assert source(cell) == "", "the policy moved without an instruction"
        cell.talk.instruct("point at the red block")
        cell.talk.wait(lambda: source(cell) == "policy", LOADING_SECONDS, "the policy does not drive")
        cell.talk.say("raise the arm a bit", MOTION_SECONDS)
        cell.talk.wait(lambda: source(cell) == "teleop", MOTION_SECONDS, "the person was not obeyed")
        cell.talk.wait(lambda: source(cell) == "policy", MOTION_SECONDS, "the policy did not go on")
        cell.talk.say("stop", MOTION_SECONDS)
        cell.talk.wait(lambda: cell.talk.state == "stopped", MOTION_SECONDS, "it did not stop")
        cell.talk.rest(MOTION_SECONDS)
        held = cell.talk.position
        cell.talk.say("done", MOTION_SECONDS)
        cell.talk.rest(MOTION_SECONDS)
        assert np.abs(cell.talk.position - held).max() < 0.001
    (bag,) = (path.parent for path in (tmp_path / "bags").glob("*/metadata.yaml"))
    with Episode(bag) as episode:
        assert episode.instruction == "point at the red block"
        sources = [message.header.frame_id for _, _, message in episode.messages(["executor/action"])]
        assert {"policy", "teleop"} <= set(sources)
        assert episode.topics["/policy/scores"].count > 0
        assert episode.topics["/policy/status"].count > 0


def test_the_policy_that_ships_points_at_a_block_and_says_so(tmp_path: Path) -> None:
    address = f"127.27.{os.getpid() % 250 + 1}.7"
    overrides = [f"sim.address:={address}", f"bags:={tmp_path / 'bags'}", "record:=true", "namespace:=shipped"]
    with running_cell("clip_rt_ur5", overrides, tmp_path, namespace="shipped") as cell:
        cell.talk.rest(MOTION_SECONDS)
        world = WorldClient(address)

        def offset() -> np.ndarray:
            return cell.talk.position - np.array(world.ask(do="objects")["objects"]["red block"]["position"])

        assert np.linalg.norm(offset()) > 0.2
        cell.talk.instruct("point at the red block")
        cell.talk.wait(lambda: source(cell) == "policy", LOADING_SECONDS, "the policy does not drive")
        cell.talk.wait(
            lambda: np.hypot(*offset()[:2]) < 0.02 and offset()[2] < 0.09, LOADING_SECONDS, "it did not point"
        )
        cell.talk.rest(MOTION_SECONDS)
        assert np.hypot(*offset()[:2]) < 0.02 and 0.03 < offset()[2] < 0.09
        world.close()


def test_a_policy_on_a_frozen_encoder_does_one_step_of_a_task_after_the_other(tmp_path: Path) -> None:
    sys.path.append(str(Path(__file__).parent.parent / "train"))
    from tiny_cloning import measured_shard, request
    from tiny_training import small_model

    from roboact_train.roboact.train import train

    train(request(tmp_path / "run", measured_shard(tmp_path / "s.tar"), small_model(tmp_path / "clip")), print)
    overrides = [
        f"sim.address:=127.28.{os.getpid() % 250 + 1}.7",
        f"checkpoint:={tmp_path / 'run/best'}",
        "policy.device:=cpu",
        "policy.step_seconds:=4.0",
        "safety.tool_speed:=0.05",
        "namespace:=roboact",
    ]
    with running_cell("roboact_clip_ur5", overrides, tmp_path, namespace="roboact") as cell:
        cell.talk.rest(MOTION_SECONDS)
        cell.talk.instruct("task 0, then task 1")
        cell.talk.wait(lambda: source(cell) == "policy", LOADING_SECONDS, "the policy does not drive")
        cell.talk.wait(lambda: "task 1" in policy_says(cell), LOADING_SECONDS, "the second step does not begin")
        cell.talk.wait(lambda: "is over" in policy_says(cell), LOADING_SECONDS, "the task does not end")
