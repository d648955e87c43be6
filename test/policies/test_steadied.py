"""A steadied policy ends its to and fro, and is the policy itself otherwise."""

import numpy as np

from roboact_ros.language.vocabulary import DONE, PRIMITIVES, primitive
from roboact_ros.policies.steadied import Steadied
from roboact_ros.types import Decision, Frame

LEFT_5, RIGHT_5 = "move the arm to the left by five centimeters", "move the arm to the right by five centimeters"
RIGHT_1, LEFT_1 = "move the arm to the right by one centimeter", "move the arm to the left by one centimeter"
DOWN_5, DOWN_20 = "lower the arm by five centimeters", "lower the arm by twenty centimeters"
CLOSE = "close the gripper"


class Wishing:
    """Likes the motions of one list best in each step, in that order."""

    def __init__(self, *steps: list[str]) -> None:
        self.steps = list(steps)

    def instruct(self, instruction: str) -> None:
        """Do nothing."""

    def act(self, frame: Frame) -> Decision:
        wishes = self.steps.pop(0)
        scores = {m.phrase: 0.5 / (1 + wishes.index(m.phrase)) if m.phrase in wishes else 0.0 for m in PRIMITIVES}
        return Decision(primitive(wishes[0]), scores, frame.stamp_ns, 1.0)


def frame(number: int) -> Frame:
    """Pictures of an arm that is somewhere else in each, with some noise."""
    noise = np.random.default_rng()
    image = noise.integers(98, 103, (240, 320, 3), dtype=np.uint8)
    image[100:140, 10 * number : 10 * number + 20] = 30
    return Frame("front", number, image)


def said(policy: Steadied, steps: int) -> list[str]:
    return [policy.act(frame(number)).motion.phrase for number in range(steps)]


def test_to_and_fro_gets_shorter_and_ends() -> None:
    steps = [[LEFT_5, LEFT_1], [RIGHT_5, RIGHT_1, DOWN_5], [LEFT_5, LEFT_1, DOWN_5], [LEFT_1, DOWN_5]]
    assert said(Steadied(Wishing(*steps)), 4) == [LEFT_5, RIGHT_1, DOWN_5, DOWN_5]


def test_nothing_else_changes() -> None:
    steps = [[LEFT_5], [LEFT_5], [DOWN_5], [RIGHT_1], [CLOSE], [LEFT_5]]
    policy = Steadied(Wishing(*steps))
    decisions = [policy.act(frame(number)) for number in range(len(steps))]
    assert [decision.motion.phrase for decision in decisions] == [step[0] for step in steps]
    assert all(decision.note == "" for decision in decisions)


def test_it_says_what_it_passed_over_and_keeps_the_scores() -> None:
    policy = Steadied(Wishing([LEFT_5], [RIGHT_5, DOWN_5]))
    policy.act(frame(0))
    decision = policy.act(frame(1))
    assert decision.motion.phrase == DOWN_5 and RIGHT_5 in decision.note
    assert max(decision.scores, key=lambda phrase: decision.scores[phrase]) == RIGHT_5


def test_a_long_way_the_gripper_or_another_task_begins_anew() -> None:
    for between in (DOWN_20, CLOSE):
        assert said(Steadied(Wishing([LEFT_5], [between], [RIGHT_5])), 3)[-1] == RIGHT_5
    policy = Steadied(Wishing([LEFT_5], [RIGHT_5]))
    policy.act(frame(0))
    policy.instruct("something else")
    assert policy.act(frame(0)).motion.phrase == RIGHT_5


def test_done_must_be_clearly_best() -> None:
    class Finishing(Wishing):
        def act(self, frame: Frame) -> Decision:
            decision, lead = super().act(frame), 0.01 if len(self.steps) == 1 else 0.03
            scores = {**decision.scores, DONE.phrase: max(decision.scores.values()) + lead}
            return Decision(DONE, scores, 1, 1.0)

    policy = Steadied(Finishing([LEFT_1], [LEFT_1]))
    unsure = policy.act(frame(0))
    assert unsure.motion.phrase == LEFT_1 and "too early" in unsure.note
    assert policy.act(frame(1)).motion == DONE


def test_what_changed_nothing_is_not_repeated_until_something_changes() -> None:
    wishes = [DOWN_5, LEFT_1, RIGHT_5]
    policy = Steadied(Wishing(*[wishes] * 6))
    told = [policy.act(frame(0)).motion.phrase for _ in range(3)]
    assert told == [DOWN_5, LEFT_1, RIGHT_5]  # neither went anywhere, so the third takes nothing back
    decision = policy.act(frame(1))
    assert decision.motion.phrase == DOWN_5 and not decision.note
    assert "changed nothing" in policy.act(frame(1)).note


def test_done_does_not_stand_in_for_a_motion_that_is_passed_over() -> None:
    class NearlyDone(Wishing):
        def act(self, frame: Frame) -> Decision:
            decision = super().act(frame)
            return Decision(decision.motion, {**decision.scores, DONE.phrase: 0.4}, 1, 1.0)

    assert said(Steadied(NearlyDone([LEFT_5], [RIGHT_5, DOWN_5])), 2) == [LEFT_5, DOWN_5]
