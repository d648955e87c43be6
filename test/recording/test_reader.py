"""Episodes give back topics, typed messages, images and a description."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from recorded import IMAGE, JOINTS, JPEG, STRING, T0, cdr, header, jpeg, text

from roboact_ros.cli import main
from roboact_ros.errors import RecordingError
from roboact_ros.recording.bag_writer import BagWriter
from roboact_ros.recording.reader import Episode
from roboact_ros.recording.summary import summarise

S = 1_000_000_000
CELL = json.dumps({"name": "demo", "namespace": "left_cell"})


def picture(i: int) -> np.ndarray:
    """Return an image whose left half is red and gets brighter."""
    image = np.zeros((48, 64, 3), np.uint8)
    image[:, :32, 0] = 20 * i
    return image


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    """Ten images at 10 Hz, joint states at 100 Hz with a silence of 0.5 s, and some words."""
    with BagWriter(tmp_path / "episode", {"cell": CELL, "instruction": "", "outcome": "saved"}) as bag:
        bag.write("/left_cell/instruction", STRING, text("stack the cups"), T0)
        for i in range(100):
            now = T0 + i * S // 100
            if not 30 <= i < 80:
                joints = cdr(
                    JOINTS, header=header(now), name=["a"], position=np.ones(1), velocity=np.ones(1), effort=np.ones(1)
                )
                bag.write("/left_cell/joint_states", JOINTS, joints, now)
            if i % 10 == 0:
                bag.write("/left_cell/camera/front/image/compressed", JPEG, jpeg(picture(i // 10), now - 5), now)
        bag.write("/left_cell/correction", STRING, text("no, further left"), T0 + S)
        bag.write("/left_cell/teleop/motion", STRING, text("move left"), T0 + S + 1)
    return tmp_path / "episode"


def test_topics_can_be_named_relative_to_the_cell(bag: Path) -> None:
    with Episode(bag) as episode:
        relative = [message.data for _, _, message in episode.messages(["correction", "teleop/motion"])]
        full = [message.data for _, _, message in episode.messages(["/left_cell/correction"])]
        assert relative == ["no, further left", "move left"]
        assert full == relative[:1]
        assert episode.instruction == "stack the cups"
        assert episode.cell["name"] == "demo"
        assert episode.duration == pytest.approx(1.000000001)
        with pytest.raises(RecordingError, match='did you mean "/left_cell/correction"'):
            list(episode.messages(["corection"]))


def test_images_come_back_in_rgb_with_their_moment_of_exposure(bag: Path) -> None:
    with Episode(bag) as episode:
        frames = list(episode.images("front"))
        with pytest.raises(RecordingError, match='no images of "wrist"'):
            list(episode.images("wrist"))
    assert [frame.stamp_ns for frame in frames] == [T0 + i * S // 10 - 5 for i in range(10)]
    assert {frame.camera for frame in frames} == {"front"}
    for i, frame in enumerate(frames):
        np.testing.assert_allclose(frame.image[:, 4:28].mean(axis=(0, 1)), [20 * i, 0, 0], atol=4)


@pytest.mark.parametrize("encoding", ["rgb8", "bgr8", "rgba8", "bgra8"])
def test_raw_images_come_back_in_rgb_whatever_their_encoding(tmp_path: Path, encoding: str) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    pixels = rgb if encoding.startswith("rgb") else rgb[..., ::-1]
    if encoding.endswith("a8"):
        pixels = np.concatenate([pixels, np.full((5, 7, 1), 9, np.uint8)], axis=2)
    padded = np.zeros((5, pixels[0].size + 3), np.uint8)
    padded[:, :-3] = pixels.reshape(5, -1)
    message = cdr(
        IMAGE,
        header=header(T0),
        height=5,
        width=7,
        encoding=encoding,
        is_bigendian=0,
        step=padded.shape[1],
        data=padded.reshape(-1),
    )
    with BagWriter(tmp_path / "episode") as bag:
        bag.write("/camera/front/image_raw", IMAGE, message, T0)
    with Episode(tmp_path / "episode") as episode:
        (frame,) = episode.images("front")
    np.testing.assert_array_equal(frame.image, rgb)


def test_the_summary_finds_words_motions_rates_and_gaps(bag: Path) -> None:
    summary = summarise(bag)
    assert [event.text for event in summary.said] == ["stack the cups", "no, further left"]
    assert [event.text for event in summary.motions] == ["move left"]
    ((gap),) = summary.gaps
    assert gap.topic == "/left_cell/joint_states"
    assert (gap.seconds, gap.length) == (pytest.approx(0.29), pytest.approx(0.51))
    rates = {topic.name: topic.rate for topic in summary.topics}
    assert rates["/left_cell/camera/front/image/compressed"] == pytest.approx(10, rel=0.01)


def test_a_camera_that_falls_silent_is_a_gap_until_the_end(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "episode") as bag:
        for i in range(100):
            bag.write("/joint_states", JOINTS, b"", T0 + i * S // 100)
            if 20 <= i < 60 and i % 10 == 0:
                bag.write("/camera/front/image/compressed", JPEG, b"", T0 + i * S // 100)
    gaps = [gap for gap in summarise(tmp_path / "episode").gaps if "camera" in gap.topic]
    assert [(gap.seconds, gap.length) for gap in gaps] == [(pytest.approx(0.5), pytest.approx(0.49))]


def test_bags_lists_describes_and_repairs(bag: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    crashed = BagWriter(tmp_path / "later")
    crashed.write("/words", STRING, text("a"), T0)
    crashed.flush()
    crashed.abandon()

    assert main(["bags", str(tmp_path), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(b["name"], b["state"], b["messages"]) for b in listed] == [
        ("episode", "saved", 63),
        ("later.recording", "unfinished", None),
    ]
    assert main(["bags", "list", str(tmp_path)]) == 0
    assert f"roboact bags repair {tmp_path / 'later.recording'}" in capsys.readouterr().out
    assert main(["bags", "repair", str(tmp_path / "later.recording")]) == 0
    assert "1 messages" in capsys.readouterr().out
    assert main(["bags", "show", str(bag), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["instruction"] == "stack the cups"
    assert main(["bags", "show", str(bag)]) == 0
    assert "no, further left" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [["list", "/nonexistent"], ["show"], ["repair"], ["one", "two"], ["show", "/nonexistent"]]
)
def test_bags_refuses_what_it_cannot_do(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bags", *words]) == 2
    assert capsys.readouterr().err.startswith("roboact bags: ")
