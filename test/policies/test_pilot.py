"""When a policy may choose: never on an old image, never against a person, never twice for one rest of the arm."""

from __future__ import annotations

import pytest

from roboact_ros.policies.pilot import ANSWER_NS, ExecutorReport, Pilot, report_from_values

MS = 1_000_000
IDLE = ExecutorReport("idle")


def moving(source: str = "policy", motion: str = "lower the arm by one centimeter", **more: float) -> ExecutorReport:
    return ExecutorReport("moving", motion, source, **more)  # type: ignore[arg-type]


def ready(lookahead: float = 1.0) -> Pilot:
    """A pilot that would choose for an image from after 0 ms."""
    pilot = Pilot(frame_timeout=1.0, lookahead=lookahead)
    pilot.instruct("close the laptop")
    pilot.executor_said(IDLE, 0)
    assert pilot.obstacle(1 * MS, 2 * MS) is None
    return pilot


def state(pilot: Pilot, frame_ms: int | None, now_ms: int) -> str:
    obstacle = pilot.obstacle(None if frame_ms is None else frame_ms * MS, now_ms * MS)
    return "choose" if obstacle is None else obstacle.state


def test_waits_for_an_instruction() -> None:
    pilot = Pilot(1.0)
    pilot.executor_said(IDLE, 0)
    assert "instruction" in str(pilot.obstacle(1 * MS, 2 * MS))
    pilot.instruct(" close the laptop ")
    assert state(pilot, 1, 2) == "choose" and pilot.instruction == "close the laptop"
    pilot.person_said("done", 3 * MS)
    assert "instruction" in str(pilot.obstacle(4 * MS, 5 * MS))


def test_waits_for_the_executor_and_for_images() -> None:
    pilot = Pilot(1.0)
    pilot.instruct("go")
    assert "executor" in str(pilot.obstacle(1 * MS, 2 * MS))
    pilot.executor_said(IDLE, 0)
    assert "no image" in str(pilot.obstacle(None, 2 * MS))
    assert "old" in str(pilot.obstacle(1 * MS, 1002 * MS))


def test_a_policy_that_could_not_choose_looks_again_at_another_image_and_new_words_at_once() -> None:
    pilot = ready()
    pilot.failed(10 * MS)
    assert state(pilot, 9, 11) == state(pilot, 205, 210) == "waiting"
    assert state(pilot, 215, 220) == "choose"
    pilot.failed(220 * MS)
    pilot.instruct("open the drawer")
    assert state(pilot, 221, 222) == "choose"


def test_one_choice_per_rest_of_the_arm() -> None:
    pilot = ready()
    pilot.chose(10 * MS)
    pilot.executor_said(IDLE, 20 * MS)  # sent before it took the motion
    assert state(pilot, 25, 30) == "driving"
    pilot.executor_said(moving(), 40 * MS)
    assert state(pilot, 45, 50) == "driving"
    pilot.executor_said(ExecutorReport("idle", finished=1), 100 * MS)
    assert state(pilot, 99, 110) == "waiting"  # exposed while the arm moved
    assert state(pilot, 101, 110) == "choose"


def test_a_motion_that_ends_between_two_reports() -> None:
    pilot = ready()
    pilot.chose(10 * MS)
    pilot.executor_said(ExecutorReport("idle", finished=1), 50 * MS)
    assert state(pilot, 40, 60) == "waiting"
    assert state(pilot, 55, 60) == "choose"


def test_a_motion_that_is_not_taken_is_chosen_again() -> None:
    pilot = ready()
    pilot.chose(10 * MS)
    later = 10 + ANSWER_NS // MS + 1
    assert state(pilot, later - 5, later - 2) == "driving"
    assert state(pilot, later - 5, later) == "waiting"
    assert state(pilot, later + 1, later + 2) == "choose"


def test_a_refused_motion_is_chosen_again_after_a_while() -> None:
    pilot = ready()
    pilot.chose(10 * MS)
    pilot.executor_said(ExecutorReport("idle", refused="behind the workspace box"), 20 * MS)
    obstacle = pilot.obstacle(600 * MS, 610 * MS)
    assert obstacle is not None and obstacle.warn and "workspace" in obstacle.message
    assert state(pilot, 2015, 2020) == "waiting" and state(pilot, 2025, 2030) == "choose"


def test_a_person_goes_first() -> None:
    pilot = ready()
    turn = pilot.turn
    pilot.person_said("raise the arm up by one centimeter", 10 * MS)
    assert pilot.turn != turn, "a choice under way is dropped"
    assert state(pilot, 11, 12) != "choose"
    pilot.executor_said(moving("teleop"), 20 * MS)
    assert state(pilot, 21, 22) == "waiting"
    pilot.executor_said(ExecutorReport("idle", finished=1), 300 * MS)
    assert state(pilot, 299, 310) == "waiting" and state(pilot, 305, 310) == "choose"


@pytest.mark.parametrize("word", ["stop", "pause"])
def test_pauses(word: str) -> None:
    for end in (lambda pilot: pilot.person_said("resume", 0), lambda pilot: pilot.instruct("next")):
        pilot = ready()
        turn = pilot.turn
        pilot.person_said(word, 3 * MS)
        assert state(pilot, 4, 5) == "paused" and pilot.turn != turn
        end(pilot)
        assert state(pilot, 4, 5) == "choose"


@pytest.mark.parametrize("held", ["stopped", "holding", "disconnected", "halting"])
def test_an_arm_that_cannot_move(held: str) -> None:
    pilot = ready()
    turn = pilot.turn
    pilot.executor_said(ExecutorReport(held), 10 * MS)
    assert state(pilot, 11, 12) != "choose"
    pilot.executor_said(IDLE, 500 * MS)
    assert state(pilot, 499, 510) == "waiting" and state(pilot, 505, 510) == "choose"
    assert pilot.turn != turn


def test_lookahead_chooses_once_before_the_end() -> None:
    pilot = ready(lookahead=0.5)
    pilot.chose(10 * MS)
    pilot.executor_said(moving(progress=0.1), 20 * MS)
    assert state(pilot, 25, 30) == "driving"
    pilot.executor_said(moving(progress=0.6), 40 * MS)
    assert state(pilot, 39, 50) == "waiting" and state(pilot, 45, 50) == "choose"
    pilot.chose(50 * MS)
    pilot.executor_said(moving(progress=0.7), 60 * MS)  # still the old motion
    assert state(pilot, 65, 70) == "driving"
    pilot.executor_said(moving(progress=0.0, finished=1), 80 * MS)
    assert state(pilot, 85, 90) == "driving"
    pilot.executor_said(moving("teleop", progress=0.9), 100 * MS)
    assert state(pilot, 105, 110) == "waiting"


def test_reports_as_the_executor_sends_them() -> None:
    values = {"state": "moving", "motion": "m", "source": "policy", "finished": "3", "progress": "0.25", "other": "x"}
    assert report_from_values(values) == ExecutorReport("moving", "m", "policy", 3, "", 0.25)
    assert report_from_values({"state": "idle", "finished": ""}) == ExecutorReport("idle")


def test_a_chunk_chosen_on_the_way_is_carried_out_though_the_one_before_has_ended() -> None:
    pilot = Pilot(1.0, lookahead=0.5, streams=True)
    pilot.instruct("go")
    pilot.executor_said(IDLE, 0)
    pilot.chose(10 * MS)
    chunk = "chunk of 8 steps"
    pilot.executor_said(moving(motion=chunk, progress=0.4), 30 * MS)
    assert pilot.follows_chunk and state(pilot, 40, 50) == "driving"
    pilot.executor_said(moving(motion=chunk, progress=0.5), 60 * MS)
    assert state(pilot, 9, 70) == "waiting"  # it was taken before the chunk was chosen
    assert state(pilot, 50, 70) == "choose"  # while the arm moved, but after that
    turn = pilot.turn
    pilot.executor_said(ExecutorReport("idle", finished=1), 100 * MS)
    assert pilot.turn == turn and state(pilot, 50, 110) == "choose" and not pilot.follows_chunk
    pilot.person_said("raise the arm a bit", 120 * MS)
    assert pilot.turn != turn


def test_a_refused_chunk_is_not_gone_on_from() -> None:
    pilot = Pilot(1.0, lookahead=0.5, streams=True)
    pilot.instruct("go")
    pilot.executor_said(moving(motion="chunk of 8 steps", refused="the chunk is stale"), 30 * MS)
    assert not pilot.follows_chunk
