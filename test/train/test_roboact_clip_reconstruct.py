"""Annotated videos become a data set of single actions, whatever is wrong with some of them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from data_bags import DemoBag
from language_model import answers, endpoint
from rh20t_layout import TEXTS, by_rules, every_kind, sequence, video
from tiny_training import colour_shard

from roboact_ros.cli import main
from roboact_ros.errors import RecordingError
from roboact_train.data.shards import read_shard
from roboact_train.roboact_clip.clips import FRAMES, Clip
from roboact_train.roboact_clip.dataset import AtomicClip, read_dataset
from roboact_train.roboact_clip.frames import frame_numbers, read_frames
from roboact_train.roboact_clip.reconstruct import open_folder
from roboact_train.roboact_clip.sources import find_clip_sources


@pytest.fixture
def rh20t(tmp_path: Path) -> Path:
    return every_kind(tmp_path / "RH20T")


def test_rh20t_becomes_videos_of_single_actions(rh20t: Path, tmp_path: Path) -> None:
    counts = by_rules(rh20t, tmp_path / "out")
    table = {"Total Videos": 3, "Unique Tasks": 1, "Distinct Atomic Actions": 1, "Total Frames": 55}
    assert counts.table == table and counts.short == 1
    assert counts.left_out == {
        "cannot be used": 2,
        "no text": 2,
        "a single frame": 1,
        "more than one action": 1,
        "unknown action": 1,
    }
    assert counts.unknown_actions == {"juggle": 1}
    kept = read_dataset(tmp_path / "out")
    assert [clip.triplet.subject for clip in kept] == ["robot", "human", "robot"]
    assert all((clip.triplet.action, clip.triplet.object) == ("open", "drawer") for clip in kept)
    lines = (tmp_path / "out" / "clips.jsonl").read_text().splitlines()
    assert json.loads(lines[1])["description"] == "Human open drawer, action is open, object is drawer."
    classes = json.loads((tmp_path / "out" / "classes.json").read_text())
    assert classes == {"subjects": ["robot", "human"], "actions": ["open"], "objects": ["drawer"]}
    details = [json.loads(line)["detail"] for line in (tmp_path / "out" / "left_out.jsonl").read_text().splitlines()]
    assert "pick up cup; place" in details and "color.mp4 is damaged or cut off" in details


def test_every_left_out_video_is_named_and_none_is_lost(rh20t: Path, tmp_path: Path) -> None:
    by_rules(rh20t, tmp_path / "out")
    names = [clip.clip.name for clip in read_dataset(tmp_path / "out")]
    names += [json.loads(row)["name"] for row in (tmp_path / "out" / "left_out.jsonl").read_text().splitlines()]
    assert len(set(names)) == len(names) == sum(1 for _ in rh20t.glob("*/task_*"))


def test_a_second_run_looks_only_at_what_is_new(rh20t: Path, tmp_path: Path) -> None:
    by_rules(rh20t, tmp_path / "out")
    journal = tmp_path / "out" / "scan.jsonl"
    looked_at = journal.read_text().splitlines()
    assert len(looked_at) == 8  # the two faulty ones will be looked at again
    before = read_dataset(tmp_path / "out")
    by_rules(rh20t, tmp_path / "out")
    assert read_dataset(tmp_path / "out") == before
    assert journal.read_text().splitlines() == looked_at
    video(rh20t / "RH20T_cfg1" / Path(before[0].clip.name).parent / "cam_1" / "color.mp4", 3)
    by_rules(rh20t, tmp_path / "out")
    assert len(journal.read_text().splitlines()) == 9
    assert len(read_dataset(tmp_path / "out")) == 4


def test_no_text_is_too_long(tmp_path: Path) -> None:
    sequence(tmp_path, 1, 2)
    (tmp_path / "task_description.json").write_text(json.dumps({"task_0001": "with and " * 30_000}))
    assert by_rules(tmp_path, tmp_path / "out").left_out == {"more than 1000 characters": 1}


def test_failed_sequences_can_be_left_out(tmp_path: Path) -> None:
    sequence(tmp_path, 1, 3, rating=1)
    sequence(tmp_path, 1, 3, human=True, rating=0)
    (tmp_path / "task_description.json").write_text(json.dumps({"task_0001": TEXTS["task_0001"]}))
    good, bad = (source.clips() for source in reversed(find_clip_sources([tmp_path], least_rating=2)))
    assert [clip.fault for clip in (*good, *bad)] == ["", "rated 1, below 2"]


def test_rh20t_without_its_texts_is_refused(tmp_path: Path) -> None:
    sequence(tmp_path, 1, 3)
    with pytest.raises(RecordingError, match=r"without its texts; put task_description\.json"):
        find_clip_sources([tmp_path])


def clip_of(source: Path) -> Clip:
    (clip,) = (clip for found in find_clip_sources([source]) for clip in found.clips())
    return clip


def greys(clip: Clip) -> list[int]:
    return [round(float(image.mean()) / 8) for image in read_frames(clip)]


@pytest.mark.parametrize("frames", [2, 5, 16, 31])
def test_frames_go_from_the_first_to_the_last(frames: int, tmp_path: Path) -> None:
    folder = sequence(tmp_path, 1, frames)
    (tmp_path / "task_description.json").write_text(json.dumps({"task_0001": "open the box"}))
    clip = clip_of(tmp_path)
    numbers = frame_numbers(clip)
    assert len(numbers) == FRAMES and (numbers[0], numbers[-1]) == (0, frames - 1)
    assert numbers == sorted(numbers) and np.ptp(np.diff(numbers)) <= 1
    assert greys(clip) == numbers
    images = folder / "cam_750612070851" / "color"
    images.mkdir()
    for number in range(frames):
        cv2.imwrite(str(images / f"{998 + number}.jpg"), np.full((8, 8, 3), 8 * number, np.uint8))
    clip = clip_of(tmp_path)
    assert clip.kind == "images" and greys(clip) == numbers
    (images / "998.jpg").unlink()
    with pytest.raises(RecordingError, match="images are left"):
        read_frames(clip)


def test_a_clip_of_one_frame_or_none_is_no_surprise(tmp_path: Path) -> None:
    assert frame_numbers(Clip("a", "video", "a", "c", 7, 8, "")) == [7] * FRAMES
    with pytest.raises(RecordingError, match="has no frame"):
        frame_numbers(Clip("a", "video", "a", "c", 7, 7, ""))


@pytest.fixture
def bags(tmp_path: Path) -> Path:
    bag = DemoBag(tmp_path / "bags" / "one", "close the drawer")
    for task in ("open the drawer", "close the drawer"):
        bag.say("/instruction", task)
        bag.wait(500)
    bag.close()
    noted = DemoBag(tmp_path / "bags" / "two", "point at the red block")
    noted.wait(300)
    noted.close()
    (tmp_path / "bags" / "three").mkdir()
    (tmp_path / "bags" / "three" / "metadata.yaml").write_text("rosbag2_bagfile_information: {}")
    return tmp_path / "bags"


def triplets(clips: list[AtomicClip]) -> list[tuple[str, str, str, int]]:
    return [(row.triplet.subject, row.triplet.action, row.triplet.object, row.clip.frames) for row in clips]


def test_a_bag_gives_one_clip_for_each_task_in_it(bags: Path, tmp_path: Path) -> None:
    counts = by_rules(bags, tmp_path / "out")
    clips = read_dataset(tmp_path / "out")
    wanted = [("robot", "open", "drawer"), ("robot", "close", "drawer"), ("robot", "point at", "block")]
    assert [found[:3] for found in triplets(clips)] == wanted
    assert clips[0].clip.end == clips[1].clip.begin and counts.left_out == {"cannot be used": 1}
    images = read_frames(clips[1].clip)
    # Red tells the time of an image in the test's bags: 100 ms a step.
    assert [int(image[0, 0, 0]) for image in images] == frame_numbers(clips[1].clip)


def test_a_lerobot_data_set_gives_the_same_clips_as_a_video(tmp_path: Path, bags: Path) -> None:
    (bags / "three" / "metadata.yaml").unlink()
    assert main(["convert", str(bags), str(tmp_path / "lerobot"), "--to", "lerobot"]) == 0
    by_rules(bags, tmp_path / "from_bags")
    by_rules(tmp_path / "lerobot", tmp_path / "from_lerobot")
    one, other = read_dataset(tmp_path / "from_bags"), read_dataset(tmp_path / "from_lerobot")
    assert triplets(one) == triplets(other)
    assert [image.shape for image in read_frames(other[0].clip)] == [(24, 32, 3)] * FRAMES


def test_episodes_in_shards_are_clips(tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    shard = colour_shard(tmp_path / "shards" / "shard-000000.tar", count=24, episodes=4)
    (source,) = find_clip_sources([tmp_path / "shards"])

    clips = source.clips()

    steps = list(read_shard(shard))
    assert sum(clip.frames for clip in clips) == 24
    assert {(clip.kind, clip.path) for clip in clips} == {("shard", str(shard))}
    clip = clips[3]
    assert clip.text == steps[clip.begin].instruction
    seen = read_frames(clip, clip.frames)
    assert all(np.array_equal(a, b.image) for a, b in zip(seen, steps[clip.begin : clip.end], strict=True))
    colour_shard(shard, count=clips[-1].begin, episodes=4)
    with pytest.raises(RecordingError, match="samples are left"):
        read_frames(clips[-1])


def test_the_command(rh20t: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "out")
    assert main(["reconstruct", str(rh20t), "--output", out, "--action", "juggle", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["table"]["Total Videos"] == 4 and told["actions"] == {"open": 3, "juggle": 1}
    assert main(["reconstruct", str(rh20t), "--output", out]) == 0
    text = capsys.readouterr().out
    assert "Distinct Atomic Actions" in text and "unknown action: juggle" in text
    with endpoint() as server:
        server.behave = answers({"subject": "human", "actions": [{"verb": "shuts", "object": "the green door"}]})
        asking = ["--annotator", "endpoint", "--endpoint", server.url, "--json"]
        for _ in range(2):
            assert main(["reconstruct", str(rh20t), "--output", out, *asking]) == 0
            told = json.loads(capsys.readouterr().out)
            assert told["objects"] == {"door": 5} and told["subjects"] == {"robot": 4, "human": 1}
        assert len(server.requests) == 3, "once for each text"
        assert all("response_format" not in request for _, _, request in server.requests)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--annotator", "endpoint"], "belong together"),
        (["--endpoint", "http://127.0.0.1:1/v1"], "belong together"),
        (["--annotator", "endpoint", "--endpoint", "http://127.0.0.1:1/v1", "--colours"], "goes with the rule parser"),
        (["--action", "grab"], 'it means "grasp"'),
        (["--annotator", "endpoint", "--endpoint", "http://127.0.0.1:1/v1", "--at-once", "0"], "at least one question"),
        (["--annotator", "endpoint", "--endpoint", "http://127.0.0.1:1/v1", "--timeout", "0"], "--timeout is above 0"),
    ],
)
def test_what_is_refused(
    arguments: list[str], reason: str, rh20t: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reconstruct", str(rh20t), "--output", str(tmp_path / "out"), *arguments]) == 2
    assert reason in capsys.readouterr().err


def test_sources_and_disks_of_no_use_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for source in (tmp_path / "nowhere", tmp_path):
        assert main(["reconstruct", str(source), "--output", str(tmp_path / "out")]) == 2
        assert str(source) in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError, match="file"):
        open_folder(tmp_path / "file" / "out")
    assert os.listdir(tmp_path) == ["file"]
