"""Evaluation: bounds, intervals, interventions, and that a policy gets images only."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import NoReturn

import cv2
import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import save_file

from roboact_ros.cli import main
from roboact_ros.errors import PolicyError
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.policies.nets.clip import clip_with_random_weights
from roboact_ros.sim.tasks.suite import TASKS, episode
from roboact_ros.sim.teacher import Teacher
from roboact_ros.types import CHUNK_AXES, ActionChunk, FloatArray, Frame, GripperState, Motion
from roboact_train.data.samples import CORRECTION, DONE_LABEL, POLICY, motion_of
from roboact_train.data.shards import read_shard, shard_files
from roboact_train.evaluate.contender import Contender, kind_of
from roboact_train.evaluate.gist import gist_of
from roboact_train.evaluate.helper import Helper, goes_along, must_not
from roboact_train.evaluate.result import Result
from roboact_train.evaluate.score import mean_success, scores, wilson
from roboact_train.evaluate.trial import Rules, Trial
from roboact_train.table import Table, View

sys.path.append(str(Path(__file__).parent.parent / "policies"))
from tiny_clip import tiny_model  # noqa: E402

SMALL = View("front", 64, 48)
RULES = Rules(view=SMALL)


def motion(words: str) -> Motion:
    return next(motion for motion in PRIMITIVES if words in motion.phrase)


def tiny_policy(folder: Path) -> str:
    network = clip_with_random_weights(tiny_model(folder), 0)
    weights = folder / "weights.safetensors"
    save_file({name: value.clone() for name, value in network.model.state_dict().items()}, weights)
    about = {"file": weights.name, "sha256": hashlib.sha256(weights.read_bytes()).hexdigest()}
    (folder / "manifest.yaml").write_text(yaml.safe_dump({"kind": "clip_rt", "weights": about}))
    return str(folder)


def test_the_teacher_does_every_task() -> None:
    results = [Trial(Contender("teacher"), task, seed, RULES).run() for task in TASKS for seed in range(1)]
    assert [(result.task, result.seed) for result in results if not result.success] == []
    assert all(0 < result.motions <= 60 for result in results)


def test_random_motions_do_nothing_useful_and_are_the_same_again() -> None:
    trials = [Trial(Contender("random"), "stack", 0, Rules(view=SMALL, motions=20)) for _ in range(2)]
    first, again = (trial.run() for trial in trials)
    assert first == again
    assert not first.success and 0 < first.motions <= 20 and first.refused > 0


def test_wilson_against_published_numbers() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I: method 3.
    for successes, episodes, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)):
        assert wilson(successes, episodes) == pytest.approx((low, high), abs=5e-5)
    assert wilson(29, 29)[1] == pytest.approx(1.0)


def test_scores_are_counted_by_task() -> None:
    results = [Result("a", 0, True, 4, 0, 0), Result("b", 0, False, 60, 10, 2), Result("a", 1, False, 6, 1, 1)]
    found = scores(results)
    assert list(found) == ["a", "b"]
    assert (found["a"].success, found["a"].episodes, found["a"].motions) == (0.5, 2, 5)
    assert (found["b"].success, found["b"].interventions) == (0.0, 2)
    assert mean_success(found) == 0.25


@pytest.mark.parametrize(
    ("said", "wanted", "bad", "along"),
    [
        ("left by ten", "left by five", False, True),
        ("right by ten", "left by five", False, False),
        ("lower the arm by ten", "lower the arm by five", True, True),
        ("lower the arm by one", "left by five", False, False),
        ("lower the arm by five", "left by five", True, False),
        ("raise the arm up by ten", "lower the arm by five", False, False),
        ("close the gripper", "lower the arm by one", True, False),
        ("open the gripper", "close the gripper", True, False),
        ("close the gripper", "close the gripper", False, True),
        ("roll arm five degrees clockwise", "left by five", True, False),
        ("left by one", "close the gripper", False, False),
    ],
)
def test_what_a_helper_thinks_of_a_motion(said: str, wanted: str, bad: bool, along: bool) -> None:
    assert must_not(motion(said), motion(wanted)) is bad
    assert goes_along(motion(said), motion(wanted)) is along


def test_the_gist_of_a_chunk_ends_where_the_gripper_changes() -> None:
    steps = np.zeros((4, 7))
    steps[:, 0], steps[:, 6] = 0.02, (1.0, 1.0, 0.0, 0.0)
    opened, closed = GripperState(1.0, False, False), GripperState(0.4, False, True)

    def gist(rows: FloatArray, gripper: GripperState) -> Motion:
        return gist_of(ActionChunk(CHUNK_AXES, rows, 100_000_000, 1), gripper)

    assert gist(steps, opened).action[0] == pytest.approx(0.06)
    assert gist(steps, closed).action[0] == pytest.approx(0.02)  # what it holds it lets go first
    steps[:, 0] = 0.0
    assert gist(steps, opened).gripper == 0.0 and gist(steps, closed).gripper == 1.0


def test_a_person_helps_a_policy_that_puts_out_chunks() -> None:
    class Astray:
        """Always goes up and a little aside."""

        def instruct(self, instruction: str) -> None:
            """Do nothing."""

        def act(self, frame: Frame) -> ActionChunk:
            return ActionChunk(
                CHUNK_AXES, np.tile([0.0, 0.004, 0.01, 0, 0, 0, 1.0], (2, 1)), 200_000_000, frame.stamp_ns
            )

    class Chunks(Contender):
        def load(self) -> None:
            """Nothing to load."""

        def at(self, table: Table) -> Astray:
            return Astray()

    alone, helped = (Trial(Chunks("x"), "point_at", 3, Rules(view=SMALL, interventions=k)).run() for k in (0, 20))
    assert not alone.success and alone.interventions == 0
    assert helped.success and 0 < helped.interventions <= 20


def test_done_too_early_is_not_waited_for() -> None:
    assert must_not(motion_of(DONE_LABEL), PRIMITIVES[0])


def test_a_helper_waits_once_and_never_helps_more_often_than_allowed() -> None:
    with Table(episode("point_at", "train", 1), SMALL) as table:
        helper = Helper(table, 2)
        wanted = Teacher(table.episode.task, table.start).next_motion(table.situation)
        assert wanted is not None and wanted.gripper is not None, "the fingers close first"
        aside = motion("to the left by one")
        answers = [helper.instead_of(aside) for _ in range(6)]
        assert answers == [None, wanted, wanted, None, None, None]
        assert helper.given == 2
        assert Helper(table, 0).instead_of(motion_of(DONE_LABEL)) is None


def test_interventions_alone_do_a_task_that_the_policy_does_not(tmp_path: Path) -> None:
    policy = Contender(tiny_policy(tmp_path / "model"), device="cpu")
    alone = Trial(policy, "point_at", 1, Rules(view=SMALL, motions=20)).run()
    helped = Trial(policy, "point_at", 1, Rules(interventions=60, view=SMALL)).run()
    assert not alone.success and alone.interventions == 0
    assert helped.success and helped.interventions > 0


def test_a_model_is_evaluated_by_the_command_and_equally_again(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    policy = tiny_policy(tmp_path / "model")
    words = ["eval", "tabletop", "--policy", policy, "--device", "cpu", "--tasks", "push", "stack", "--episodes", "2"]
    words += ["--size", "64", "48", "--motions", "8", "--json"]
    lines = []
    for processes in ("1", "2"):
        assert main([*words, "--processes", processes, "--plot", str(tmp_path / "bars.png")]) == 0
        lines.append(capsys.readouterr().out.splitlines()[-1])
    assert lines[0] == lines[1]
    report = json.loads(lines[0])
    assert list(report["tasks"]) == ["push", "stack"]
    assert report["mean"] == sum(task["success"] for task in report["tasks"].values()) / 2
    for task in report["tasks"].values():
        low, high = task["ci"]
        assert task["episodes"] == 2 and 0 <= low <= task["success"] <= high <= 1
    assert report["privileged"] is False
    picture = cv2.imread(str(tmp_path / "bars.png"))
    assert picture is not None and picture.std() > 10


@pytest.mark.parametrize(
    ("policy", "words", "processes"),
    [
        ("model", [], 1),
        ("model", ["--device", "cuda:0"], 1),
        ("model", ["--processes", "3"], 3),
        ("model", ["--device", "cpu"], 16),
        ("teacher", [], 16),
    ],
)
def test_a_model_is_on_a_gpu_once_unless_more_is_asked_for(
    policy: str, words: list[str], processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def play(trials: list[Trial], processes: int, recorded: bool) -> NoReturn:
        asked.append(processes)
        raise PolicyError("enough")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr("roboact_train.processes.cores", lambda: 16)
    monkeypatch.setattr("roboact_train.evaluate.run.play", play)
    assert main(["eval", "tabletop", "--policy", policy, "--episodes", "1", *words]) == 2
    assert asked == [processes]


def test_what_is_no_policy_is_named(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(PolicyError, match="teacher"):
        kind_of(str(tmp_path / "nothing"))
    with pytest.raises(PolicyError, match="manifest.yaml"):
        kind_of(str(tmp_path))
    assert kind_of(tiny_policy(tmp_path / "model")) == "clip_rt"
    for policy in (str(tmp_path), "teachr"):
        assert main(["eval", "tabletop", "--policy", policy, "--tasks", "push", "--episodes", "1"]) == 2
        assert policy in capsys.readouterr().err


def test_interventions_are_recorded_as_corrections(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    policy, out = tiny_policy(tmp_path / "model"), tmp_path / "corrections"
    words = ["eval", "tabletop", "--policy", policy, "--device", "cpu", "--tasks", "point_at", "--episodes", "1"]
    words += ["--motions", "8", "--size", "64", "48", "--interventions", "3", "--seed", "1", "--json"]
    words += ["--record", str(out)]
    assert main(words) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    samples = [sample for path in shard_files(out) for sample in read_shard(path)]
    assert len(samples) == report["tasks"]["point_at"]["motions"]
    corrections = [sample for sample in samples if sample.source == CORRECTION]
    assert len(corrections) == report["tasks"]["point_at"]["interventions"] == 3
    assert {sample.source for sample in samples} == {CORRECTION, POLICY}
    with Table(episode("point_at", "train", 1), SMALL) as table:
        assert corrections[0].label == PRIMITIVES.index(
            Teacher(table.episode.task, table.start).next_motion(table.start)
        )
