"""7-D actions get the words of their dominant axis."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from roboact_ros.errors import ConfigurationError, RecordingError
from roboact_ros.language.parse import parse
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_train.data import lerobot, rlds
from roboact_train.data.demonstrations import samples_from_demonstration
from roboact_train.data.sources import find_sources
from roboact_train.data.supervision import (
    CLOSE,
    NONE,
    OPEN,
    Bounds,
    labels_from_actions,
    phrase,
    quantile_bounds,
    vocabulary_label,
)
from roboact_train.data.templates import LABELS, templates
from roboact_train.data.tfrecord import read_tfrecord

ASTRIBOT = Path(os.environ.get("ROBOACT_ASTRIBOT_DATA", "/nonexistent"))


def act(axis: int, value: float, gripper: float = 1.0) -> list[float]:
    action = [0.0] * 6 + [gripper]
    action[axis] = value
    return action


def label(axis: int, value: float) -> int:
    return int(labels_from_actions(np.array([act(axis, value)]))[0])


@pytest.mark.parametrize("index", range(LABELS))
def test_every_template_means_its_motion(index: int) -> None:
    motion = PRIMITIVES[vocabulary_label(index)]
    phrases = templates()[index]
    assert phrases[0] == motion.phrase
    assert len(set(phrases)) == len(phrases) >= 3
    for text in phrases:
        assert [understood.action for understood in parse(text).motions] == [motion.action], text


def test_no_template_means_two_motions() -> None:
    every = [text for phrases in templates() for text in phrases]
    assert len(every) == len(set(every)) > 400


def test_drawn_phrases_vary_and_are_reproducible() -> None:
    drawn = {phrase(13, np.random.default_rng(seed)) for seed in range(60)}
    assert len(drawn) > len(templates()[13]) // 2
    assert phrase(13, np.random.default_rng(5)) == phrase(13, np.random.default_rng(5))


@pytest.mark.parametrize("axis", range(6))
def test_each_primitive_gets_its_own_label_back(axis: int) -> None:
    for index in range(8 * axis, 8 * axis + 8):
        value = PRIMITIVES[index].action[axis]
        small = abs(value) <= (0.01 if axis < 3 else 0.08727)
        assert label(axis, value) == (NONE if small else index)
        assert label(axis, value * 1.001) in (index, NONE)


@pytest.mark.parametrize(
    ("axis", "edges", "least"), [(1, (0.03, 0.075, 0.15), 0.01), (5, (0.1746, 0.5236, 1.1781), 0.08727)]
)
def test_a_value_on_an_edge_belongs_to_the_bin_below(axis: int, edges: tuple[float, ...], least: float) -> None:
    base = 8 * axis
    for i, edge in enumerate(edges):
        assert label(axis, edge) == base + 4 + i
        assert label(axis, np.nextafter(edge, 9)) == base + 5 + i
        assert label(axis, -edge) == base + 2 - i
        assert label(axis, np.nextafter(-edge, 9)) == base + 3 - i
    assert label(axis, least) == label(axis, -least) == label(axis, 0.0) == NONE
    assert label(axis, np.nextafter(least, 9)) == base + 4
    assert label(axis, np.nextafter(-least, -9)) == base + 3


def test_the_gripper_wins_over_motion() -> None:
    actions = np.array([act(0, 0.1, 1.0), act(0, 0.1, 0.5), act(0, 0.1, -0.1), act(0, 0.0, 0.6), act(0, 0.1, 0.6)])
    assert labels_from_actions(actions).tolist() == [6, 6, CLOSE, OPEN, 6]


def test_the_dominant_axis_is_found_in_units_of_the_data_set() -> None:
    action = np.array([[0.1, 0.0, 0.0, 0.0, 0.0, 0.3, 1.0]])
    assert labels_from_actions(action).tolist() == [45]
    bounds = Bounds((-0.1,) * 3 + (-3.0,) * 3, (0.1,) * 3 + (3.0,) * 3)
    assert labels_from_actions(action, bounds).tolist() == [6]


def test_an_axis_that_never_moves_never_dominates() -> None:
    generator = np.random.default_rng(0)
    actions = np.zeros((500, 7))
    actions[:, 0] = generator.normal(0.0, 0.05, 500)
    actions[:, 4] = 0.2
    assert {found // 8 for found in labels_from_actions(actions, quantile_bounds(actions)).tolist()} <= {0, -1}


@pytest.mark.parametrize("bad", [np.zeros((3, 6)), np.zeros(7), np.full((2, 7), np.nan)])
def test_actions_that_are_none_are_refused(bad: np.ndarray) -> None:
    with pytest.raises(RecordingError, match=r"shape \(N, 7\)|not finite"):
        labels_from_actions(bad)


def rlds_steps(count: int = 5) -> list[dict[str, object]]:
    image = np.arange(12 * 16 * 3, dtype=np.uint8).reshape(12, 16, 3)
    return [
        {
            "observation": {"image": image + i},
            "language_instruction": b"pick up the cup",
            "action": np.array(act(0, 0.1 if i % 2 else 0.001)),
            "is_last": i == count - 1,
        }
        for i in range(count)
    ]


def test_rlds_episodes_become_samples_without_their_last_step() -> None:
    (episode,) = rlds.demonstrations([{"steps": rlds_steps()}], "bridge")
    found = samples_from_demonstration(episode, None, np.random.default_rng(0))
    assert [s.label for s in found.samples] == [6, 6]
    assert {s.instruction for s in found.samples} == {"pick up the cup"}
    assert found.skipped == {"no dominant motion": 2}
    np.testing.assert_array_equal(found.samples[0].image, np.asarray(rlds_steps()[1]["observation"]["image"]))  # type: ignore[index]


def test_npz_episodes_are_read_as_rlds(tmp_path: Path) -> None:
    steps = rlds_steps()
    arrays = {
        "image": np.stack([s["observation"]["image"] for s in steps]),
        "action": np.stack([s["action"] for s in steps]),
    }  # type: ignore[index]
    np.savez(tmp_path / "e.npz", **arrays, language_instruction=np.array("pick up the cup"))
    episode = rlds.read_npz(tmp_path / "e.npz")
    assert len(episode.pictures) == 5
    assert set(episode.instructions) == {"pick up the cup"}
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(RecordingError, match='bad.npz holds no "language_instruction"'):
        rlds.read_npz(tmp_path / "bad.npz")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "e.npz").read_bytes()[:300])
    with pytest.raises(RecordingError, match="cut.npz"):
        rlds.read_npz(tmp_path / "cut.npz")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"action": np.full(7, np.nan)}, "not finite"),
        ({"action": np.zeros(6)}, "7 numbers"),
        ({"observation": {}}, 'no "image"'),
        ({"observation": {"image": np.zeros((3, 3))}}, "uint8"),
    ],
)
def test_a_bad_rlds_step_is_named(change: dict[str, object], reason: str) -> None:
    steps = rlds_steps()
    steps[1] |= change
    with pytest.raises(RecordingError, match=reason) as error:
        rlds.demonstration(steps, "bridge/episode_000007")
    if "finite" not in reason:
        assert "bridge/episode_000007, step 1" in str(error.value)


def lerobot_dataset(folder: Path, version: str = "v2.1", frames: int = 20) -> np.ndarray:
    """Write a data set of one episode with a video and 7-D actions; returns the actions."""
    import json

    import cv2
    import pyarrow as pa
    from pyarrow import parquet

    generator = np.random.default_rng(0)
    actions = np.column_stack((generator.normal(0.0, 0.02, (frames, 6)), np.repeat([1.0, 0.0], frames // 2)))
    features = {
        "action": {"dtype": "float32", "shape": [7]},
        "observation.images.front": {"dtype": "video", "shape": [48, 64, 3]},
    }
    info = {
        "codebase_version": version,
        "fps": 10,
        "chunks_size": 1000,
        "features": features,
        "data_path": "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet",
        "video_path": "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4",
    }
    for path in ("meta", "data/chunk-000", "videos/chunk-000/observation.images.front"):
        (folder / path).mkdir(parents=True)
    (folder / "meta/info.json").write_text(json.dumps(info))
    (folder / "meta/tasks.jsonl").write_text('{"task_index": 0, "task": "pick up the cup"}\n')
    (folder / "meta/episodes.jsonl").write_text(json.dumps({"episode_index": 0, "length": frames}) + "\n")
    columns = {
        "action": pa.array([row.astype(np.float32).tolist() for row in actions]),
        "timestamp": pa.array((np.arange(frames) / 10).astype(np.float32)),
        "task_index": pa.array(np.zeros(frames, np.int64)),
    }
    parquet.write_table(pa.table(columns), folder / "data/chunk-000/episode_000000.parquet")
    video = cv2.VideoWriter(
        str(folder / "videos/chunk-000/observation.images.front/episode_000000.mp4"),
        cv2.VideoWriter.fourcc(*"mp4v"),
        10,
        (64, 48),
    )
    for i in range(frames):
        video.write(np.full((48, 64, 3), 10 * i, np.uint8))
    video.release()
    return actions


@pytest.mark.parametrize("version", ("v2.0", "v2.1"))
def test_lerobot_steps_add_up_the_frames_between_them(tmp_path: Path, version: str) -> None:
    actions = lerobot_dataset(tmp_path, version)
    dataset = lerobot.LeRobotDataset(tmp_path, hertz=5.0)
    assert dataset.cameras == ["observation.images.front"]
    episode = dataset.demonstration(0)
    np.testing.assert_allclose(episode.actions[:, :6], actions[:, :6].reshape(10, 2, 6).sum(axis=1), atol=1e-6)
    assert episode.actions[:, 6].tolist() == [1.0] * 5 + [0.0] * 5
    assert set(episode.instructions) == {"pick up the cup"}
    assert episode.stamps_ns[1] == pytest.approx(2e8, rel=1e-6)
    for i, picture in enumerate(episode.pictures):
        assert picture.load().mean() == pytest.approx(20 * i, abs=6)
    found = samples_from_demonstration(episode, quantile_bounds(episode.actions), np.random.default_rng(0))
    assert 56 in [s.label for s in found.samples]


def test_lerobot_names_what_is_wrong(tmp_path: Path) -> None:
    lerobot_dataset(tmp_path / "a", "v4.0")
    with pytest.raises(RecordingError, match=r"LeRobot version v4.0 cannot be read; valid: v2.0, v2.1, v3.0"):
        lerobot.LeRobotDataset(tmp_path / "a")
    lerobot_dataset(tmp_path / "b")
    with pytest.raises(ConfigurationError, match='no column "actoin": did you mean "action"'):
        lerobot.LeRobotDataset(tmp_path / "b", lerobot.Columns("actoin"))
    with pytest.raises(ConfigurationError, match='camera "wrist".*observation.images.front'):
        lerobot.LeRobotDataset(tmp_path / "b", camera="wrist")
    (file,) = tmp_path.glob("b/data/*/*.parquet")
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(RecordingError, match=r"episode_000000.parquet"):
        lerobot.LeRobotDataset(tmp_path / "b").actions(0)
    lerobot_dataset(tmp_path / "c")
    (video,) = tmp_path.glob("c/videos/*/*/*.mp4")
    video.write_bytes(b"")
    with pytest.raises(RecordingError, match=r"episode_000000.mp4: the video ends at frame 0"):
        lerobot.LeRobotDataset(tmp_path / "c").demonstration(0)


@pytest.mark.skipif(not ASTRIBOT.is_dir(), reason="the data set is not on this machine")
def test_a_real_dual_arm_data_set_is_read_one_arm_at_a_time() -> None:
    camera = "images_dict.right.rgb"
    right = lerobot.LeRobotDataset(ASTRIBOT, lerobot.layout("astribot_right"), camera)
    left = lerobot.LeRobotDataset(ASTRIBOT, lerobot.layout("astribot_left"), camera)
    episode = right.demonstration(0)
    assert set(episode.instructions) == {"put the sika deer in round woven basket"}
    labels = labels_from_actions(episode.actions).tolist()
    # The right arm picks the toy up and lets it go again; the left gripper does nothing.
    assert labels.index(CLOSE) < labels.index(OPEN)
    assert not {CLOSE, OPEN} & set(labels_from_actions(left.actions(0)).tolist())
    poses = episode.actions[:, :3].sum(axis=0)
    assert np.linalg.norm(poses) < 1.0


def field(number: int, payload: bytes) -> bytes:
    """Return a length-delimited field of a protocol buffer."""
    size, length = len(payload), b""
    while size > 127:
        length += bytes([size & 127 | 128])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + payload


def tfrecord(path: Path, steps: list[dict[str, object]], **changes: bytes) -> Path:
    """Write an episode as TensorFlow Datasets does."""
    from roboact_train.data.pictures import Pixels, png

    features = {
        "steps/observation/image": field(1, b"".join(field(1, png(Pixels(s["observation"]["image"]))) for s in steps)),  # type: ignore[index]
        "steps/action": field(2, field(1, np.concatenate([s["action"] for s in steps]).astype("<f4").tobytes())),  # type: ignore[misc]
        "steps/language_instruction": field(1, b"".join(field(1, s["language_instruction"]) for s in steps)),  # type: ignore[arg-type]
        "steps/is_last": field(3, field(1, bytes(int(bool(s["is_last"])) for s in steps))),
    } | changes
    entries = b"".join(field(1, field(1, key.encode()) + field(2, value)) for key, value in features.items())
    example = field(1, entries)
    path.write_bytes((len(example).to_bytes(8, "little") + bytes(4) + example + bytes(4)) * 2)
    return path


def test_tfrecord_files_are_read_without_tensorflow(tmp_path: Path) -> None:
    steps = rlds_steps()
    first, second = read_tfrecord(tfrecord(tmp_path / "bridge.tfrecord-00000-of-00001", steps))
    wanted = rlds.demonstration(steps, "")
    for episode in (first, second):
        np.testing.assert_allclose(episode.actions, wanted.actions, atol=1e-7)
        assert episode.instructions == wanted.instructions
        for one, other in zip(episode.pictures, wanted.pictures, strict=True):
            np.testing.assert_array_equal(one.load(), other.load())
    (source,) = find_sources([tmp_path])
    assert [s.label for s in source.read().samples] == [6, 6] * 2


def test_bad_tfrecord_files_are_named(tmp_path: Path) -> None:
    path = tfrecord(tmp_path / "a.tfrecord", rlds_steps())
    with pytest.raises(RecordingError, match='a.tfrecord, episode 0 has no image "wrist"'):
        list(read_tfrecord(path, "wrist"))
    content = path.read_bytes()
    for size, whole in ((7, 0), (100, 0), (len(content) - 3, 1)):
        path.write_bytes(content[:size])
        with pytest.raises(RecordingError, match=rf"a.tfrecord is cut off; {whole} episodes"):
            list(read_tfrecord(path))
    path.write_bytes(content[:40] + b"\xff" * 30 + content[70:])
    with pytest.raises(RecordingError, match="a.tfrecord, episode 0"):
        list(read_tfrecord(path))
    tfrecord(path, rlds_steps(), **{"steps/action": field(2, field(1, bytes(12)))})
    with pytest.raises(RecordingError, match='"steps/action" should be 5 x 7 numbers, not 3'):
        list(read_tfrecord(path))


def test_images_within_the_table_of_a_lerobot_data_set_are_read(tmp_path: Path) -> None:
    import json

    import pyarrow as pa
    from pyarrow import parquet

    from roboact_train.data.pictures import Pixels, png

    lerobot_dataset(tmp_path)
    (file,) = tmp_path.glob("data/*/*.parquet")
    table = parquet.read_table(file)
    images = [np.full((8, 9, 3), i, np.uint8) for i in range(table.num_rows)]
    cells = pa.array([{"bytes": png(Pixels(image)), "path": f"{i}.png"} for i, image in enumerate(images)])
    parquet.write_table(table.append_column("wrist", cells), file)
    info = json.loads((tmp_path / "meta/info.json").read_text())
    info["features"]["wrist"] = {"dtype": "image", "shape": [8, 9, 3]}
    (tmp_path / "meta/info.json").write_text(json.dumps(info))
    dataset = lerobot.LeRobotDataset(tmp_path, camera="wrist", hertz=5.0)
    assert dataset.cameras == ["observation.images.front", "wrist"]
    for i, picture in enumerate(dataset.demonstration(0).pictures):
        np.testing.assert_array_equal(picture.load(), images[2 * i])
