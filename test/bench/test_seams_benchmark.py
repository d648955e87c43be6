"""Two arms go on without a stop while the policy thinks; those that wait for it stand at every seam."""

from __future__ import annotations

from roboact_ros.bench.seam_ride import Course, ride
from roboact_ros.bench.seams import summary
from roboact_ros.cells.load import load_cell


def test_100_ms_of_thinking_starve_no_cycle() -> None:
    safety = load_cell("clap_dual_ur5").safety
    rides = {way: ride(Course(way, 0.1)) for way in ("select", "wait")}
    figures = {way: summary([one]) for way, one in rides.items()}
    for one in figures.values():
        assert one["joint_speed"] <= safety.joint_speed * 1.002 and one["apart_ms"] <= 2.0 + 1e-6
        assert not one["refused"] and one["seams"] >= 2
        assert one["acceleration"] <= 2.0 * safety.tool_acceleration  # that of the old chunk and the new one add up
    assert all(told.arrived for told in rides.values())
    assert figures["select"]["starved"] == 0.0
    assert figures["wait"]["starved"] >= 0.1 * figures["wait"]["seams"]
