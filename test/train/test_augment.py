"""Doing recorded demonstrations again: what is read from a bag, what is said, and what is noted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from data_bags import DemoBag

from roboact_ros.cli import main
from roboact_ros.errors import RecordingError
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.types import FloatArray
from roboact_train.augment.carry_out import Failed, carry_out
from roboact_train.augment.original import COPY, Copy, Original, copies_to_make, read_original
from roboact_train.augment.record import record_copy
from roboact_train.data.bags import AUGMENTED_FROM, DEVIATIONS
from roboact_train.data.trajectory import AugmentedStep, Part, reversed_motion

MOTIONS = {motion.phrase: motion for motion in PRIMITIVES}
DOWN, LEFT = MOTIONS["lower the arm by five centimeters"], MOTIONS["move the arm to the left by ten centimeters"]
CLOSE = MOTIONS["close the gripper"]


class Arm:
    """A performer that is where it was told to go, within a box."""

    def __init__(self, box: float = 1.0) -> None:
        self.position: FloatArray = np.zeros(3)
        self.said: list[str] = []
        self.notes: dict[str, str] = {}
        self._box = box

    def do(self, phrase: str) -> str:
        target = self.position + MOTIONS[phrase].action[:3]
        if np.abs(target).max() > self._box:
            return "outside of the workspace"
        self.position = target
        self.said.append(phrase)
        return ""

    def save(self, notes: Mapping[str, str]) -> Path:
        self.notes = dict(notes)
        return Path("saved")


def original(*motions: str, start: FloatArray | None = None) -> Original:
    return Original(Path("bags/one"), "point", tuple(MOTIONS[phrase] for phrase in motions), {}, start)


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_copy_ends_where_the_original_does_and_notes_its_deviations() -> None:
    arm = Arm()
    copy = Copy(original(*[LEFT.phrase] * 3, *[DOWN.phrase] * 3, CLOSE.phrase), 2)
    assert record_copy(copy, arm, copy.generator(0, 0), lambda: True) == Path("saved")
    np.testing.assert_allclose(arm.position, [0.0, 0.3, -0.15], atol=1e-9)
    assert (arm.notes[AUGMENTED_FROM], arm.notes[COPY]) == ("one", "2")
    deviations = json.loads(arm.notes[DEVIATIONS])
    assert len(deviations) == 3, "one before each of the last motions before the gripper closes"
    assert all(begin < end for begin, end in deviations)
    assert [begin for begin, _ in deviations] == sorted(begin for begin, _ in deviations)


def test_copies_differ_by_number_and_attempt_and_are_the_same_again() -> None:
    def said(number: int, attempt: int) -> list[str]:
        arm = Arm()
        copy = Copy(original(*[LEFT.phrase, DOWN.phrase] * 4), number)
        record_copy(copy, arm, copy.generator(7, attempt), lambda: True)
        return arm.said

    assert said(1, 0) == said(1, 0)
    assert len({tuple(said(*which)) for which in ((1, 0), (1, 1), (2, 0))}) == 3


def test_an_undone_task_and_another_start_are_not_saved() -> None:
    arm = Arm()
    with pytest.raises(Failed, match="did not do the task"):
        record_copy(Copy(original(DOWN.phrase), 1), arm, generator(), lambda: False)
    elsewhere = Copy(original(DOWN.phrase, start=np.array([0.0, 0.2, 0.0])), 1)
    with pytest.raises(RecordingError, match="begin at home"):
        record_copy(elsewhere, Arm(), generator(), lambda: True)
    assert arm.notes == {}


def test_a_refused_deviation_is_left_out_with_its_recovery_and_nothing_else_is() -> None:
    up = MOTIONS["raise the arm up by ten centimeters"]
    plan = [
        AugmentedStep(up, Part.DEVIATION),
        AugmentedStep(reversed_motion(up), Part.RECOVERY),
        AugmentedStep(DOWN, Part.KEPT),
    ]
    arm = Arm(box=0.06)
    carry_out(plan, lambda step: arm.do(step.motion.phrase), lambda: arm.position)
    assert arm.said == [DOWN.phrase]
    with pytest.raises(Failed, match="refused"):
        carry_out([AugmentedStep(DOWN, Part.KEPT)], lambda step: arm.do(step.motion.phrase), lambda: arm.position)


def test_a_deviation_given_up_on_the_way_ends_the_copy() -> None:
    positions = iter([np.zeros(3), np.array([0.0, 0.0, 0.04])])
    step = AugmentedStep(MOTIONS["raise the arm up by ten centimeters"], Part.DEVIATION)
    with pytest.raises(Failed, match="on the way"):
        carry_out([step], lambda step: "protective stop", lambda: next(positions))


def test_what_was_done_is_read_without_what_was_undone(tmp_path: Path) -> None:
    bag = DemoBag(tmp_path / "one")
    bag.wait(400)
    for phrase in (LEFT.phrase, DOWN.phrase, f"undo: {DOWN.phrase}", CLOSE.phrase):
        bag.do(phrase)
    found = read_original(bag.close())
    assert [motion.phrase for motion in found.motions] == [LEFT.phrase, CLOSE.phrase]
    assert found.instruction == "point at the red block" and found.start is not None


def test_what_cannot_be_done_again_is_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    home, stopped, policy = (DemoBag(tmp_path / name) for name in ("home", "stopped", "policy"))
    copy = DemoBag(tmp_path / "copy", augmented_from="one")
    for bag in (home, stopped, policy, copy):
        bag.wait(400)
        bag.do(LEFT.phrase, source="policy" if bag is policy else "teleop")
    home.do("home")
    stopped.do(DOWN.phrase, until=0.5, finish=False)
    stopped.status()
    stopped.do(LEFT.phrase)
    for bag, told in ((home, "home"), (stopped, "stopped"), (policy, "chosen by the policy"), (copy, "of one")):
        path = bag.close()
        with pytest.raises(RecordingError, match=told):
            read_original(path)
        assert main(["augment", str(path), "--output", str(tmp_path / "out")]) == 2
        assert str(path) in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_copies_that_exist_are_not_made_again(tmp_path: Path) -> None:
    first = original(LEFT.phrase)
    assert [copy.number for copy in copies_to_make([first], 3, tmp_path / "none")] == [1, 2, 3]
    DemoBag(tmp_path / "copies" / "a", augmented_from="one", augmented_copy="2").close()
    DemoBag(tmp_path / "copies" / "b", augmented_from="other", augmented_copy="1").close()
    assert [copy.number for copy in copies_to_make([first], 3, tmp_path / "copies")] == [1, 3]
