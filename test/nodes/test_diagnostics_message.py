"""Statuses of several cells on the one topic that they share."""

from __future__ import annotations

import itertools

import pytest
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus

from roboact_ros.nodes.messages.diagnostics import Level, Status, statuses_from_array, statuses_to_array

SPACES = ("/", "/left", "/left/one", "/camera", "/lef")
PARTS = [
    Status("camera/front", Level.WARN, "dark: too dark", {"rate_hz": "30"}),
    Status("executor", Level.OK, "idle", {}),
    Status("simulated robot", Level.ERROR, "/left: stopped", {}),
]


@pytest.mark.parametrize("space", SPACES)
def test_round_trip(space: str) -> None:
    assert statuses_from_array(statuses_to_array(PARTS, Time(), space), space) == PARTS


def test_no_cell_sees_the_parts_of_another() -> None:
    for one, other in itertools.permutations(SPACES, 2):
        assert statuses_from_array(statuses_to_array(PARTS, Time(), one), other) == []


def test_what_other_ros_nodes_say_belongs_to_the_cell_without_a_namespace() -> None:
    array = DiagnosticArray(status=[DiagnosticStatus(name="joy_node: Joystick Driver Status")])
    assert [status.name for status in statuses_from_array(array, "/")] == ["joy_node: Joystick Driver Status"]
    assert statuses_from_array(array, "/left") == []
