"""A person who also reads every joint target that the arm is sent."""

from __future__ import annotations

import time

import numpy as np
from trajectory_msgs.msg import JointTrajectory

from roboact_ros.nodes.messages.arm import targets_from_message
from roboact_ros.nodes.witness import Witness
from roboact_ros.types import FloatArray


class TargetWitness(Witness):
    """A witness of joint targets.

    Attributes:
        targets: Moment [ns, ROS time] and joints (6,) [rad] of every target sent since the list was last cleared.
    """

    def __init__(self, namespace: str = "") -> None:
        """Join the network and start watching."""
        super().__init__(namespace)
        self.targets: list[tuple[int, FloatArray]] = []
        self._node.create_subscription(JointTrajectory, "executor/action", self._sent, 100)

    def wait_for(self, seconds: float) -> None:
        """Go on watching for some time."""
        end = time.monotonic() + seconds
        self._until(lambda: time.monotonic() > end, seconds + 1.0)

    def _sent(self, message: JointTrajectory) -> None:
        targets, _ = targets_from_message(message)
        self.targets += [(at, np.array(q)) for at, q in targets]
