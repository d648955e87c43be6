"""The shelf of episodes: lists, plays, and opens nothing else."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parent.parent / "recording"))
from recorded import JPEG, STRING, T0, cdr, header, jpeg, text  # noqa: E402

from roboact_ros.console.shelf import Shelf  # noqa: E402
from roboact_ros.errors import RecordingError  # noqa: E402
from roboact_ros.recording.bag_writer import BagWriter  # noqa: E402
from roboact_ros.recording.summary import summarise  # noqa: E402

STEP = 100_000_000
IMAGES = 20


def record(path: Path, last: bytes | None = None) -> Path:
    """Write an episode with twenty images and three sentences."""
    notes = {"instruction": "stack the cups", "outcome": "saved", "note": "a good one"}
    notes["cell"] = json.dumps({"namespace": "left", "cameras": {"front": {}}})
    with BagWriter(path, notes) as bag:
        for i in range(IMAGES):
            at = T0 + i * STEP
            image = np.full((24, 32, 3), 10 * i, np.uint8)
            bag.write("/left/camera/front/image/compressed", JPEG, jpeg(image, at), at, at)
            if i % 8 == 0:
                bag.write("/left/correction", STRING, text(f"sentence {i}"), at, at)
        if last is not None:
            message = cdr(JPEG, header=header(at), format="jpeg", data=np.frombuffer(last, np.uint8))
            bag.write("/left/camera/front/image/compressed", JPEG, message, at + 1, at + 1)
    return path


def test_an_episode_plays_as_it_was_recorded(tmp_path: Path) -> None:
    record(tmp_path / "one")
    shelf = Shelf(tmp_path)
    (listed,) = shelf.listed()
    assert (listed.name, listed.instruction) == ("one", "stack the cups")
    episode = shelf.open("one")
    assert episode.content.cameras == {"front": [round(i * 0.1, 3) for i in range(IMAGES)]}
    assert [(m.seconds, m.text) for m in episode.content.moments] == [
        (0.0, "sentence 0"),
        (0.8, "sentence 8"),
        (1.6, "sentence 16"),
    ]
    assert episode.content.notes["note"] == "a good one" and "cell" not in episode.content.notes
    kind, data = episode.image("front", 7)
    assert kind == "image/jpeg" and data.startswith(b"\xff\xd8")
    assert shelf.open("one") is episode


def test_what_was_said_to_one_arm_of_two_is_told_of_that_arm(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "two", {"cell": json.dumps({"namespace": "", "arms": {"left": {}, "right": {}}})}) as bag:
        for i, topic in enumerate(("/correction", "/right/teleop/motion", "/left/correction")):
            bag.write(topic, STRING, text(f"sentence {i}"), T0 + i * STEP, T0 + i * STEP)
    moments = Shelf(tmp_path).open("two").content.moments
    assert [(m.kind, m.text) for m in moments] == [
        ("correction", "sentence 0"),
        ("right/teleop/motion", "sentence 1"),
        ("left/correction", "sentence 2"),
    ]
    summary = summarise(tmp_path / "two")
    assert [event.topic for event in summary.said + summary.motions] == [
        "/correction",
        "/left/correction",
        "/right/teleop/motion",
    ]


def test_an_episode_cut_off_in_the_middle_plays_up_to_there(tmp_path: Path) -> None:
    path = record(tmp_path / "one")
    (file,) = path.glob("*.mcap")
    (path / "metadata.yaml").unlink()
    whole = file.read_bytes()
    for share in (0.3, 0.6, 0.95):
        file.write_bytes(whole[: int(share * len(whole))])
        shelf = Shelf(tmp_path)
        assert shelf.listed()[0].state == "unfinished"
        content = shelf.open("one").content
        assert not content.complete
        for index in range(len(content.cameras.get("front", []))):
            shelf.open("one").image("front", index)


@pytest.mark.parametrize(
    "metadata",
    [b"", b"rosbag2_bagfile_info", b"rosbag2_bagfile_information: 3", b"rosbag2_bagfile_information: {}", b"\xff\x00"],
)
def test_a_damaged_episode_hides_no_other(tmp_path: Path, metadata: bytes) -> None:
    record(tmp_path / "one")
    (record(tmp_path / "two") / "metadata.yaml").write_bytes(metadata)
    shelf = Shelf(tmp_path)
    assert {bag.name: bag.state for bag in shelf.listed()} == {"one": "saved", "two": "damaged"}
    assert shelf.open("two").content.complete


def test_damage_anywhere_is_a_refusal(tmp_path: Path) -> None:
    path = record(tmp_path / "one")
    (file,) = path.glob("*.mcap")
    whole = file.read_bytes()
    generator = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(whole)
        for at in generator.integers(len(whole), size=int(generator.integers(1, 100))):
            damaged[at] = int(generator.integers(256))
        file.write_bytes(damaged)
        shelf = Shelf(tmp_path)
        assert len(shelf.listed()) == 1
        try:
            content = shelf.open("one").content
            for index in range(len(content.cameras.get("front", []))):
                shelf.open("one").image("front", index)
        except RecordingError:
            pass  # any other error would be a failure of this test


@pytest.mark.parametrize("name", ["", ".", "..", "../secret", "/etc", "one/../one", "two", "one\0"])
def test_only_episodes_of_the_folder_are_opened(tmp_path: Path, name: str) -> None:
    record(tmp_path / "bags" / "one")
    record(tmp_path / "secret")
    with pytest.raises(RecordingError, match="no episode"):
        Shelf(tmp_path / "bags").open(name)


def test_images_that_are_none_are_refused(tmp_path: Path) -> None:
    record(tmp_path / "one", last=b"<script>alert(1)</script>")
    episode = Shelf(tmp_path).open("one")
    for camera, index in (("front", IMAGES), ("front", IMAGES + 1), ("back", 0), ("", 0)):
        with pytest.raises(RecordingError):
            episode.image(camera, index)


def test_a_folder_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    assert Shelf(tmp_path / "bags").listed() == []
