"""Every layout gives back what was written, whole or not at all, and names what is wrong with it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from data_bags import samples

from roboact_ros.errors import RecordingError
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.policies.clip_rt import PROMPT
from roboact_train.data.atomic import whole_folder
from roboact_train.data.clip_rt_csv import FIELDS, caption_of, read_table, write_table
from roboact_train.data.clip_rt_raw import episode_folders, read_episode, write_dataset
from roboact_train.data.samples import DATASET, Sample
from roboact_train.data.shards import ShardWriter, read_shard, shard_files


def write_shard(folder: Path, given: list[Sample]) -> Path:
    with ShardWriter(folder / "shard-000000.tar") as shard:
        for sample in given:
            shard.write(sample)
    return folder / "shard-000000.tar"


def same_images(one: list[Sample], other: list[Sample]) -> bool:
    return all(np.array_equal(a.image, b.image) for a, b in zip(one, other, strict=True))


def without(sample: Sample) -> Sample:
    return replace(sample, picture=None, episode="")  # type: ignore[arg-type]


def test_the_released_layout_gives_back_what_was_written(tmp_path: Path) -> None:
    first, second = samples(6, "a"), samples(3, "b", "open the drawer")
    write_dataset(tmp_path, [first, second, samples(4, "c")])
    folders = episode_folders(tmp_path)
    names = [str(folder.relative_to(tmp_path)) for folder in folders]
    assert names == ["task_0/episode_0", "task_0/episode_1", "task_1/episode_0"]
    for folder, written in ((folders[0], first), (folders[2], second)):
        read = read_episode(folder).samples
        assert [without(s) for s in read] == [without(s) for s in written]
        assert same_images(read, written)
    keys = {"instruction", "supervision", "action", "openx_action", "prev_eef_pose", "eef_pose", "prev_joint", "joint"}
    for file in sorted(folders[0].glob("*.json")):
        step = json.loads(file.read_text())
        assert keys | {"image_path"} <= set(step)
        assert (len(step["action"]), len(step["openx_action"])) == (8, 7)
        assert (file.parent / step["image_path"]).is_file()
    assert step["supervision"] == "done"


def test_the_7_d_action_follows_the_state_of_the_gripper(tmp_path: Path) -> None:
    (sample,) = samples(1)
    moves = [
        replace(sample, supervision=PRIMITIVES[i].phrase, action=PRIMITIVES[i].action, label=i) for i in (3, 56, 4)
    ]
    write_dataset(tmp_path, [[replace(move, stamp_ns=n * 10**9) for n, move in enumerate(moves)]])
    steps = [json.loads(file.read_text()) for file in sorted(tmp_path.glob("*/*/*.json"))]
    assert [step["openx_action"][6] for step in steps] == [1.0, 0.0, 0.0]
    assert [step["action"][7] for step in steps] == [1.0, 0.0, 1.0]


def test_both_gripper_variants_of_a_motion_are_the_same_motion(tmp_path: Path) -> None:
    write_dataset(tmp_path, [samples(1 + 1)])
    (file, _) = sorted(tmp_path.glob("*/*/*.json"))
    step = json.loads(file.read_text())
    step["action"][7] = 0
    file.write_text(json.dumps(step))
    assert read_episode(file.parent).samples[0].action == samples(2)[0].action


DAMAGE: list[tuple[str, Callable[[dict[str, object]], object]]] = [
    ("damaged or cut off", lambda step: None),
    ('"instruction" should be a string', lambda step: step.update(instruction=3)),
    ('"action" should be 8 finite numbers', lambda step: step.update(action=[0.1] * 7)),
    ('"action" should be 8 finite numbers', lambda step: step.update(action=[float("nan")] * 8)),
    ("several vocabularies", lambda step: step.update(supervision="dance")),
    ("several vocabularies", lambda step: step.update(supervision="raise the arm")),
    ('"joint" is missing', lambda step: step.pop("joint")),
    ('"eef_pose" should be 6', lambda step: step.update(eef_pose=[1, 2])),
]


@pytest.mark.parametrize(("reason", "damage"), DAMAGE)
def test_a_bad_step_is_named(tmp_path: Path, reason: str, damage: Callable[[dict[str, object]], object]) -> None:
    write_dataset(tmp_path, [samples(2)])
    file = sorted(tmp_path.glob("*/*/*.json"))[0]
    step = json.loads(file.read_text())
    unchanged = damage(step) is None and step == json.loads(file.read_text())
    file.write_text('{"instruction": "sta' if unchanged else json.dumps(step))
    with pytest.raises(RecordingError, match=reason) as error:
        read_episode(file.parent)
    assert str(file) in str(error.value)


def test_missing_and_damaged_images_are_named(tmp_path: Path) -> None:
    write_dataset(tmp_path, [samples(2)])
    first, second = sorted(tmp_path.glob("*/*/*.png"))
    first.write_bytes(first.read_bytes()[:-200])
    read = read_episode(first.parent).samples
    with pytest.raises(RecordingError, match="damaged or cut off") as error:
        _ = read[0].image
    assert str(first) in str(error.value)
    second.unlink()
    with pytest.raises(RecordingError, match=f"its image {second.name} is missing"):
        read_episode(first.parent)


def test_the_table_gives_back_images_words_and_labels(tmp_path: Path) -> None:
    written = samples(6)
    write_table(tmp_path, written)
    assert (tmp_path / "samples.csv").read_text().splitlines()[0] == ",".join(FIELDS)
    read = read_table(tmp_path / "samples.csv").samples
    assert [(s.instruction, s.supervision, s.label, s.source) for s in read] == [
        (s.instruction, s.supervision, s.label, DATASET) for s in written
    ]
    assert [s.action for s in read] == [s.action for s in written]
    assert same_images(read, written)


def test_captions_are_the_question_of_the_policy() -> None:
    assert caption_of("close the laptop") == PROMPT.format(instruction="close the laptop")


def relabelled(path: Path, change: Callable[[list[str], int], list[str]]) -> None:
    with path.open(newline="") as file:
        head, *rows = list(csv.reader(file))
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([head, *(change(row, i) for i, row in enumerate(rows))])


def test_labels_of_a_table_may_be_any_integers(tmp_path: Path) -> None:
    write_table(tmp_path, samples(6))
    relabelled(tmp_path / "samples.csv", lambda row, i: [*row[:3], str(7000 - int(row[3]) * 13)])
    read = read_table(tmp_path / "samples.csv").samples
    assert [s.label for s in read] == [s.label for s in samples(6)]


@pytest.mark.parametrize(
    ("reason", "row"),
    [
        (r"line 3: label \d+ stands for", ["images/0000000.png", caption_of("x"), "open the gripper", "20"]),
        (
            "line 3: the supervision .*another|several vocabularies",
            ["images/0000000.png", caption_of("x"), "sing", "1"],
        ),
        ("line 3: the caption", ["images/0000000.png", "do it", "open the gripper", "1"]),
        ("line 3: the label", ["images/0000000.png", caption_of("x"), "open the gripper", "1.5"]),
        ("line 3: its image .*/gone.png is missing", ["gone.png", caption_of("x"), "open the gripper", "1"]),
        ("line 3: a row has 4 entries", ["images/0000000.png", caption_of("x")]),
        ("line 3: a sample has no instruction|no instruction", ["images/0000000.png", caption_of(""), "open it", "1"]),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, reason: str, row: list[str]) -> None:
    write_table(tmp_path, samples(4))
    relabelled(tmp_path / "samples.csv", lambda old, i: row if i == 1 else [*old[:3], "20"] if i == 0 else old)
    with pytest.raises(RecordingError, match=reason):
        read_table(tmp_path / "samples.csv")


def test_a_table_with_another_header_or_none_is_named(tmp_path: Path) -> None:
    for content in ("", "a,b\n1,2\n", ",".join(FIELDS) + "\n"):
        (tmp_path / "t.csv").write_text(content)
        with pytest.raises(RecordingError, match=r"t.csv(: the header| has no row)"):
            read_table(tmp_path / "t.csv")


def test_shards_give_back_everything_and_keep_jpegs_as_they_are(tmp_path: Path) -> None:
    written = samples(6)
    read = list(read_shard(write_shard(tmp_path, written)))
    assert [replace(s, picture=None) for s in read] == [replace(s, picture=None) for s in written]  # type: ignore[arg-type]
    assert same_images(read, written)
    assert shard_files(tmp_path) == [tmp_path / "shard-000000.tar"]
    content = (tmp_path / "shard-000000.tar").read_bytes()
    assert write_shard(tmp_path, written).read_bytes() == content


def test_the_webdataset_library_reads_our_shards_and_we_read_its(tmp_path: Path) -> None:
    webdataset = pytest.importorskip("webdataset")
    written = samples(5)
    path = write_shard(tmp_path, written)
    read = list(webdataset.WebDataset(str(path), shardshuffle=False).decode("rgb8").to_tuple("jpg", "json"))
    assert [notes["label"] for _, notes in read] == [s.label for s in written]
    # Its decoder is another one than ours: a JPEG may differ by a rounding.
    assert np.abs(read[0][0].astype(int) - written[0].image).max() <= 3
    raw = list(webdataset.WebDataset(str(path), shardshuffle=False))
    with webdataset.TarWriter(str(tmp_path / "theirs.tar")) as sink:
        for entry in raw:
            sink.write({key: value for key, value in entry.items() if key in ("__key__", "jpg", "json")})
    assert [s.label for s in read_shard(tmp_path / "theirs.tar")] == [s.label for s in written]


def test_a_shard_cut_anywhere_is_named_with_the_number_of_good_samples(tmp_path: Path) -> None:
    path = write_shard(tmp_path, samples(4))
    content = path.read_bytes()
    whole = content.rstrip(b"\0")
    for size in (0, 100, 512, 1500, len(whole) // 2, len(whole) - 10, len(whole) + 100):
        path.write_bytes(content[:size])
        good = []
        with pytest.raises(RecordingError, match=r"shard-000000.tar.*; \d samples before") as error:
            for sample in read_shard(path):
                good.append(sample)
        assert f"; {len(good)} samples" in str(error.value)
    assert len(good) == 4


def test_shards_of_another_vocabulary_are_named(tmp_path: Path) -> None:
    path = write_shard(tmp_path, samples(3))
    path.write_bytes(path.read_bytes().replace(b'"clip_rt/58"', b'"clip_rt/50"'))
    with pytest.raises(RecordingError, match="several vocabularies"):
        list(read_shard(path))


def test_a_folder_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    with pytest.raises(KeyError), whole_folder(out) as folder:
        (folder / "half").write_text("x")
        raise KeyError
    assert list(out.parent.iterdir()) == []
    with whole_folder(out) as folder:
        (folder / "all").write_text("x")
        assert not out.exists()
    assert [path.name for path in out.parent.iterdir()] == ["out"]
    with pytest.raises(RecordingError, match="exists already"), whole_folder(out):
        pass
    assert (out / "all").read_text() == "x"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"action": (float("nan"),) * 8}, "8 finite numbers"),
        ({"action": (0.0,) * 7}, "8 finite numbers"),
        ({"label": 59}, "label 59"),
        ({"source": "dream"}, 'source "dream"'),
        ({"instruction": " "}, "no instruction"),
    ],
)
def test_a_bad_sample_cannot_be_made(change: dict[str, object], reason: str) -> None:
    with pytest.raises(RecordingError, match=reason):
        replace(samples(1)[0], **change)  # type: ignore[arg-type]
