"""The image benchmark runs both pairs and reports every figure."""

from __future__ import annotations

import argparse
import json
import math

from roboact_ros.bench import images


def test_report_has_every_figure_of_both_pairs() -> None:
    report = images.run(argparse.Namespace(seconds=0.5, rounds=1))
    figures = ("build_publish_us", "latency_p50_ms", "latency_p95_ms", "sent", "drops")
    expected = {f"{kind}_{figure}" for kind in ("raw", "compressed") for figure in figures}
    assert set(report.metrics) == set(report.peers["stock rclpy"]) == expected
    assert 10 <= int(str(report.metrics["raw_sent"])) <= 20
    assert all(math.isfinite(ratio) and ratio > 0 for ratio in report.ratios.values())
    assert json.loads(report.to_json())["name"] == "images"
