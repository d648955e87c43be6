"""The benchmark of training runs both contenders and compares what they learned."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from roboact_ros.cli import main

sys.path.append(str(Path(__file__).parent.parent / "train"))
from tiny_training import small_model  # noqa: E402


def test_both_contenders_begin_with_the_same_loss(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--model", small_model(tmp_path / "small"), "--batch", "4", "--rounds", "1", "--samples", "8"]
    assert main(["bench", "train", *options, "--workers", "0", "--json"]) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report["ratios"]
