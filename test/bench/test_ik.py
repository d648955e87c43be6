from __future__ import annotations

import argparse
import json

from roboact_ros.bench import ik


def test_every_pose_is_solved_accurately() -> None:
    parser = argparse.ArgumentParser()
    ik.add_arguments(parser)
    report = json.loads(ik.run(parser.parse_args(["--poses", "200", "--rounds", "1"])).to_json())
    metrics = report["metrics"]
    assert all(value == 1.0 for name, value in metrics.items() if name.endswith("success"))
    assert metrics["position_error_m"] <= 1e-9
    assert metrics["calibrated_position_error_m"] <= 1e-6
    assert set(report["ratios"]) == {"single", "batch"}
    assert {"eaik, all", "eaik, nearest", "ur-analytic-ik", "pinocchio"} <= set(report["peers"])
