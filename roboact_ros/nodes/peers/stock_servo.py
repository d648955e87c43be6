"""A control loop the way rclpy tutorials do it: one node, one executor, a 2 ms timer that does everything.

The motions, the limits and the messages are ours; the timer, the client library's default settings and the single
thread that also serves subscriptions are what is compared.
"""

from __future__ import annotations

import os
import time

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import PoseStamped
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rtde_control import RTDEControlInterface
from rtde_receive import RTDEReceiveInterface
from sensor_msgs.msg import CameraInfo, JointState
from std_msgs.msg import String
from trajectory_msgs.msg import JointTrajectory

from roboact_ros.errors import MotionRefused
from roboact_ros.execution.executor import Executor
from roboact_ros.execution.kinematics import Kinematics
from roboact_ros.execution.limits import Limits
from roboact_ros.execution.poses import pose_from_vector
from roboact_ros.execution.realtime import Lateness
from roboact_ros.execution.status import PERSON, State
from roboact_ros.execution.trajectory import ToolLimits
from roboact_ros.nodes.arm_topics import LATCHED
from roboact_ros.nodes.executor_status import executor_status
from roboact_ros.nodes.messages.arm import joints_to_message, targets_to_message, tool_pose_to_message
from roboact_ros.nodes.messages.diagnostics import status_to_message
from roboact_ros.nodes.peers.servo_side import Side, Stopwatch, motion, parse_side
from roboact_ros.robots import robot_model
from roboact_ros.types import ArmMode, ArmState

_PUBLISH_EVERY, _STATUS_EVERY = 10, 250


class StockServoNode(Node):  # type: ignore[misc]
    """Reads, decides, streams and publishes in one timer."""

    def __init__(self, side: Side) -> None:
        super().__init__("stock_servo")
        cell = side.cell
        model = robot_model(cell.arm.model)
        self._period_ns = round(1e9 / model.rate_hz)
        self._dt = 1.0 / model.rate_hz
        self._control = RTDEControlInterface(cell.robot_address)
        self._receive = RTDEReceiveInterface(cell.robot_address)
        self._control.setTcp(list(cell.arm.tcp))
        self._control.setWatchdog(10.0)
        kinematics = Kinematics(model, pose_from_vector(*cell.arm.tcp))
        tool_limits = ToolLimits.from_safety(cell.safety)
        home = np.array(cell.arm.home)
        self._executor = Executor(kinematics, Limits.from_cell(cell, kinematics), tool_limits, home, self._dt)
        self._joints = self.create_publisher(JointState, "joint_states", 10)
        self._pose = self.create_publisher(PoseStamped, "tcp_pose", 10)
        self._action = self.create_publisher(JointTrajectory, "executor/action", 100)
        self._status = self.create_publisher(DiagnosticStatus, "executor/status", LATCHED)
        for topic in ("teleop/motion", "policy/motion"):
            self.create_subscription(String, topic, self._heard, 10)
        for camera in cell.cameras:
            self.create_subscription(CameraInfo, f"camera/{camera}/camera_info", self._heard, 10)
        self._heard_ns, self._number, self._motions = 0, 0, 0
        self._targets: list[tuple[int, list[float]]] = []
        self.lateness = Lateness()
        self.create_timer(self._dt, self._tick)
        self._due = time.monotonic_ns() + self._period_ns

    def measure(self) -> tuple[Lateness, int]:
        """Return what was counted since the last call, and the motions so far."""
        counted, self.lateness = self.lateness, Lateness()
        return counted, self._motions

    def _heard(self, message: object) -> None:
        self._heard_ns = time.monotonic_ns()

    def _tick(self) -> None:
        now = time.monotonic_ns()
        late = now - self._due
        missed = max(0, late) // self._period_ns
        self.lateness.note(late, missed)
        self._due += (missed + 1) * self._period_ns
        q, qd = self._receive.getActualQ(), self._receive.getActualQd()
        stopped = self._receive.isProtectiveStopped() or self._receive.isEmergencyStopped()
        mode = ArmMode.PROTECTIVE_STOP if stopped else ArmMode.RUNNING
        state = ArmState(now, np.array(q), np.array(qd), mode, self._receive.getSpeedScaling())
        command = self._executor.step(state, None, now)
        if command.q is not None:
            target = command.q.tolist()
            self._control.servoJ(target, 0.0, 0.0, self._dt, 0.1, 300.0)
            self._targets.append((self.get_clock().now().nanoseconds, target))
        self._number += 1
        if self._number % _PUBLISH_EVERY == 0:
            self._publish(state)
        if self._number % _STATUS_EVERY == 0:
            status = self._executor.status
            told = {"state": status.state.value, "motion": status.motion, "finished": status.finished}
            self._status.publish(status_to_message(executor_status(told, "", 0, "stock")))
        if self._number % _PUBLISH_EVERY == 0 and self._executor.status.state is State.IDLE:
            try:
                self._executor.submit([motion(self._motions)], PERSON)
                self._motions += 1
            except MotionRefused:  # a motion that was dropped has left the arm too far to one side
                self._executor.home()

    def _publish(self, state: ArmState) -> None:
        stamp = self.get_clock().now().nanoseconds
        self._joints.publish(joints_to_message(state.q.tolist(), state.qd.tolist(), stamp))
        self._pose.publish(tool_pose_to_message(pose_from_vector(*self._receive.getActualTCPPose()), stamp))
        if self._targets:
            self._action.publish(targets_to_message(self._targets, PERSON))
            self._targets = []


def main() -> None:
    """Run until the counts are printed."""
    side = parse_side()
    rclpy.init()
    node = StockServoNode(side)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    _spin(executor, side.settle)
    _, before = node.measure()
    stopwatch = Stopwatch(os.getpid())
    _spin(executor, side.seconds)
    counted, motions = node.measure()
    stopwatch.report(vars(counted), motions - before, "")
    rclpy.shutdown()


def _spin(executor: SingleThreadedExecutor, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        executor.spin_once(timeout_sec=0.1)


if __name__ == "__main__":
    main()
