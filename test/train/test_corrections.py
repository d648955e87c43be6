"""What a person says while a policy drives is marked in the bag, and is what training learns from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from data_bags import ACTION, DemoBag, cdr, header
from tiny_training import colour_shard, small_model

from roboact_ros.cli import main
from roboact_train.clip_rt.corpus import read_corpus
from roboact_train.data.sources import find_sources

LEFT, DOWN = "move the arm to the left by twenty centimeters", "lower the arm by five centimeters"


def policy_run(path: Path, chunks: bool) -> Path:
    """Write a run of a policy, of motions or of chunks, that a person corrects twice."""
    bag = DemoBag(path)
    bag.wait(300)
    if chunks:
        bag.write("/policy/action_chunk", ACTION, cdr(ACTION, header=header(bag.now), joint_names=["x"], points=[]))
        bag.run("a chunk", "policy", until=0.5)
    else:
        bag.do(LEFT, "policy")
        bag.do(LEFT, "policy", until=0.5, finish=False)
    bag.do(DOWN)
    bag.do(DOWN)
    return bag.close()


@pytest.mark.parametrize("chunks", [False, True], ids=["motions", "chunks"])
def test_only_the_corrections_of_a_policy_run_are_learned(tmp_path: Path, chunks: bool) -> None:
    run = policy_run(tmp_path / "run", chunks)
    taught = DemoBag(tmp_path / "taught")
    taught.wait(300)
    taught.do(LEFT)
    taught.close()
    told: list[str] = []
    corrections = find_sources([run])
    corpus = read_corpus(find_sources([tmp_path / "taught"]), 0.0, told.append, corrections, repeats=3)
    assert corpus.counts == {"teleop": 1, "correction": 6}
    assert [s.supervision for s in corpus.train if s.source == "correction"] == [DOWN] * 6
    assert "2 corrections in 1 episodes, each counted 3 times" in told


def test_the_command_trains_on_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = policy_run(tmp_path / "run", chunks=False)
    shard = colour_shard(tmp_path / "colours.tar", count=16, episodes=2)
    words = ["train", "clip_rt", str(shard), "--corrections", str(run), "--output", str(tmp_path / "out")]
    options = ["--model", small_model(tmp_path / "small"), "--epochs", "1", "--batch", "4", "--workers", "0"]
    assert main([*words, *options, "--validation", "0", "--device", "cpu", "--json"]) == 0
    shown = capsys.readouterr()
    assert "2 corrections in 1 episodes" in shown.err
    assert json.loads(shown.out.splitlines()[-1])["steps"] >= 1
