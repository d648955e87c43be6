"""Bags become LeRobot data sets and those become bags, without losing a frame or a digit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from data_bags import ACTION, JOINTS, T0, DemoBag, cdr, header, image_at

from roboact_ros.cli import main
from roboact_ros.recording.reader import Episode
from roboact_ros.recording.schema import typestore
from roboact_train.data.frames import frames_from_bag
from roboact_train.data.lerobot_files import LeRobotFiles
from roboact_train.data.sources import find_sources

LEFT, DOWN, CLOSE = (
    "move the arm to the left by twenty centimeters",
    "lower the arm by five centimeters",
    "close the gripper",
)
NAMES = list("abcdef")


class ArmBag(DemoBag):
    """A bag in which the arm is commanded a new target every 100 ms, has a gripper, and sees with two cameras."""

    def _measure(self) -> None:
        super()._measure()
        q = np.sin(np.arange(6) + (self.now - T0) / 1e9)
        self.joints(q)
        types = typestore().types
        point = types["trajectory_msgs/msg/JointTrajectoryPoint"](
            positions=q + 0.01,
            velocities=q[:0],
            accelerations=q[:0],
            effort=q[:0],
            time_from_start=types["builtin_interfaces/msg/Duration"](sec=0, nanosec=0),
        )
        action = cdr(ACTION, header=header(self.now), joint_names=NAMES, points=[point])
        self.write("/executor/action", ACTION, action)
        opening = np.array([1.0])
        gripper = cdr(JOINTS, header=header(self.now), name=["gripper"], position=opening, velocity=q[:0], effort=q[:0])
        self.write("/gripper", JOINTS, gripper)


@pytest.fixture
def bags(tmp_path: Path) -> Path:
    for number, task in enumerate(("stack the cups", "point at the red block")):
        cell = json.dumps({"arm": {"model": "ur5e"}, "cameras": {"front": {"fps": 10.0}}})
        bag = ArmBag(tmp_path / "bags" / f"episode_{number}", task, cell=cell)
        bag.say("/instruction", task)
        bag.wait(200)
        bag.do(LEFT, "policy", until=0.25, finish=False)
        bag.do(DOWN)
        bag.do(CLOSE)
        bag.close()
    return tmp_path / "bags"


def test_frames_are_the_images_with_what_was_measured_and_commanded(bags: Path) -> None:
    frames = frames_from_bag(bags / "episode_0")
    with Episode(bags / "episode_0") as episode:
        images = list(episode.images("front"))
        targets = [m.points[0].positions for _, _, m in episode.messages(["executor/action"])]
    assert frames.stamps_ns == [image.stamp_ns for image in images]
    assert (frames.fps, frames.robot, frames.names) == (10.0, "ur5e", (*NAMES, "gripper"))
    assert frames.measured_fps == pytest.approx(10.0)
    np.testing.assert_array_equal(frames.action[:, :6], targets)
    np.testing.assert_allclose(frames.state[:, :6], np.array(targets) - 0.01, atol=1e-12)
    for picture, image in zip(frames.pictures["front"], images, strict=True):
        np.testing.assert_array_equal(picture.load(), image.image)
    closed = frames.action[:, 6] == 0.0
    assert closed.any() and (np.diff(closed.astype(int)) >= 0).all()  # open until told to close
    assert [s for i, s in enumerate(frames.sources) if i == 0 or s != frames.sources[i - 1]] == [
        "", "policy", "correction", "", "correction", "",
    ]  # fmt: skip
    assert set(frames.motions) == {"", LEFT, DOWN, CLOSE}


def test_a_lerobot_data_set_equals_its_bags(bags: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "data"
    assert main(["convert", str(bags), str(out), "--to", "lerobot", "--licence", "cc-by-4.0", "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    dataset = LeRobotFiles(out)
    info = json.loads((out / "meta/info.json").read_text())
    assert (info["codebase_version"], info["total_episodes"], info["fps"]) == ("v3.0", 2, 10)
    total = 0
    for number in dataset.episodes:
        bag = frames_from_bag(bags / f"episode_{number}")
        table = dataset.table(number)
        count = len(bag.stamps_ns)
        total += count
        assert table["stamp_ns"].to_pylist() == list(bag.stamps_ns)
        seconds = (np.array(bag.stamps_ns) - bag.stamps_ns[0]) / 1e9
        np.testing.assert_allclose(table["timestamp"].to_pylist(), seconds, rtol=0, atol=1e-6)
        np.testing.assert_allclose(table["action"].to_pylist(), bag.action, rtol=0, atol=1e-6)
        np.testing.assert_allclose(table["observation.state"].to_pylist(), bag.state, rtol=0, atol=1e-6)
        np.testing.assert_allclose(table["tool_pose"].to_pylist(), bag.tool_pose, rtol=0, atol=1e-6)
        assert table["source"].to_pylist() == list(bag.sources)
        assert [dataset.tasks[task] for task in table["task_index"].to_pylist()] == list(bag.tasks)
        pictures = dataset.pictures(number, "observation.images.front", range(count), table)
        for picture, stamp in zip(pictures, bag.stamps_ns, strict=True):
            assert np.abs(picture.load().astype(int) - image_at(stamp)).max() <= 3
    assert sum(summary["samples"].values()) == info["total_frames"] == total
    statistics = json.loads((out / "meta/stats.json").read_text())
    assert statistics["action"]["count"] == [total] and len(statistics["action"]["q99"]) == 7
    assert np.shape(statistics["observation.images.front"]["mean"]) == (3, 1, 1)
    card = (out / "README.md").read_text()
    assert "license: cc-by-4.0" in card and "| stack the cups |" in card and "| correction |" in card


def test_a_lerobot_data_set_becomes_bags_again(bags: Path, tmp_path: Path) -> None:
    data, again = tmp_path / "data", tmp_path / "again"
    assert main(["convert", str(bags), str(data), "--to", "lerobot"]) == 0
    assert main(["convert", str(data), str(again), "--to", "bags"]) == 0
    for number in range(2):
        first = frames_from_bag(bags / f"episode_{number}")
        second = frames_from_bag(again / f"data_episode_{number:06d}")
        assert list(first.stamps_ns) == list(second.stamps_ns)
        assert list(first.tasks) == list(second.tasks)
        np.testing.assert_allclose(first.state, second.state, rtol=0, atol=1e-6)
        np.testing.assert_allclose(first.action[:, :6], second.action[:, :6], rtol=0, atol=1e-6)
        for one, two in zip(first.pictures["front"], second.pictures["front"], strict=True):
            assert np.abs(one.load().astype(int) - two.load()).max() <= 3


def test_what_cannot_become_a_lerobot_data_set_is_named(
    bags: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refusal(*words: object) -> str:
        assert main(["convert", *map(str, words)]) == 2
        assert not (tmp_path / "out").exists()
        return capsys.readouterr().err

    assert "is no LeRobot data set" in refusal(bags, tmp_path / "out", "--to", "bags")
    other = DemoBag(tmp_path / "other", "", cell=json.dumps({"cameras": {"front": {"fps": 10.0}}}))
    other.wait(200)
    other.close()
    assert "no instruction was recorded" in refusal(tmp_path / "other", tmp_path / "out", "--to", "lerobot")
    told = refusal(bags, tmp_path / "other", tmp_path / "out", "--to", "lerobot", "--instruction", "x")
    assert "other has the joints ('a'" in told and "convert them apart" in told
    blind = DemoBag(tmp_path / "blind")
    blind.close()
    assert 'no topic "/joint_states"' in refusal(tmp_path / "blind", tmp_path / "out", "--to", "lerobot")
    assert main(["convert", str(bags), str(tmp_path / "data"), "--to", "lerobot"]) == 0
    shards = tmp_path / "shards"
    assert main(["convert", str(bags), str(shards), "--to", "webdataset"]) == 0
    assert "is no bag" in refusal(shards, tmp_path / "out", "--to", "lerobot")


def test_a_bag_cut_off_in_the_middle_is_announced_and_used_as_far_as_it_goes(
    bags: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = frames_from_bag(bags / "episode_0")
    bag = ArmBag(tmp_path / "cut", "stack the cups", cell=json.dumps({"cameras": {"front": {"fps": 10.0}}}))
    bag.wait(200)
    bag.do(LEFT)
    bag.bag.flush()
    (file,) = bag.bag.unfinished_path.glob("*.mcap")
    whole_bytes = file.stat().st_size
    bag.do(DOWN)
    file = bag.close() / file.name
    file.write_bytes(file.read_bytes()[: whole_bytes + 1000])
    for target in ("lerobot", "webdataset"):
        assert main(["convert", str(tmp_path / "cut"), str(tmp_path / target), "--to", target]) == 0
        told = capsys.readouterr().err
        assert "was cut off" in told and f"roboact bags repair {tmp_path / 'cut'}" in told
    assert 0 < LeRobotFiles(tmp_path / "lerobot").table(0).num_rows < len(whole.stamps_ns)
    (samples,) = (source.read().samples for source in find_sources([tmp_path / "webdataset"]))
    assert [sample.supervision for sample in samples] == [LEFT]
