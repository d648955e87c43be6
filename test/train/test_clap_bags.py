"""What CLAP learns from bags is what the arm did, at the speed it did it, or nothing at all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import data_bags
import numpy as np
import pytest
from data_bags import ACTION, JOINTS, T0, DemoBag, cdr, header

from roboact_ros.cli import main
from roboact_ros.errors import RecordingError
from roboact_ros.recording.repair import repair
from roboact_ros.recording.schema import typestore
from roboact_train.clap.bags import episode_from_frames
from roboact_train.clap.chunks import usable_frames
from roboact_train.clap.episode import one_rate
from roboact_train.clap.lerobot import ClapDataset
from roboact_train.clap.sources import find_sources as clap_sources
from roboact_train.data.bag_from_lerobot import write_bag
from roboact_train.data.frames import frames_from_bag
from roboact_train.data.lerobot_writer import write_lerobot
from roboact_train.data.sources import find_sources

CLOSE, LEFT = "close the gripper", "move the arm to the left by five centimeters"


class GripperBag(DemoBag):
    """A bag of an arm with a gripper, whose camera was asked for so many images; the tool moves 0.1 m/s along x."""

    def __init__(self, path: Path, fps: float = 10.0, **notes: str) -> None:
        self.blind = self.mute = False
        cell = {"arm": {"model": "ur5e"}, "cameras": {"front": {"fps": fps}}}
        super().__init__(path, cell=json.dumps(cell), **notes)
        self.grip(1.0)

    def grip(self, opening: float) -> None:
        none = np.empty(0)
        gripper = cdr(
            JOINTS, header=header(self.now), name=["g"], position=np.array([opening]), velocity=none, effort=none
        )
        self.write("/gripper", JOINTS, gripper)

    def write(self, topic: str, type_name: str, data: bytes) -> None:
        hidden = (self.blind and "camera" in topic) or (self.mute and topic in ("/tcp_pose", "/joint_states"))
        if not hidden:
            super().write(topic, type_name, data)


def test_a_camera_that_gave_fewer_images_than_it_was_asked_for_does_not_make_the_arm_faster(tmp_path: Path) -> None:
    bag = GripperBag(tmp_path / "dark", fps=30.0)
    bag.wait(6000)
    bag.close()
    episode = episode_from_frames(frames_from_bag(tmp_path / "dark"))
    assert episode.fps == pytest.approx(10.0)
    speed = np.diff(episode.states[:, 7]) * episode.fps
    np.testing.assert_allclose(speed, 1.0, atol=1e-6)
    dark = [episode, replace(episode, fps=9.7)]
    assert one_rate(dark) == 9.7 and one_rate([*dark, replace(episode, fps=15.0)]) is None
    assert one_rate([]) is None
    nearly = GripperBag(tmp_path / "nearly", fps=10.5)
    nearly.wait(1000)
    nearly.close()
    assert frames_from_bag(tmp_path / "nearly").fps == 10.5  # what it was asked for, as data sets say it


@pytest.mark.parametrize("what", ["blind", "mute"])
def test_no_chunk_goes_across_what_was_not_seen_or_measured(tmp_path: Path, what: str) -> None:
    bag = GripperBag(tmp_path / "a")
    bag.wait(2000)
    setattr(bag, what, True)
    bag.wait(1500)
    setattr(bag, what, False)
    bag.wait(6000)
    bag.close()
    frames = frames_from_bag(tmp_path / "a")
    usable, refused = usable_frames(episode_from_frames(frames), 8, 1)
    seconds = (np.array(frames.stamps_ns) - T0) / 1e9
    at = seconds[usable]
    assert ((at < 1.4) | (at > 3.2)).all() and (at < 1.4).any() and (at > 3.5).any()
    assert any({"blind": "images are missing on the way", "mute": "is nan"}[what] in why for why in refused.values())
    # So it is when the same goes through a data set.
    (tmp_path / "data").mkdir()
    write_lerobot(tmp_path / "data", [replace(frames, tasks=["go"] * len(frames.tasks))])
    assert usable_frames(ClapDataset(tmp_path / "data").episode(0), 8, 1)[0] == usable
    assert "NaN" not in (tmp_path / "data" / "meta" / "stats.json").read_text()


def test_one_image_that_a_camera_drops_does_not_cost_a_chunk(tmp_path: Path) -> None:
    bag = GripperBag(tmp_path / "a")
    bag.wait(1000)
    bag.blind = True
    bag.wait(100)
    bag.blind = False
    bag.wait(3000)
    bag.close()
    usable, refused = usable_frames(episode_from_frames(frames_from_bag(tmp_path / "a")), 8, 1)
    assert 5 in usable and not any("is nan" in why for why in refused.values())


def test_a_recording_that_was_cut_off_does_not_teach_to_stand_still(tmp_path: Path) -> None:
    bag = GripperBag(tmp_path / "whole")
    bag.wait(6000)
    whole = next(bag.close().glob("*.mcap"))
    cut = tmp_path / "cut"
    cut.mkdir()
    (cut / whole.name).write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.8)])
    assert not episode_from_frames(frames_from_bag(tmp_path / "whole")).truncated
    frames = frames_from_bag(cut)
    episode = episode_from_frames(frames)
    assert episode.truncated and episode.beginnings(32) == len(episode.states) - 32
    (tmp_path / "data").mkdir()
    write_lerobot(tmp_path / "data", [frames])
    dataset = ClapDataset(tmp_path / "data")
    write_bag(dataset.files, 0, tmp_path / "back")
    assert dataset.episode(0).truncated and frames_from_bag(tmp_path / "back").truncated
    assert frames_from_bag(repair(cut).path).truncated


def test_what_a_person_undoes_the_gripper_is_no_longer_told(tmp_path: Path) -> None:
    bag = GripperBag(tmp_path / "a")
    bag.wait(300)
    bag.do(CLOSE)
    bag.grip(0.0)
    bag.wait(500)
    bag.do(f"undo: {CLOSE}")
    bag.grip(1.0)
    bag.wait(500)
    bag.close()
    told = frames_from_bag(tmp_path / "a").action[:, -1]
    assert told[0] == told[-1] == 1.0 and 0.0 in told


def test_the_gripper_is_told_when_the_next_frame_is_taken_as_the_arm_is(tmp_path: Path) -> None:
    bag = GripperBag(tmp_path / "a")
    bag.wait(300)
    bag.do(CLOSE)  # begins 320 ms after the first frame, between the frames 3 and 4
    bag.close()
    episode = episode_from_frames(frames_from_bag(tmp_path / "a"))
    assert episode.commands[:5, 13].tolist() == [-1.0, -1.0, -1.0, 1.0, 1.0]
    np.testing.assert_allclose(episode.commands[:4, 7], episode.states[1:5, 7])


def test_what_does_not_fit_into_one_data_set_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def made(name: str) -> Path:
        bag = GripperBag(tmp_path / name)
        bag.wait(500)
        return bag.close()

    first = frames_from_bag(made("a"))
    (tmp_path / "robots").mkdir()
    with pytest.raises(RecordingError, match=r"a has the robot ur5, but a has ur5e; convert them apart"):
        write_lerobot(tmp_path / "robots", [first, replace(first, robot="ur5")])
    monkeypatch.setattr(data_bags, "image_at", lambda time_ns: np.zeros((48, 64, 3), np.uint8))
    (tmp_path / "unknown").mkdir()
    write_lerobot(tmp_path / "unknown", [first, replace(first, robot="", fps=10.4)])  # which may well be the same
    (tmp_path / "sizes").mkdir()
    with pytest.raises(RecordingError, match=r"b has the cameras .*\(48, 64, 3\).*, but a has .*\(24, 32, 3\)"):
        write_lerobot(tmp_path / "sizes", [first, frames_from_bag(made("b"))])


def test_an_episode_that_is_being_recorded_is_not_read(tmp_path: Path) -> None:
    bag = GripperBag(tmp_path / "open")
    bag.wait(500)
    (growing,) = (path for path in tmp_path.iterdir() if path.is_dir())
    (file,) = growing.glob("*.mcap")
    for path in (tmp_path, growing, file):
        for find in (clap_sources, find_sources):
            with pytest.raises(RecordingError, match="is being recorded; save it first"):
                find([path])
    bag.close()


def test_the_gripper_of_a_data_set_comes_back_from_a_bag(tmp_path: Path) -> None:
    bag = GripperBag(tmp_path / "a")
    types = typestore().types
    for _ in range(4):
        bag.wait(100)
        point = types["trajectory_msgs/msg/JointTrajectoryPoint"](
            positions=np.full(6, 0.5),
            velocities=np.empty(0),
            accelerations=np.empty(0),
            effort=np.empty(0),
            time_from_start=types["builtin_interfaces/msg/Duration"](sec=0, nanosec=0),
        )
        bag.write(
            "/executor/action", ACTION, cdr(ACTION, header=header(bag.now), joint_names=[*"abcdef"], points=[point])
        )
    bag.do(CLOSE)
    bag.grip(0.0)
    bag.wait(500)
    bag.do("open the gripper")
    bag.close()
    frames = frames_from_bag(tmp_path / "a")
    told = frames.action[:, -1]
    assert (frames.action[:, :6] == 0.5).any() and sorted(set(told.tolist())) == [0.0, 1.0]
    (tmp_path / "data").mkdir()
    write_lerobot(tmp_path / "data", [frames])
    write_bag(ClapDataset(tmp_path / "data").files, 0, tmp_path / "back")
    np.testing.assert_allclose(frames_from_bag(tmp_path / "back").action, frames.action, atol=1e-6)


def test_targets_of_other_joints_are_refused(tmp_path: Path) -> None:
    bag = GripperBag(tmp_path / "a")
    bag.wait(300)
    bag.write("/executor/action", ACTION, cdr(ACTION, header=header(bag.now), joint_names=["a", "x"], points=[]))
    bag.close()
    with pytest.raises(RecordingError, match='executor/action: no target of "b", only of a, x'):
        frames_from_bag(tmp_path / "a")


def test_a_data_set_of_two_arms_is_not_lost_in_a_bag(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["demonstrate", "lift_tray", "--episodes", "1", "--size", "16", "16", "--output", str(tmp_path / "two")]
    assert main(words) == 0
    assert main(["convert", str(tmp_path / "two"), str(tmp_path / "bags"), "--to", "bags"]) == 2
    assert "has neither observation.state nor action" in capsys.readouterr().err
