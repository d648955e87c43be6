"""Both arms take a tray by its posts: how the tasks on trays begin."""

from __future__ import annotations

from roboact_ros.sim.scene import Tray
from roboact_ros.sim.tasks.pair.situation import LEFT, RIGHT, PairSituation
from roboact_ros.sim.tasks.pair.task import Both
from roboact_ros.sim.tasks.skills import reached
from roboact_ros.sim.tasks.task import CLOSED, OPEN, Waypoint
from roboact_ros.types import FloatArray


def both_hold(tray: Tray, now: PairSituation) -> bool:
    """Whether each arm holds its post."""
    posts = now.posts(tray)
    return all(now.holds(arm, posts[arm]) for arm in (LEFT, RIGHT))


def grasp_tray(tray: Tray, now: PairSituation) -> Both:
    """Return the way to both posts; neither closes before both are there, or one would pull the tray from the other."""
    posts = now.posts(tray)
    there = all(now.holds(arm, posts[arm]) or reached(now.tools[arm], posts[arm]) for arm in (LEFT, RIGHT))
    opening = CLOSED if there else OPEN
    return Waypoint(posts[LEFT], opening), Waypoint(posts[RIGHT], opening)


def carry_tray(way: FloatArray, now: PairSituation) -> Both:
    """Return where both tools go with what they hold, (3,) [m] from here, straight."""
    return Waypoint(now.tools[LEFT] + way, CLOSED, True), Waypoint(now.tools[RIGHT] + way, CLOSED, True)
