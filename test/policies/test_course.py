"""Instructions of several steps."""

from __future__ import annotations

import pytest

from roboact_ros.policies.course import steps_of
from roboact_ros.policies.pilot import ExecutorReport, Pilot


@pytest.mark.parametrize(
    ("said", "steps"),
    [
        ("open the drawer", ("open the drawer",)),
        (
            "Open the drawer, then pick up the block, and then place it. Then close the drawer",
            ("Open the drawer", "pick up the block", "place it", "close the drawer"),
        ),
        ("push it; then, pull it;", ("push it", "pull it")),
        ("strengthen the lid", ("strengthen the lid",)),
        (" , then ; ", ()),
        ("", ()),
    ],
)
def test_steps(said: str, steps: tuple[str, ...]) -> None:
    assert steps_of(said) == steps


def test_a_person_ends_a_step_and_a_new_task_forgets_the_old_steps() -> None:
    pilot = Pilot(1.0)
    pilot.instruct("open the drawer, then close it")
    turn = pilot.turn
    pilot.person_said("done", 0)
    assert (pilot.instruction, pilot.step) == ("close it", "step 2 of 2") and pilot.turn > turn
    pilot.person_said("done", 0)
    assert (pilot.instruction, pilot.step) == ("", "")
    pilot.instruct("open the drawer, then close it")
    pilot.instruct("point at the block")
    assert pilot.step == "" and not pilot.next_step()


def test_the_time_of_a_step_begins_anew_after_a_pause() -> None:
    pilot = Pilot(1.0, step_seconds=10.0)
    pilot.instruct("a; b")
    pilot.time_passed(50_000_000_000)
    assert pilot.instruction == "a", "the policy is not even loaded"
    pilot.chose(50_000_000_000)
    pilot.time_passed(59_000_000_000)
    pilot.pause("paused")
    pilot.time_passed(61_000_000_000)
    pilot.resume()
    pilot.chose(62_000_000_000)
    pilot.chose(70_000_000_000)
    pilot.time_passed(72_000_000_000)
    assert pilot.instruction == "a"
    pilot.time_passed(72_000_000_001)
    assert pilot.instruction == "b"
    pilot.chose(73_000_000_000)
    pilot.executor_said(ExecutorReport("holding"), 74_000_000_000)
    pilot.time_passed(90_000_000_000)
    assert not pilot.paused, "the arm was held"
    pilot.executor_said(ExecutorReport("idle"), 91_000_000_000)
    pilot.chose(91_000_000_000)
    pilot.time_passed(101_000_000_001)
    assert pilot.paused == 'the time for "b" is over'


def test_a_task_of_one_step_has_no_time_limit() -> None:
    pilot = Pilot(1.0, step_seconds=1.0)
    pilot.instruct("a")
    pilot.chose(0)
    for seconds in range(5):
        pilot.time_passed(seconds * 1_000_000_000)
    assert pilot.instruction == "a" and not pilot.paused
