"""Episodes of LeRobot data sets and bags as CLAP learns them."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import yaml
from clap_released import numbers, statistics_file
from data_bags import DemoBag
from pyarrow import parquet
from scipy.spatial.transform import Rotation
from test_clap_vae_act import TINY
from test_data_lerobot import DOWN, ArmBag

from roboact_ros.cli import main
from roboact_ros.errors import ConfigurationError, RecordingError
from roboact_ros.policies.clap.representation import absolute
from roboact_ros.policies.clap.robots import ROBOTS
from roboact_ros.policies.clap.statistics import Quantiles, read_statistics, write_statistics
from roboact_ros.types import FloatArray
from roboact_train.clap.bags import episode_from_frames
from roboact_train.clap.chunks import measured_statistics, relative_chunk, sample, usable_frames
from roboact_train.clap.corpus import corpus_of, measured
from roboact_train.clap.lerobot import COMMAND, OBSERVED, STATE, ClapDataset
from roboact_train.clap.looks import BagLook, LeRobotLook
from roboact_train.clap.sources import find_sources
from roboact_train.data import lerobot
from roboact_train.data.frames import frames_from_bag

ASTRIBOT = Path(os.environ.get("ROBOACT_ASTRIBOT_DATA", "/nonexistent"))
needs_astribot = pytest.mark.skipif(not ASTRIBOT.is_dir(), reason="the data set is not on this machine")

# The authors' numbers of episode 0, frame 40.
FIRST = """0.093683 -0.105356 -0.209077 -0.030859 0.144648 -0.053213 -1
0.103171 -0.015795 -0.217172 -0.033592 0.138511 -0.042232 -1"""
LAST = """0.077646 -0.165079 -0.326967 -0.033062 0.371441 -0.157932 -1
0.366916 -0.284196 -0.606986 0.843178 1.580631 -0.466788 -0.897758"""
BEGIN = """-0.188995 0.366862 0.110743 -0.067949 -0.277409 -0.581151 -1
-0.019603 -0.495892 -0.280854 0.373618 -0.164514 -1.070056 -0.998629"""
RAW_LAST = """-0.000685 -0.019917 -0.017544 -0.005996 0.076368 -0.097770 -1
0.063174 -0.062613 -0.046165 0.170252 0.395360 -0.301119 -0.897758"""


@pytest.fixture
def s1(tmp_path: Path) -> Quantiles:
    return read_statistics(statistics_file(tmp_path), ROBOTS["S1-stationary"])


@needs_astribot
def test_a_real_dual_arm_gives_the_numbers_of_the_authors(s1: Quantiles) -> None:
    dataset = ClapDataset(ASTRIBOT)
    episode = dataset.episode(0)
    learned = sample(episode, 40, s1)
    relative = relative_chunk(episode, 40)
    for found, wanted in (
        (learned.actions[0], FIRST),
        (learned.actions[31], LAST),
        (learned.state, BEGIN),
        (relative[31], RAW_LAST),
    ):
        np.testing.assert_allclose(found, numbers(wanted), rtol=0, atol=2e-6)
    assert learned.task == "put the sika deer in round woven basket"
    assert learned.subtask == "the right arm pick up the sika deer"
    assert (dataset.views["right"], len(episode.states)) == ("images_dict.right.rgb", 236)


@needs_astribot
def test_both_real_episodes_are_used_whole_and_lead_where_they_led(tmp_path: Path, s1: Quantiles) -> None:
    dataset = ClapDataset(ASTRIBOT)
    episodes = [dataset.episode(number) for number in dataset.episodes]
    for episode in episodes:
        usable, refused = usable_frames(episode)
        assert usable == list(range(0, len(episode.states), 8)) and not refused
        for frame in (0, 40, len(episode.states) - 5):
            learned = sample(episode, frame, s1)
            goal = absolute(s1.actions(learned.actions), episode.states[frame])
            wanted = episode.commands[np.minimum(np.arange(frame, frame + 32), len(episode.states) - 1)]
            np.testing.assert_allclose(np.unwrap(goal - wanted, axis=0), 0.0, atol=1e-9)
    write_statistics(tmp_path / "own.json", [measured_statistics(episodes, stride=16)])
    own = read_statistics(tmp_path / "own.json", dataset.robot)
    inside = np.abs(own.normalised_actions(relative_chunk(episodes[1], 100))) <= 1.5
    assert inside.mean() > 0.9 and (np.ptp(own.action, axis=0)[[0, 1, 2, 7, 8, 9]] < 1.0).all()


@needs_astribot
def test_both_readers_see_the_same_turns() -> None:
    episode = ClapDataset(ASTRIBOT).episode(0)
    columns = lerobot.layout("astribot_right")
    turned = lerobot.LeRobotDataset(ASTRIBOT, columns, "images_dict.right.rgb", hertz=30.0).actions(0)[:, 3:6]
    rotations = Rotation.from_euler("xyz", episode.commands[:, 10:13])
    np.testing.assert_allclose(turned, (rotations[1:] * rotations[:-1].inv()).as_rotvec(), atol=1e-7)


def dataset_of(folder: Path, robot: str, columns: dict[str, FloatArray], task: object = 0, fps: int = 30) -> Path:
    """Write a LeRobot data set, version 2.1, of one episode without images."""
    count = len(next(iter(columns.values())))
    features = {name: {"dtype": "float64", "shape": [rows.shape[1]]} for name, rows in columns.items()}
    info = {
        "codebase_version": "v2.1",
        "robot_type": robot,
        "fps": fps,
        "features": features,
        "chunks_size": 1000,
        "data_path": "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet",
        "video_path": None,
    }
    (folder / "meta").mkdir(parents=True)
    (folder / "data/chunk-000").mkdir(parents=True)
    (folder / "meta/info.json").write_text(json.dumps(info))
    (folder / "meta/tasks.jsonl").write_text('{"task_index": 0, "task": "stack the cups"}')
    (folder / "meta/episodes.jsonl").write_text(json.dumps({"episode_index": 0, "length": count}))
    arrays = {name: pa.array(rows.tolist()) for name, rows in columns.items()}
    table = pa.table({**arrays, "task_index": pa.array([task] * count)})
    parquet.write_table(table, folder / "data/chunk-000/episode_000000.parquet")
    return folder


def body(count: int = 40, width: int = 34) -> dict[str, FloatArray]:
    """Return commands and states of a body with two arms that hold their orientation."""
    rows = np.zeros((count, width))
    for start in (9, 19):
        rows[:, start : start + 3] = 0.5 + 0.002 * np.arange(count)[:, None]
        rows[:, [start + 3, start + 7]] = 1.0
    rows[:, [18, 28]] = 120.0, -3.0  # beyond closed, beyond open
    return {COMMAND: rows + 0.0, STATE: rows}


def test_a_droid_does_next_what_it_is_seen_to_do(tmp_path: Path) -> None:
    count = 50
    observed = np.column_stack(
        (np.linspace(0, 1, count)[:, None] * np.full(6, 0.3), np.full(count, 9.0), np.ones(count))
    )
    dataset = ClapDataset(dataset_of(tmp_path / "a", "droid", {OBSERVED: observed}, fps=15))
    episode = dataset.episode(0)
    np.testing.assert_array_equal(episode.states[:, :7], 0.0)
    np.testing.assert_allclose(episode.states[:, 7:13], observed[:, :6])
    np.testing.assert_array_equal(episode.states[:, 13], 1.0)
    np.testing.assert_array_equal(episode.commands[:-1], episode.states[1:])
    relative = relative_chunk(episode, 10)
    np.testing.assert_allclose(relative[:, 7:10], observed[11:43, :3] - observed[10, :3], atol=1e-12)
    np.testing.assert_array_equal(relative_chunk(episode, 45)[4:], np.tile(relative_chunk(episode, 45)[4], (28, 1)))
    assert (episode.tasks[0], episode.subtasks[0]) == ("[subtask] stack the cups", "stack the cups")
    still = np.tile(observed[:1], (count, 1))
    other = ClapDataset(dataset_of(tmp_path / "droid_1.0.1_lerobot", "franka", {OBSERVED: still}))
    assert other.robot.name == "droid"
    assert usable_frames(other.episode(0)) == (
        [],
        dict.fromkeys(range(0, 50, 8), "arms and grippers stay where they are"),
    )


def test_arms_that_stand_while_a_gripper_closes_teach_that(tmp_path: Path) -> None:
    count = 100
    observed = np.zeros((count, 8))
    observed[:, 0], observed[50:60, 7], observed[60:, 7] = 0.3, np.linspace(0.0, 1.0, 10), 1.0
    episode = ClapDataset(dataset_of(tmp_path / "a", "droid", {OBSERVED: observed})).episode(0)
    usable, refused = usable_frames(episode)
    assert usable == [24, 32, 40, 48, 56] and set(refused.values()) == {"arms and grippers stay where they are"}
    corpus = corpus_of([episode], measured, 0.0, 0, 8)
    assert corpus.frame_of.tolist() == usable
    assert list(corpus.left_out_lines()) == ["8 frames begin no chunk: arms and grippers stay where they are"]


def test_no_chunk_goes_past_where_an_episode_was_cut_off(tmp_path: Path) -> None:
    columns = body(80)
    columns[COMMAND][:, 9] = columns[STATE][:, 9] = np.linspace(0.0, 0.8, 80)
    whole = ClapDataset(dataset_of(tmp_path / "whole", "agibot-go1", columns)).episode(0)
    cut = replace(whole, truncated=True)
    usable, refused = usable_frames(cut, 32, 1)
    assert usable == list(range(48)) and usable_frames(whole, 32, 1)[0] == list(range(79))  # the last one stays
    assert refused[48] == f"{cut.name}, frame 48: the episode was cut off before the chunk ends" and len(refused) == 32
    assert corpus_of([cut], measured, 0.0, 0, 1).frame_of.max() == 47
    assert measured_statistics([cut]).action[1, 0] == pytest.approx(0.32, abs=0.01)
    np.testing.assert_allclose(relative_chunk(cut, 47)[-1, 0], 0.8 * 31 / 79, atol=1e-6)


def test_grippers_are_between_open_and_closed(tmp_path: Path) -> None:
    episode = ClapDataset(dataset_of(tmp_path / "a", "agibot-go1", body())).episode(0)
    assert (episode.states[:, [6, 13]] == [1.0, -1.0]).all()
    np.testing.assert_allclose(episode.states[0, :6], [0.5, 0.5, 0.5, 0.0, 0.0, 0.0], atol=1e-12)


def test_data_that_cannot_be_learned_from_are_refused_by_name(tmp_path: Path) -> None:
    def refusal(name: str, robot: str, columns: dict[str, FloatArray], task: object = 0) -> str:
        with pytest.raises((RecordingError, ConfigurationError)) as caught:
            ClapDataset(dataset_of(tmp_path / name, robot, columns, task)).episode(0)
        return str(caught.value)

    assert "should have 34 columns, not [32]" in refusal("a", "agibot-go1", body(width=32))
    assert "observation.state should have 8 columns, not [7]" in refusal("b", "droid", {OBSERVED: np.zeros((9, 7))})
    assert 'robot type "agibot"' in refusal("c", "agibot", body())
    assert "no columns with poses and grippers: action" in refusal("d", "franka", {"action": np.zeros((9, 7))})
    assert "rows of 7 columns, not (40, 14)" in refusal("e", "droid", body())
    assert "a task, or a task and a part of it" in refusal("g", "agibot-go1", body(), [0, 0, 0])
    flat = body()
    flat[STATE][3, 12:18] = 0.0
    assert "not two rows of a rotation" in refusal("f", "agibot-go1", flat)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"chunks_size": 0}, "chunks_size is a positive number of episodes, not 0"),
        ({"chunks_size": "many"}, "chunks_size is a positive number of episodes, not 'many'"),
        ({"fps": True}, "fps is a number of frames per second, not True"),
        ({"data_path": 5}, "data_path is where the files are, not 5"),
        ({"data_path": "data/{chunk}.parquet"}, r"names no file of episode 0; in braces may be episode_chunk, "),
        ({"features": {"a": {"shape": [1]}}}, 'column "a" has the dtype None; it is a word'),
    ],
)
def test_a_description_of_a_data_set_that_says_nonsense_is_refused(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    info = dataset_of(tmp_path, "droid", {OBSERVED: np.zeros((40, 8))}) / "meta/info.json"
    said = json.loads(info.read_text())
    features = said["features"] | changes.get("features", {})  # type: ignore[operator]
    info.write_text(json.dumps(said | changes | {"features": features}))
    with pytest.raises(RecordingError, match=message):
        ClapDataset(tmp_path).episode(0)


def test_timestamps_that_are_no_seconds_or_of_another_rate_are_refused(tmp_path: Path) -> None:
    for number, apart in enumerate((33.3, 0.1)):
        columns = {OBSERVED: np.zeros((40, 8)), "timestamp": apart * np.arange(40.0)[:, None]}
        dataset = ClapDataset(dataset_of(tmp_path / str(number), "droid", columns))
        with pytest.raises(RecordingError, match=f"are {apart} s apart, but the data set says 30 frames a second"):
            dataset.episode(0)


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    dataset_of(tmp_path, "droid", {OBSERVED: np.zeros((40, 8))})
    for file, line, message in (
        ("episodes", {"episode_index": "a"}, "episode_index is a number, not 'a'"),
        ("tasks", {"task_index": [0], "task": "x"}, r"task_index is a number, not \[0\]"),
    ):
        (tmp_path / f"meta/{file}.jsonl").write_text(json.dumps(line))
        with pytest.raises(RecordingError, match=message):
            ClapDataset(tmp_path)
        (tmp_path / f"meta/{file}.jsonl").write_text('{"episode_index": 0}')


def test_entries_may_be_named_under_a_heading(tmp_path: Path) -> None:
    pose = np.tile([0.3, 0.0, 0.3, 0.0, 0.0, 0.0, 1.0], (40, 1))
    columns = {"tool_pose": pose, OBSERVED: np.zeros((40, 2)), "action": np.zeros((40, 2))}
    info = dataset_of(tmp_path, "ur5e", columns) / "meta/info.json"
    said = json.loads(info.read_text())
    said["features"][OBSERVED]["names"] = {"motors": ["a", "gripper"]}
    info.write_text(json.dumps(said))
    assert (ClapDataset(tmp_path).episode(0).states[:, 13] == 1.0).all()


def test_what_was_computed_of_images_is_done_again_when_their_file_is_another(tmp_path: Path) -> None:
    info = dataset_of(tmp_path, "droid", {OBSERVED: np.zeros((40, 8))}) / "meta/info.json"
    said = json.loads(info.read_text()) | {"video_path": "videos/{episode_index}.mp4"}
    said["features"]["images_dict.head.rgb"] = {"dtype": "video", "shape": [1]}
    info.write_text(json.dumps(said))
    video = tmp_path / "videos/0.mp4"
    video.parent.mkdir()
    video.write_bytes(b"one")
    look = LeRobotLook(ClapDataset(tmp_path).files, 0, "images_dict.head.rgb", "a", 40)
    before = look.stamp
    video.write_bytes(b"another")
    assert look.stamp != before
    video.unlink()
    with pytest.raises(RecordingError, match=r"0\.mp4 cannot be read: No such file"):
        assert look.stamp


def test_chunks_with_holes_or_jumps_and_other_robots_are_refused(tmp_path: Path, s1: Quantiles) -> None:
    columns = body()
    columns[COMMAND][20:, 19] += 0.5
    columns[COMMAND][35, 9] = np.nan
    episode = ClapDataset(dataset_of(tmp_path / "a", "agibot-go1", columns)).episode(0)
    with pytest.raises(RecordingError, match=r"episode_000000, frame 0: step 20: the right arm jumps by 0\.502 m"):
        relative_chunk(episode, 0)
    with pytest.raises(RecordingError, match=r"frame 30: step 5: left/x is nan"):
        relative_chunk(episode, 30)
    with pytest.raises(RecordingError, match="no frame 40; it has 40"):
        relative_chunk(episode, 40)
    usable, refused = usable_frames(episode)
    assert usable == [] and list(refused) == [0, 8, 16, 24, 32] and "left/x is nan" in refused[32]
    with pytest.raises(
        RecordingError, match="done by agibot-go1; these are statistics of another robot, S1-stationary"
    ):
        sample(episode, 39, s1)
    body_s1 = body()
    body_s1[STATE][:, 11] = body_s1[COMMAND][:, 11] = 0.1
    low = ClapDataset(dataset_of(tmp_path / "b", "S1-stationary", body_s1)).episode(0)
    with pytest.raises(RecordingError, match=r"frame 0: the state left/z = 0.1 is far .*another robot"):
        sample(low, 0, s1)
    with pytest.raises(RecordingError, match="those of one robot, not of: agibot-go1, S1-stationary"):
        measured_statistics([episode, low])


def test_a_bag_and_its_lerobot_data_set_teach_the_same(tmp_path: Path) -> None:
    cell = json.dumps({"arm": {"model": "ur5e"}, "cameras": {"front": {"fps": 10.0}}})
    bag = ArmBag(tmp_path / "bags" / "one", "stack the cups", cell=cell)
    bag.say("/instruction", "stack the cups")
    bag.wait(200)
    bag.do(DOWN)
    bag.do("close the gripper")
    bag.close()
    assert main(["convert", str(tmp_path / "bags"), str(tmp_path / "data"), "--to", "lerobot"]) == 0
    first = episode_from_frames(frames_from_bag(tmp_path / "bags" / "one"))
    dataset = ClapDataset(tmp_path / "data")
    second = dataset.episode(0)
    np.testing.assert_allclose(first.states, second.states, atol=1e-6)
    np.testing.assert_allclose(first.commands, second.commands, atol=1e-6)
    assert (first.robot, list(first.tasks), list(first.subtasks)) == (second.robot, second.tasks, second.subtasks)
    assert dataset.views == {"head": "observation.images.front"} and first.robot.name == "ur5e"
    # The tool moves 0.1 m along x from frame to frame, and the gripper closes in the end.
    relative = relative_chunk(first, 0)
    np.testing.assert_allclose(relative[:5, 7], 0.1 * np.arange(1, 6), atol=1e-6)
    assert (relative[0, 13], relative[-1, 13]) == (-1.0, 1.0) and (relative[:, :7] == 0.0).all()
    assert not set(dataset.files.cameras) & set(dataset.files.table(0, dataset.files.cameras).column_names)
    for twice in ([tmp_path / "data", tmp_path], [tmp_path / "bags", tmp_path / "bags" / "one"]):
        with pytest.raises(RecordingError, match=r"(data|one) is among the sources twice"):
            find_sources(twice)
    (source,) = find_sources([tmp_path / "bags" / "one"], "front")
    assert isinstance(source.look, BagLook) and source.look.camera == "front"
    assert replace(source.look, camera="wrist").stamp != source.look.stamp  # whose images are others
    wordless = ArmBag(tmp_path / "wordless", "", cell=cell)
    wordless.wait(200)
    wordless.do(DOWN)
    wordless.close()
    with pytest.raises(RecordingError, match=r"no instruction was recorded; give one \(roboact train --instruction\)"):
        find_sources([tmp_path / "wordless"])
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump({**TINY, "epochs": 1, "steps": 1}))
    words = ["train", "act_vae", str(tmp_path / "wordless"), "--output", str(tmp_path / "run"), "--device", "cpu"]
    assert main([*words, "--settings", str(tmp_path / "tiny.yaml"), "--instruction", "stack the cups"]) == 0
    blind = DemoBag(tmp_path / "blind", cell=cell)
    blind.wait(200)
    blind.do(DOWN)
    blind.close()
    with pytest.raises(RecordingError, match='nothing was recorded on the topic "gripper"'):
        episode_from_frames(frames_from_bag(tmp_path / "blind"))
