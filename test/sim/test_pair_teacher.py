"""The teacher of two arms: ways that end at their goal, above a funnel, and that change steadily with the goal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from roboact_ros.sim.pair_teacher import next_steps
from roboact_ros.sim.tasks.pair.situation import PairSituation
from roboact_ros.sim.tasks.pair.task import Both
from roboact_ros.sim.tasks.task import OPEN, Waypoint
from roboact_ros.types import FloatArray, GripperState

HOME = np.array([0.45, -0.3, 0.4])
GOAL = np.array([0.5, 0.1, 0.055])


@dataclass(frozen=True)
class Reach:
    goal: FloatArray
    straight: bool = False
    instruction: str = "reach"

    def succeeded(self, start: PairSituation, now: PairSituation) -> bool:
        return False

    def next_waypoints(self, start: PairSituation, now: PairSituation) -> Both | None:
        return Waypoint(self.goal, OPEN, self.straight), Waypoint(now.tools[1], OPEN, True)


def steps(tool: FloatArray, goal: FloatArray, straight: bool = False) -> FloatArray:
    open_ = GripperState(1.0, moving=False, holding=False)
    now = PairSituation(np.stack((tool, HOME)), (open_, open_), {}, {}, 0.0)
    found = next_steps(Reach(goal, straight), now, now)
    assert found is not None and not found[:, [3, 4, 5, 7, 8, 9, 10, 11, 12]].any()
    way: FloatArray = found[:, :3]
    return way


@pytest.mark.parametrize("tool", [HOME, GOAL + [0.03, 0.0, 0.0], GOAL + [0.0, 0.3, 0.0], GOAL + [0.01, 0.01, 0.2]])
@pytest.mark.parametrize("straight", [True, False])
def test_a_way_ends_at_its_goal_in_short_steps(tool: FloatArray, straight: bool) -> None:
    way = steps(tool, GOAL, straight)
    np.testing.assert_allclose(tool + way.sum(axis=0), GOAL, atol=0.002)
    assert np.linalg.norm(way, axis=1).max() < 0.0151


def test_a_low_tool_beside_its_goal_rises_before_it_goes_there_and_comes_down_above_it() -> None:
    tool = GOAL + [0.08, 0.0, 0.0]
    places = tool + np.cumsum(steps(tool, GOAL), axis=0)
    beside = np.linalg.norm(places[:, :2] - GOAL[:2], axis=1)
    assert places[np.argmax(beside < 0.06), 2] > GOAL[2] + 0.1
    near = beside < 0.06
    assert (places[near & (beside > 0.03), 2] > GOAL[2] + 0.02).all()
    assert beside[near & (places[:, 2] < GOAL[2] + 0.01)].max() < 0.02


def test_a_way_changes_steadily_with_the_goal() -> None:
    random = np.random.default_rng(0)
    tools = GOAL + random.uniform((-0.1, -0.1, 0.0), (0.1, 0.1, 0.2), (200, 3))
    aside = 0.001 * random.choice((-1.0, 1.0), (200, 2))
    apart = []
    for tool, by in zip(tools, aside, strict=True):
        one, other = (np.cumsum(steps(tool, goal), axis=0) for goal in (GOAL, GOAL + [*by, 0.0]))
        count = min(len(one), len(other))
        apart.append(np.linalg.norm(one[:count] - other[:count], axis=1).max())
    assert max(apart) < 0.03, "a millimetre decides whether the tool goes up or down"
