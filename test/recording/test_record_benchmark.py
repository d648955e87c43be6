"""The benchmark of recording measures what it says; how fast is for the benchmark itself."""

from __future__ import annotations

import argparse
from pathlib import Path

from roboact_ros.bench import record


def test_the_report_has_every_figure(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    record.add_arguments(parser)
    words = f"--folder {tmp_path} --rounds 1 --raw 3 --compressed 20 --seconds 1"
    report = record.run(parser.parse_args(words.split()))
    figures = {"raw_mb_s", "compressed_mb_s", "raw_synced_mb_s", "compressed_synced_mb_s"}
    assert figures <= report.metrics.keys() and figures <= report.peers["rosbags"].keys()
    assert report.ratios["throughput"] > 0
    assert report.metrics["cameras_published"] == 3 * 30
    drops = report.metrics["drops"]
    assert isinstance(drops, int) and 0 <= drops < 90
    assert list(tmp_path.iterdir()) == []
