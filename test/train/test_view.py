"""``roboact view`` makes pictures of whole and of damaged episodes, and says what cannot be shown."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from data_bags import DemoBag, image_at

from roboact_ros.cli import main
from roboact_ros.recording.bag_writer import BagWriter
from roboact_ros.recording.reader import Episode
from roboact_ros.recording.timeline import timeline

LEFT, DOWN = "move the arm to the left by twenty centimeters", "lower the arm by five centimeters"


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    bag = DemoBag(tmp_path / "episode")
    bag.wait(300)
    bag.do(LEFT, "policy", until=0.5, finish=False)
    bag.do(DOWN)
    return bag.close()


def test_the_course_of_an_episode_is_found(bag: Path) -> None:
    with Episode(bag) as episode:
        it = timeline(episode)
        assert [(step.phrase, step.source) for step in it.steps] == [(LEFT, "policy"), (DOWN, "teleop")]
        assert it.steps[0].end == it.steps[1].begin > it.steps[0].begin
        arm = it.arms[""]
        assert len(it.images["front"]) == it.summary.topics[1].count == len(arm.tool.seconds)
        np.testing.assert_allclose(arm.tool.values[:, 0], arm.tool.seconds, atol=1e-9)  # the tool moves 1 m/s
        assert arm.gripper.names == () and not len(arm.gripper.seconds)


def test_both_arms_of_a_cell_are_shown(tmp_path: Path) -> None:
    left = DemoBag(tmp_path / "two", cell=json.dumps({"arms": {"left": {}, "right": {}}}), arm="left")
    left.wait(200)
    left.close()
    with Episode(tmp_path / "two") as episode:
        arms = timeline(episode).arms
    assert list(arms) == ["left", "right"]
    assert len(arms["left"].tool.seconds) > 2 and not len(arms["right"].tool.seconds)
    sheet = tmp_path / "two.png"
    assert main(["view", str(tmp_path / "two"), "--sheet", str(sheet)]) == 0
    assert main(["view", str(tmp_path / "two"), "--rrd", str(tmp_path / "e.rrd")]) == 0


def test_without_a_display_there_is_a_contact_sheet(
    bag: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert main(["view", str(bag)]) == 0
    shown = capsys.readouterr()
    assert shown.out.strip() == "episode.png" and "there is no display" in shown.err
    sheet = cv2.cvtColor(cv2.imread(str(tmp_path / "episode.png")), cv2.COLOR_BGR2RGB)
    with Episode(bag) as episode:
        first = next(iter(episode.images("front")))
    assert (sheet == image_at(first.stamp_ns)[0, 0]).all(axis=2).sum() > 200 * 150  # the first image is in it
    assert main(["view", str(bag), "--sheet", str(tmp_path / "a.xyz")]) == 2
    assert main(["view", str(bag), "--sheet", str(tmp_path / "no" / "a.png")]) == 2


def test_a_rerun_recording_is_written(bag: Path, tmp_path: Path) -> None:
    assert main(["view", str(bag), "--rrd", str(tmp_path / "e.rrd")]) == 0
    assert (tmp_path / "e.rrd").read_bytes()[:3] == b"RRF"


def test_damaged_empty_and_blind_episodes(bag: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (file,) = bag.glob("*.mcap")
    file.write_bytes(file.read_bytes()[:-20])
    sheet = ["--sheet", str(tmp_path / "s.png")]
    assert main(["view", str(bag), *sheet]) == 0
    assert "was cut off: " in capsys.readouterr().err
    assert main(["bags", str(tmp_path)]) == 0
    assert f"roboact bags repair {bag}" in capsys.readouterr().out
    assert main(["bags", "repair", str(bag)]) == 0
    capsys.readouterr()
    assert main(["bags", str(tmp_path)]) == 0
    assert "repaired" in capsys.readouterr().out
    BagWriter(tmp_path / "empty").close()
    assert main(["view", str(tmp_path / "empty"), *sheet]) == 2
    assert "is empty: no message was recorded" in capsys.readouterr().err
    with BagWriter(tmp_path / "blind") as blind, Episode(bag) as episode:
        for raw in episode.raw_messages(["executor/status"]):
            blind.write(raw.topic.name, raw.topic.type_name, bytes(raw.data), raw.log_time_ns)
    assert main(["view", str(tmp_path / "blind"), *sheet]) == 0
    assert main(["view", str(tmp_path / "nothing")]) == 2
