"""The vocabulary, by its rule and by what the specification of CLIP-RT says about single labels."""

from __future__ import annotations

from decimal import Decimal
from math import pi

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roboact_ros.errors import LanguageRefusal
from roboact_ros.language.parse import parse
from roboact_ros.language.plan import plan_from_text, plan_to_text
from roboact_ros.language.vocabulary import (
    LENGTHS,
    PRIMITIVES,
    displacement,
    motion_for,
    nearest_primitive,
    opening,
    phrase_for,
    primitive,
)
from roboact_ros.types import Motion

amounts = st.decimals(min_value="0.001", max_value="100", places=3, allow_nan=False)
displacements = st.builds(displacement, st.integers(0, 6), st.sampled_from((-1, 1)), amounts)
openings = st.builds(opening, st.decimals(min_value=0, max_value=100, places=2, allow_nan=False))
motions = st.one_of(displacements, openings, st.sampled_from(PRIMITIVES))


def test_labels_of_the_specification() -> None:
    assert len(PRIMITIVES) == len({motion.phrase for motion in PRIMITIVES}) == 58
    assert PRIMITIVES[0].phrase == "move the arm back by twenty centimeters"
    assert PRIMITIVES[15].phrase == "move the arm to the left by twenty centimeters"
    assert PRIMITIVES[15].action == (0.0, 0.2, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    assert PRIMITIVES[19].phrase == "lower the arm by one centimeter"
    assert PRIMITIVES[25].phrase == "roll arm fourty five degrees counterclockwise"
    assert PRIMITIVES[32].phrase == "tilt arm up ninety degrees"
    assert PRIMITIVES[39].action == (0.0, 0.0, 0.0, 0.0, pi / 2, 0.0, 0.0, 1.0)
    assert PRIMITIVES[55].phrase == "rotate the gripper ninety degrees clockwise"
    assert [motion.action[7] for motion in PRIMITIVES] == [1.0] * 56 + [0.0, 1.0]
    assert [motion.phrase for motion in PRIMITIVES[56:]] == ["close the gripper", "open the gripper"]


def test_eight_labels_per_axis_rise_through_zero() -> None:
    for axis in range(7):
        values = [motion.action[axis] for motion in PRIMITIVES[8 * axis : 8 * axis + 8]]
        assert values == sorted(values)
        assert [-value for value in reversed(values)] == values


@pytest.mark.parametrize("motion", PRIMITIVES, ids=lambda motion: motion.phrase)
def test_every_primitive_round_trips(motion: Motion) -> None:
    assert parse(motion.phrase).motions == (motion,)
    assert primitive(motion.phrase) == motion_for(motion.action) == nearest_primitive(motion.action) == motion


@given(motions)
def test_phrase_and_action_name_the_same_motion(motion: Motion) -> None:
    assert parse(motion.phrase).motions == (motion,)
    assert motion_for(motion.action) == motion
    assert phrase_for(motion.action) == motion.phrase
    assert primitive(motion.primitive).primitive == motion.primitive


@given(displacements)
def test_the_nearest_primitive_keeps_axis_and_side(motion: Motion) -> None:
    near = nearest_primitive(motion.action).action
    for value, kept in zip(motion.action[:7], near[:7], strict=True):
        assert (value > 0) == (kept > 0) and (value < 0) == (kept < 0)


@pytest.mark.parametrize(
    ("amount", "nearest"), [("7", 5), ("8", 10), ("2", 1), ("3", 5), ("15", 20), ("100", 20), ("0.1", 1)]
)
def test_nearest_length_on_a_log_scale(amount: str, nearest: int) -> None:
    motion = displacement(1, 1, Decimal(amount))
    assert motion.primitive == f"move the arm to the left by {LENGTHS[nearest]}"
    assert motion.phrase == f"move the arm to the left by {amount} centimeters"


@pytest.mark.parametrize(
    "action",
    [
        (0.1, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0),
        (0.0,) * 7,
        (float("nan"),) + (0.0,) * 7,
        (0.0,) * 7 + (1.5,),
        (1e-12,) + (0.0,) * 7,
    ],
)
def test_what_no_phrase_names_is_refused(action: tuple[float, ...]) -> None:
    with pytest.raises(LanguageRefusal):
        phrase_for(action)


def test_an_unknown_phrase_is_refused_with_a_hint() -> None:
    with pytest.raises(LanguageRefusal, match="open the gripper"):
        primitive("open the griper")


@given(st.lists(motions, min_size=1, max_size=6))
def test_plans_round_trip(plan: list[Motion]) -> None:
    assert plan_from_text(plan_to_text(plan)) == tuple(plan)


@pytest.mark.parametrize("control", ["stop", "pause", "resume", "undo", "again", "home", "done", "start over"])
def test_controls_are_plans(control: str) -> None:
    assert plan_from_text(control) == control


@pytest.mark.parametrize(
    "text", ["", "left", "halt", "move left", "open the gripper; then ", "close the gripper, open it", "Stop"]
)
def test_plans_are_strict(text: str) -> None:
    with pytest.raises(LanguageRefusal):
        plan_from_text(text)


def test_an_empty_plan_is_refused() -> None:
    with pytest.raises(LanguageRefusal):
        plan_to_text([])
