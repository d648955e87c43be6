"""``roboact convert`` writes all of what it was given, or nothing, and says what was wrong."""

from __future__ import annotations

import json
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
from data_bags import DemoBag

from roboact_ros.cli import main
from roboact_ros.commands import convert as command
from roboact_train.data import convert as converting
from roboact_train.data.lerobot import HERTZ
from roboact_train.data.pipeline import EPISODES_PER_SHARD
from roboact_train.data.samples import Sample
from roboact_train.data.shards import shard_files
from roboact_train.data.sources import find_sources

LEFT, DOWN = "move the arm to the left by twenty centimeters", "lower the arm by five centimeters"


@pytest.fixture
def bags(tmp_path: Path) -> Path:
    for number, phrases in enumerate(((LEFT, DOWN), (DOWN,))):
        bag = DemoBag(tmp_path / "bags" / f"episode_{number}")
        bag.wait(300)
        for phrase in phrases:
            bag.do(phrase)
        bag.say("/teleop/motion", "done")
        bag.close()
    return tmp_path / "bags"


def all_samples(folder: Path) -> list[Sample]:
    return [sample for source in find_sources([folder]) for sample in source.read().samples]


@pytest.mark.parametrize("target", converting.SAMPLE_TARGETS)
def test_bags_become_each_layout(bags: Path, tmp_path: Path, target: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "deep" / "out"
    assert main(["convert", str(bags), str(out), "--to", target, "--json"]) == 0
    shown = capsys.readouterr()
    summary = json.loads(shown.out.splitlines()[-1])
    assert summary == {
        "out": str(out), "format": target, "episodes": 2, "samples": {"teleop": 5}, "skipped": {},
    }  # fmt: skip
    assert "[2/2]" in shown.err and "2 samples, 0 skipped" in shown.err
    read = all_samples(out)
    assert [s.supervision for s in read] == [LEFT, DOWN, "done", DOWN, "done"]
    assert [s.label for s in read] == [15, 18, 58, 18, 58]
    for one, other in zip(read, all_samples(bags), strict=True):
        # Shards hold JPEGs; everything else is without loss.
        assert np.abs(one.image.astype(int) - other.image).max() <= (3 if target == "webdataset" else 0)
        if target != "csv":  # which has no room for them
            assert one.stamp_ns == other.stamp_ns and one.instruction == other.instruction
            np.testing.assert_allclose(one.action, other.action, rtol=0, atol=1e-6)
            assert (one.arm is None) is (other.arm is None)
            if one.arm is not None and other.arm is not None:
                for mine, theirs in zip(astuple(one.arm), astuple(other.arm), strict=True):
                    np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-6)
    assert list(out.parent.iterdir()) == [out]


def test_layouts_become_each_other(bags: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = bags
    for target in (*converting.SAMPLE_TARGETS, "clip_rt_raw"):
        out = tmp_path / f"{target}_of_{before.name}"
        assert main(["convert", str(before), str(out), "--to", target]) == 0
        before = out
    assert "5 samples" in capsys.readouterr().out
    assert [s.label for s in all_samples(before)] == [15, 18, 58, 18, 58]


def test_one_bad_source_leaves_nothing_behind(bags: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = DemoBag(bags / "episode_2")
    bad.wait(200)
    bad.close()
    for target in converting.SAMPLE_TARGETS:
        assert main(["convert", str(bags), str(tmp_path / "out" / "x"), "--to", target]) == 2
        assert "episode_2: no motion of it can be used" in capsys.readouterr().err
        assert list((tmp_path / "out").iterdir()) == []


def test_what_cannot_be_done_is_refused(bags: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.txt").write_text("x")
    out = str(tmp_path / "new")
    refusals = [
        ([str(tmp_path / "gone"), out, "--to", "csv"], "gone does not exist"),
        ([str(tmp_path / "empty"), out, "--to", "csv"], "empty holds nothing that can be read"),
        ([str(tmp_path / "text.txt"), out, "--to", "csv"], "text.txt holds nothing that can be read"),
        ([str(bags), str(tmp_path / "empty"), "--to", "csv"], "empty exists already"),
        ([str(bags), out, "--to", "csv", "--ray"], "--ray makes shards"),
        ([str(bags), out, "--to", "csv", "--camera", "wrist"], 'camera "wrist"'),
        ([str(bags), out, "--to", "webdataset", "--episodes-per-shard", "0"], "at least 1"),
    ]
    for arguments, reason in refusals:
        assert main(["convert", *arguments]) == 2
        assert reason in capsys.readouterr().err
    assert not Path(out).exists()


def test_a_truncated_shard_is_refused_by_name(bags: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", str(bags), str(tmp_path / "shards"), "--to", "webdataset"]) == 0
    (shard,) = shard_files(tmp_path / "shards")
    shard.write_bytes(shard.read_bytes()[:3000])
    assert main(["convert", str(tmp_path / "shards"), str(tmp_path / "out"), "--to", "csv"]) == 2
    error = capsys.readouterr().err
    assert str(shard) in error and "samples before that were good" in error
    assert not (tmp_path / "out").exists()


def test_the_command_offers_what_the_library_can() -> None:
    # The command names them itself so that ``--help`` needs none of the libraries behind them.
    assert command.TARGETS == converting.TARGETS
    assert (HERTZ, EPISODES_PER_SHARD) == (3.0, 32)
