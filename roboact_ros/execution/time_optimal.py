"""Time-optimal trajectories by Ruckig, also where its arithmetic fails."""

from __future__ import annotations

from ruckig import InputParameter, Result, Ruckig, RuckigError
from ruckig import Trajectory as RuckigTrajectory

from roboact_ros.errors import MotionRefused

_PARTS = (1.0, 1.0 - 1e-6, 1.0 - 1e-4, 1.0 - 1e-2)
"""Of the largest jerk, tried one after the other."""


def calculated(request: InputParameter) -> RuckigTrajectory:
    """Return the trajectory that does what is asked for.

    For a distance on which an arm only just reaches its largest acceleration (2 cm at 1 m/s^2 and 10 m/s^3) rounding
    decides whether Ruckig finds one; with a little less jerk it does.

    Raises:
        MotionRefused: There is none.
    """
    jerks, problem = list(request.max_jerk), ""
    ruckig, path = Ruckig(request.degrees_of_freedom), RuckigTrajectory(request.degrees_of_freedom)
    for part in _PARTS:
        request.max_jerk = [part * jerk for jerk in jerks]
        try:
            result = ruckig.calculate(request, path)
        except RuckigError as error:
            problem = " ".join(str(error).split())
        else:
            if result == Result.Working:
                return path
            problem = str(result)
    raise MotionRefused(f"no trajectory: {problem}")
