"""A policy of action chunks drives a whole cell, a person's words beat it, and the recording is understood."""

import os
import sys
from pathlib import Path

import numpy as np
from cell import LOADING_SECONDS, MOTION_SECONDS, RunningCell, running_cell

from roboact_ros.recording.reader import Episode
from roboact_train.data.bags import samples_from_bag

sys.path.append(str(Path(__file__).parent.parent / "policies"))
from tiny_clip import tiny_model  # noqa: E402


def source(cell: RunningCell) -> str:
    return cell.talk.arm.values["source"] if cell.talk.arm is not None else ""


def test_chunks_move_the_arm_until_a_person_speaks(tmp_path: Path) -> None:
    overrides = [
        f"sim.address:=127.27.{os.getpid() % 250 + 1}.7",
        "namespace:=chunks",
        f"bags:={tmp_path / 'bags'}",
        "record:=true",
        f"model:={tiny_model(tmp_path / 'model')}",
        "policy.kind:=clip_rt_plus",
        "policy.random:=true",
        "checkpoint:=",
        "policy.device:=cpu",
    ]
    with running_cell("clip_rt_ur5", overrides, tmp_path, namespace="chunks") as cell:
        cell.talk.rest(MOTION_SECONDS)
        start = cell.talk.position
        cell.talk.instruct("point at the red block")
        cell.talk.wait(lambda: source(cell) == "policy", LOADING_SECONDS, "the policy does not drive")
        assert cell.talk.arm is not None and cell.talk.arm.values["motion"] == "chunk of 8 steps"
        cell.talk.wait(
            lambda: float(np.linalg.norm(cell.talk.position - start)) > 0.002,
            MOTION_SECONDS,
            "the chunks do not move the arm",
        )
        cell.talk.say("raise the arm a bit", MOTION_SECONDS)
        cell.talk.wait(lambda: source(cell) == "teleop", MOTION_SECONDS, "the person was not obeyed")
        cell.talk.wait(lambda: source(cell) == "policy", MOTION_SECONDS, "the policy did not go on")
        cell.talk.say("stop", MOTION_SECONDS)
        cell.talk.wait(lambda: cell.talk.state == "stopped", MOTION_SECONDS, "it did not stop")
        cell.talk.rest(MOTION_SECONDS)
        held = cell.talk.position
        cell.talk.rest(MOTION_SECONDS)
        assert np.abs(cell.talk.position - held).max() < 0.001
    (bag,) = (path.parent for path in (tmp_path / "bags").glob("*/metadata.yaml"))
    with Episode(bag) as episode:
        assert episode.topics["/chunks/policy/action_chunk"].count > 0
    found = samples_from_bag(bag)
    assert [sample.source for sample in found.samples] == ["correction"]
    assert found.skipped["part of an action chunk"] > 0
