"""Every check says what is wrong and what to do, and nothing where all is well."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from roboact_ros.cells.load import load_cell
from roboact_ros.cli import main
from roboact_ros.doctor import gpu
from roboact_ros.doctor.cameras import check_cameras
from roboact_ros.doctor.clocks import check_clock, check_stamps
from roboact_ros.doctor.disk import bytes_per_second, check_disk
from roboact_ros.doctor.finding import Finding, Verdict
from roboact_ros.doctor.gpu import check_gpu
from roboact_ros.doctor.network import Heard, check_network
from roboact_ros.doctor.realtime import check_realtime
from roboact_ros.doctor.robot import check_robot


def verdicts(findings: list[Finding]) -> dict[str, Verdict]:
    for finding in findings:
        assert bool(finding.do_this) is (finding.verdict is not Verdict.OK), finding
    return {finding.part: finding.verdict for finding in findings}


@pytest.mark.parametrize(
    ("value", "verdict"), [(120, Verdict.OK), (2, Verdict.WARN)], ids=["a picture", "a covered lens"]
)
def test_a_camera_is_looked_through(tmp_path: Path, value: int, verdict: Verdict) -> None:
    cv2.imwrite(str(tmp_path / "0.png"), np.full((48, 64, 3), value, np.uint8))
    cell = load_cell("teleop_ur5", [f"camera:=opencv:{tmp_path}"])
    assert verdicts(list(check_cameras(cell))) == {"camera front": verdict}


def test_a_camera_that_is_not_there_fails() -> None:
    cell = load_cell("teleop_ur5", ["camera:=opencv:/dev/video77"])
    (finding,) = check_cameras(cell)
    assert finding.verdict is Verdict.FAIL and "roboact cameras" in finding.do_this


def test_a_robot_is_asked_for_its_mode(start_simulator: Callable, robot_address: str) -> None:
    cell = load_cell("teleop_ur5", [f"robot_ip:={robot_address}"])
    (finding,) = check_robot(cell)
    assert finding.verdict is Verdict.FAIL and robot_address in finding.what and "cable" in finding.do_this
    start_simulator()
    found = verdicts(list(check_robot(cell)))
    assert set(found.values()) == {Verdict.OK}
    assert set(found) == {"robot", "robot model", "robot mode", "robot control", "gripper"}
    wrong = load_cell("teleop_ur5", [f"robot_ip:={robot_address}", "robot_model:=ur5"])
    (model,) = (f for f in check_robot(wrong) if f.part == "robot model")
    assert model.verdict is Verdict.FAIL and "ur5e" in model.do_this


def test_the_network_is_judged() -> None:
    def judged(heard: Heard, **environment: str) -> dict[str, Verdict]:
        return verdicts(list(check_network(heard, environment)))

    assert judged(Heard(missing="no rclpy")) == {"ROS": Verdict.FAIL}
    good = Heard("", "rmw_fastrtps_cpp", 0.2, ("/executor",))
    assert judged(good, ROS_AUTOMATIC_DISCOVERY_RANGE="LOCALHOST")["DDS reach"] is Verdict.OK
    assert judged(good, ROS_AUTOMATIC_DISCOVERY_RANGE="SUBNET")["DDS reach"] is Verdict.WARN
    assert judged(Heard("", "rmw_fastrtps_cpp", None))["DDS"] is Verdict.FAIL
    assert judged(Heard("", "rmw_fastrtps_cpp", 4.0))["DDS"] is Verdict.WARN


def test_stamps_from_the_future_and_from_long_ago_are_clock_offsets() -> None:
    offsets = [finding.verdict for finding in check_stamps({"/a": 0.02, "/b": -3.0, "/c": 12.0})]
    assert offsets == [Verdict.OK, Verdict.WARN, Verdict.WARN]


def test_what_depends_on_the_machine_is_answered_at_all() -> None:
    cell = load_cell("teleop_ur5", [])
    assert set(verdicts(list(check_clock()))) == {"clock"}
    assert {"realtime priority", "locked memory"} <= set(verdicts(list(check_realtime())))
    assert verdicts(list(check_gpu(cell))) == {"GPU": Verdict.OK}


def test_the_gpu_that_the_policy_shall_run_on_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(*words: str) -> Finding:
        (finding,) = check_gpu(load_cell("clip_rt_ur5", [*words]))
        return finding

    free = {0: 70 * 2**30, 1: 9 * 2**30}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "H100")
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free[device.index or 0], 80 * 2**30))
    second, clap = "policy.device:=cuda:1", ("policy.kind:=clap", "checkpoint:=runs/best")
    assert found().verdict is found(second).verdict is found(*clap).verdict is Verdict.OK
    small = found(second, *clap)
    assert small.verdict is Verdict.WARN and "9.0 of 80.0 GiB free" in small.what and "wants 12" in small.what
    assert found("policy.device:=cuda:2").verdict is Verdict.FAIL
    assert found("policy.device:=cpu").verdict is Verdict.WARN


def test_a_gpu_that_pytorch_does_not_see_is_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def advice() -> tuple[str, str]:
        (finding,) = check_gpu(load_cell("clip_rt_ur5", ["policy.device:=cuda"]))
        assert finding.verdict is Verdict.FAIL
        return finding.what, finding.do_this

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(gpu, "_DRIVER", tmp_path / "version")
    assert "there is no NVIDIA driver" in advice()[0]
    kernel = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023\nGCC version:"
    (tmp_path / "version").write_text(kernel)
    monkeypatch.setattr(torch.version, "cuda", None)
    assert "install a CUDA build of torch" in advice()[1]
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    what, do_this = advice()
    assert "built for CUDA 13.0, sees none with NVIDIA driver 535.104.05" in what
    assert "below 13.0 it is too old" in do_this and "install a CUDA build" not in do_this


def test_the_disk_is_tried_where_the_recordings_go(tmp_path: Path) -> None:
    cell = load_cell("teleop_ur5", [f"bags:={tmp_path / 'not' / 'yet'}"])
    assert set(verdicts(list(check_disk(cell)))) == {"disk", "disk space"}
    assert list(tmp_path.iterdir()) == []
    raw = load_cell("teleop_ur5", ["cameras.front.raw:=true"])
    assert bytes_per_second(raw) > bytes_per_second(cell) + 320 * 240 * 10 * 2
    nowhere = load_cell("teleop_ur5", ["bags:=/proc/bags"])
    assert verdicts(list(check_disk(nowhere))) == {"disk": Verdict.FAIL}


def test_the_command_ends_with_1_when_something_cannot_work(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ["teleop_ur5", "sim.address:=127.9.8.7", "camera:=opencv:/dev/video77", f"bags:={tmp_path}"]
    assert main(["doctor", *words, "--json"]) == 1
    found = {line["part"]: line for line in json.loads(capsys.readouterr().out)}
    assert {"camera front", "robot", "DDS", "clock", "GPU", "disk"} <= set(found)
    assert found["camera front"]["verdict"] == "fail" and found["camera front"]["do_this"]
    assert found["DDS"]["verdict"] != "fail"
    assert main(["doctor", "no_such_system"]) == 2
