"""The benchmark of the streaming encoder compares equal features."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "policies"))

from tiny_clip import tiny_model

from roboact_ros.bench.roboact_clip import add_arguments, run


def test_a_step_equals_all_frames_at_once(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    report = run(parser.parse_args(["--model", tiny_model(tmp_path), "--device", "cpu", "--rounds", "20"]))
    assert float(str(report.metrics["difference"])) < 1e-5
    assert report.peers["all frames"]["frames"] == 16 and set(report.ratios) == {"step"}
