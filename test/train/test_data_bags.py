"""Bags teach what the arm carried out, from the image before it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from data_bags import ACTION, MS, T0, DemoBag, cdr, header, image_at

from roboact_ros.errors import RecordingError
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.recording.bag_writer import BagWriter
from roboact_ros.recording.schema import typestore
from roboact_train.data.bags import AUGMENTED_FROM, DEVIATIONS, samples_from_bag
from roboact_train.data.frames import frames_from_bag

LEFT, DOWN, CLOSE = (
    "move the arm to the left by twenty centimeters",
    "lower the arm by five centimeters",
    "close the gripper",
)
RIGHT = "move the arm to the right by twenty centimeters"


@pytest.fixture
def bag(tmp_path: Path) -> DemoBag:
    made = DemoBag(tmp_path / "episode")
    made.wait(500)
    return made


def test_every_finished_motion_is_a_sample_with_the_image_before_it(bag: DemoBag) -> None:
    begun = []
    for phrase in (LEFT, DOWN, CLOSE):
        begun.append(bag.now)
        bag.do(phrase)
    bag.say("/teleop/motion", "done")
    begun.append(bag.now)
    found = samples_from_bag(bag.close())
    assert [s.supervision for s in found.samples] == [LEFT, DOWN, CLOSE, "done"]
    assert [s.label for s in found.samples] == [15, 18, 56, 58]
    assert {s.source for s in found.samples} == {"teleop"}
    assert {s.instruction for s in found.samples} == {"point at the red block"}
    for sample, at in zip(found.samples, begun, strict=True):
        assert at - 100 * MS < sample.stamp_ns <= at
        np.testing.assert_array_equal(sample.image, image_at(sample.stamp_ns))
    trace = found.samples[0].arm
    assert trace is not None
    assert trace.prev_eef_pose[0] == pytest.approx((found.samples[0].stamp_ns - T0) / 1e9)
    assert trace.eef_pose[0] > trace.prev_eef_pose[0]
    assert not found.skipped


def test_amounts_that_are_no_primitive_keep_their_action_and_get_the_nearest_words(bag: DemoBag) -> None:
    bag.do("move the arm to the left by 7 centimeters")
    (sample,) = samples_from_bag(bag.close()).samples
    assert sample.action[1] == pytest.approx(0.07)
    assert sample.supervision == PRIMITIVES[sample.label].phrase
    assert sample.label in (13, 14)


def test_the_motions_of_a_plan_are_samples_of_their_own(bag: DemoBag) -> None:
    bag.say("/teleop/motion", f"{LEFT}; then {DOWN}")
    bag.run(LEFT)
    bag.finished += 1
    bag.run(DOWN)
    bag.finished += 1
    bag.status()
    samples = samples_from_bag(bag.close()).samples
    assert [s.supervision for s in samples] == [LEFT, DOWN]
    assert samples[0].stamp_ns < samples[1].stamp_ns


def test_motions_that_were_stopped_undone_or_deviations_teach_nothing(tmp_path: Path) -> None:
    bag = DemoBag(tmp_path / "e")
    bag.wait(500)
    bag.do(LEFT, until=0.5, finish=False)
    bag.status(LEFT, "teleop", 0.5, state="halting")
    bag.status(state="stopped")
    bag.wait(300)
    bag.do(DOWN)
    bag.do(RIGHT)
    bag.run(f"undo: {RIGHT}")
    bag.finished += 1
    bag.status()
    bag.run("home")
    bag.finished += 1
    bag.status()
    found = samples_from_bag(bag.close())
    assert [s.supervision for s in found.samples] == [DOWN]
    assert found.skipped == {"stopped before its end": 1, "undone": 1, "home or undo": 2}


def test_an_undo_in_the_middle_of_a_motion_takes_back_that_motion_and_no_other(bag: DemoBag) -> None:
    bag.do(DOWN)
    bag.do(LEFT, until=0.75, finish=False)
    bag.run(f"undo: {LEFT}")
    bag.finished += 1
    bag.status()
    assert [s.supervision for s in samples_from_bag(bag.close()).samples] == [DOWN]


@pytest.mark.parametrize(("done", "counts"), [(0.5, False), (0.75, True)])
def test_a_motion_that_another_took_over_counts_when_most_of_it_was_done(
    bag: DemoBag, done: float, counts: bool
) -> None:
    bag.do(LEFT, until=done, finish=False)
    bag.do(DOWN)
    found = samples_from_bag(bag.close())
    assert [s.supervision for s in found.samples] == [LEFT, DOWN][not counts :]
    assert found.skipped == ({} if counts else {"interrupted": 1})


def test_corrections_of_a_policy_are_marked_and_what_they_replaced_is_left_out(bag: DemoBag) -> None:
    bag.do(LEFT, "policy")
    bag.do(RIGHT, "policy", until=0.75, finish=False)
    bag.do(DOWN, "teleop")
    found = samples_from_bag(bag.close())
    assert [(s.supervision, s.source) for s in found.samples] == [(LEFT, "policy"), (DOWN, "correction")]
    assert found.skipped == {"replaced by a person": 1}


def test_augmented_bags_leave_their_deviations_out(tmp_path: Path) -> None:
    windows: list[list[int]] = []
    bag = DemoBag(tmp_path / "e", **{AUGMENTED_FROM: "original"})
    bag.wait(500)
    start = bag.now
    bag.do(LEFT)
    windows.append([start, bag.now - 1])
    bag.do(RIGHT)
    bag.bag.close({DEVIATIONS: json.dumps(windows)})
    found = samples_from_bag(tmp_path / "e")
    assert [(s.supervision, s.source) for s in found.samples] == [(RIGHT, "augmented")]
    assert found.skipped == {"deviation": 1}


def test_the_task_may_change_within_an_episode(tmp_path: Path) -> None:
    bag = DemoBag(tmp_path / "e", instruction="")
    bag.wait(300)
    for task, phrase in (("first task", LEFT), ("second task", DOWN)):
        bag.say("/instruction", task)
        bag.do(phrase)
    assert [s.instruction for s in samples_from_bag(bag.close()).samples] == ["first task", "second task"]
    assert {s.instruction for s in samples_from_bag(tmp_path / "e", instruction="x").samples} == {"x"}


def test_of_a_task_of_several_steps_each_motion_belongs_to_its_step(tmp_path: Path) -> None:
    bag = DemoBag(tmp_path / "e", instruction="")
    bag.wait(300)
    for task, steps in (("first, then second", ("first", "second")), ("third task", ())):
        bag.say("/instruction", task)
        for number, step in enumerate(steps or (task,), 1):
            bag.step(step, f"step {number} of {len(steps)}" if steps else "")
            bag.do(LEFT)
    done = ["first", "second", "third task"]
    assert [s.instruction for s in samples_from_bag(bag.close()).samples] == done
    assert list(dict.fromkeys(frames_from_bag(tmp_path / "e").tasks)) == ["first, then second", *done]  # before them


def test_a_motion_with_only_an_old_image_is_left_out(bag: DemoBag) -> None:
    bag.do(DOWN)
    bag._shown = bag.now + 10_000 * MS
    bag.do(LEFT)
    bag.now += 2_000 * MS
    bag.do(RIGHT)
    found = samples_from_bag(bag.close())
    assert RIGHT not in [s.supervision for s in found.samples]
    assert found.skipped["no recent image"] >= 1


def test_an_empty_bag_is_named(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "nothing"):
        pass
    with pytest.raises(RecordingError, match="nothing is empty"):
        samples_from_bag(tmp_path / "nothing")


def test_missing_topics_are_named(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "words") as words:
        words.write("/correction", "std_msgs/msg/String", cdr("std_msgs/msg/String", data="left"), T0)
    with pytest.raises(RecordingError, match='words has no topic "/executor/status"'):
        samples_from_bag(tmp_path / "words")
    blind = DemoBag(tmp_path / "blind")
    blind.status(LEFT, "teleop")
    with pytest.raises(RecordingError, match="blind has no images.*camera/"):
        samples_from_bag(blind.close())


def test_a_camera_that_is_not_there_is_named_with_those_that_are(bag: DemoBag) -> None:
    bag.do(LEFT)
    with pytest.raises(RecordingError, match='camera "wrist".*cameras: front'):
        samples_from_bag(bag.close(), camera="wrist")


def test_a_bag_in_which_nothing_moved_is_named(bag: DemoBag) -> None:
    with pytest.raises(RecordingError, match="episode: no motion of it can be used .the arm did not move"):
        samples_from_bag(bag.close())


def test_a_bag_without_instruction_is_named(tmp_path: Path) -> None:
    bag = DemoBag(tmp_path / "e", instruction="")
    bag.wait(300)
    bag.do(LEFT)
    with pytest.raises(RecordingError, match='/e: nothing was said on the topic "instruction"'):
        samples_from_bag(bag.close())


def test_words_of_another_vocabulary_are_named(bag: DemoBag) -> None:
    bag.do("wiggle joint four")
    with pytest.raises(RecordingError, match=r"episode, topic executor/status: another vocabulary.*wiggle joint four"):
        samples_from_bag(bag.close())


def test_numbers_that_are_none_are_named(bag: DemoBag, tmp_path: Path) -> None:
    bag.do(LEFT)
    bag.joints(np.full(6, np.nan))
    with pytest.raises(RecordingError, match=r"episode, topic /joint_states: \[nan"):
        samples_from_bag(bag.close())
    other = DemoBag(tmp_path / "other")
    other.wait(300)
    types = typestore().types
    point = types["trajectory_msgs/msg/JointTrajectoryPoint"](
        positions=np.array([0.0, np.nan]),
        velocities=np.zeros(0),
        accelerations=np.zeros(0),
        effort=np.zeros(0),
        time_from_start=types["builtin_interfaces/msg/Duration"](sec=0, nanosec=0),
    )
    other.write("/executor/action", ACTION, cdr(ACTION, header=header(T0), joint_names=["a", "b"], points=[point]))
    with pytest.raises(RecordingError, match="other, topic /executor/action: an action 0.30 s.*not finite"):
        samples_from_bag(other.close())
