"""The simulated robot as a process of a cell."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticArray

from roboact_ros.errors import SimulationError
from roboact_ros.sim.pendant import Pendant

ADDRESS = f"127.{os.getpid() % 250 + 1}.{random.randint(1, 250)}.{random.randint(1, 250)}"
DOMAIN = 1 + os.getpid() % 100


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "ROS_DOMAIN_ID": str(DOMAIN), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
    words = [sys.executable, "-m", "roboact_ros.nodes.sim_node", "teleop_ur5", f"sim.address:={ADDRESS}"]
    node = subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True)
    yield node
    if node.poll() is None:
        node.kill()
    node.communicate()


def connect(seconds: float = 30.0) -> Pendant:
    deadline = time.monotonic() + seconds
    while True:
        try:
            return Pendant(ADDRESS)
        except SimulationError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)  # polls until the deadline


def test_serves_reports_and_leaves(process: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    reports: list[DiagnosticArray] = []
    context = rclpy.Context()
    rclpy.init(context=context, domain_id=DOMAIN)
    listener = rclpy.create_node("listener", context=context)
    executor = rclpy.executors.SingleThreadedExecutor(context=context)
    executor.add_node(listener)
    try:
        listener.create_subscription(DiagnosticArray, "/diagnostics", reports.append, 10)
        with connect() as pendant:
            assert pendant.state()["robot_mode"] == "RUNNING"
            pendant.protective_stop("for the report")
        deadline = time.monotonic() + 20.0
        while not any(report.status[0].message == "for the report" for report in reports):
            assert time.monotonic() < deadline, "no report of the protective stop"
            executor.spin_once(timeout_sec=0.1)
        assert {value.key for value in reports[-1].status[0].values} >= {"late ticks", "clients", "safety mode"}
    finally:
        executor.shutdown()
        listener.destroy_node()
        rclpy.shutdown(context=context)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=5) == 0


def test_a_real_robot_is_not_simulated() -> None:
    words = [sys.executable, "-m", "roboact_ros.nodes.sim_node", "teleop_ur5", "robot_ip:=10.0.0.1"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "10.0.0.1" in done.stderr
